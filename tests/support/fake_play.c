// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/fake_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct fake_certificate fake_certificates[WHICH_COUNT];
static struct fake_certificate ca, old_ca, strange_ca;
struct tls_store *fake_store;
char fake_ca_file[] = "/tmp/hearken-test-ca-XXXXXX";

/* Carries bytes between the two until the conversation is done. */
static void play(struct conversation *c, struct fake_server *server, size_t piece, uint64_t now)
{
	char bytes[4096];

	conversation_connected(c, ++now);
	while (!conversation_is_done(c)) {
		const void *output;
		bool moved = false;
		size_t n;
		int r;

		while ((output = conversation_output(c, &n)) && n > 0) {
			n = n < piece ? n : piece;
			must(BIO_write(server->in, output, (int)n) == (int)n);
			conversation_sent(c, n);
			moved = true;
		}
		fake_server_run(server);
		r = BIO_read(server->out, bytes, (int)piece);
		if (r > 0)
			conversation_receive(c, bytes, (size_t)r, ++now);
		else if (server->closed)
			conversation_eof(c, ++now);
		else if (!moved)
			conversation_timeout(c, conversation_deadline(c));
	}
}

struct probe_plan fake_plan(enum protocol protocol, enum tls_mode tls)
{
	struct probe_plan plan = {
		.id = 1,
		.protocol = protocol,
		.tls = tls,
		.timeout_usec = TIMEOUT_USEC,
		.certificate_warn_usec = 14 * (uint64_t)FAKE_DAY * USEC_PER_SEC,
		.server_name = HOST,
		.helo_name = "me.example",
	};

	(void)text_copy(plan.ca_file, sizeof(plan.ca_file), fake_ca_file);
	return plan;
}

void converse(const struct probe_plan *plan, struct fake_server *server, size_t piece, struct answer *ret)
{
	struct conversation *c;

	assert_int_equal(conversation_new(&c, plan, fake_store, 0, FAKE_NOW), 0);
	play(c, server, piece, 0);
	*ret = *conversation_answer(c);
	conversation_free(c);
	fake_server_clear(server);
}

static void make_certificates(void)
{
	const int64_t day = FAKE_DAY, now = FAKE_NOW;
	const char *host = "DNS:" HOST;

	ca = fake_certify(NULL, "Root", NULL, 0, now + 999 * day);
	old_ca = fake_certify(NULL, "Old Root", NULL, 0, now - day);
	strange_ca = fake_certify(NULL, "Strange Root", NULL, 0, now + 999 * day);
	fake_certificates[GOOD] = fake_certify(&ca, HOST, host, now - day, now + 90 * day);
	fake_certificates[EXPIRED] = fake_certify(&ca, HOST, host, now - 90 * day, now - 1);
	fake_certificates[NOT_YET] = fake_certify(&ca, HOST, host, now + 1, now + 90 * day);
	fake_certificates[WRONG_HOST] = fake_certify(&ca, "other.example.test", "DNS:other.example.test,IP:192.0.2.9",
						     now - day, now + 90 * day);
	fake_certificates[SELF_SIGNED] = fake_certify(NULL, HOST, host, now - day, now + 90 * day);
	fake_certificates[STRANGER] = fake_certify(&strange_ca, HOST, host, now - day, now + 90 * day);
	fake_certificates[SOON] = fake_certify(&ca, HOST, host, now - day, now + 3 * day);
	fake_certificates[BY_ADDRESS] =
		fake_certify(&ca, HOST, "IP:192.0.2.1,IP:2001:db8::1", now - day, now + 90 * day);
	fake_certificates[EXPIRED_CA] = fake_certify(&old_ca, HOST, host, now - day, now + 90 * day);
}

int fake_play_set_up(void **state)
{
	int fd = mkstemp(fake_ca_file);
	FILE *file = fdopen(fd, "w");

	make_certificates();
	must(file && PEM_write_X509(file, ca.x509) && PEM_write_X509(file, old_ca.x509) && fclose(file) == 0);
	return tls_store_new(&fake_store);
}

int fake_play_tear_down(void **state)
{
	tls_store_free(fake_store);
	for (size_t i = 0; i < WHICH_COUNT; i++)
		fake_certificate_clear(&fake_certificates[i]);
	fake_certificate_clear(&ca);
	fake_certificate_clear(&old_ca);
	fake_certificate_clear(&strange_ca);
	return unlink(fake_ca_file);
}
