/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Real handshakes of our TLS with an OpenSSL server in memory. The test's group runs
 * handshake_set_up() and handshake_tear_down(). */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include <openssl/ssl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/tls/inspect.h"
#include "tests/support/pki.h"

#define HOST "mail.example.test"

enum which {
	ROOT,
	INTER,
	GOOD,
	BY_RSA,
	ED25519,
	WEAK,
	BY_SHA1,
	CN_ONLY,
	STAR,
	STAR_STAR,
	PARTIAL_STAR,
	TOP_STAR,
	BY_IP,
	EXPIRED,
	NOT_YET,
	WRONG,
	SELF,
	SELF_EXPIRED,
	SELF_WRONG,
	STAPLED,
	SOON,
	OLD_INTER,
	BEHIND_OLD,
	OTHER_ROOT,
	STRANGER,
	WHICH_COUNT
};

extern struct pki_certificate handshake_certificates[WHICH_COUNT];
extern char handshake_ca_file[];
extern struct tls_store *handshake_store;

/* ---- a server ---- */

struct tls_server {
	enum which which;
	bool alone; /* sends no intermediate certificate */
	int min_version, max_version, level;
	const char *ciphers, *ciphersuites, *groups;
	int verify; /* SSL_VERIFY_* */
	unsigned char *staple;
	int staple_n;
};

struct outcome {
	struct answer answer;
	bool done;
	enum finding failure;
	char reason[TLS_DETAIL_SIZE];
	ssize_t read; /* what the first read inside brings */
	bool wants_certificate;
};

void shake_hands(struct tls_server *server, const struct probe_plan *plan, struct outcome *ret);

struct probe_plan handshake_plan(const char *server_name, enum protocol protocol);

void handshake_expect(const char *why, const struct outcome *outcome, enum finding finding, const char *detail);

int handshake_set_up(void **state);

int handshake_tear_down(void **state);

#endif
