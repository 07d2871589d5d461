// SPDX-License-Identifier: LGPL-2.1-or-later
/* The real prober, forked and in its sandbox, talks TLS with a server of ours; ends when it is told
 * nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/confined/prober.h"
#include "probe/confined/prober_child.h"
#include "tests/support/socket_server.h"

#define SCRIPT                                                                                \
	"S:220 mail ready\nC:EHLO me.example\nS:250-mail\nS:250 STARTTLS\nC:STARTTLS\nS:220 " \
	"go\nTLS\n"                                                                           \
	"C:EHLO me.example\nS:250-mail\nS:250 AUTH PLAIN\nC:QUIT\nS:221 bye\nEOF"

struct seen {
	sd_event *event;
	struct prober *prober;
	unsigned int answers;
	struct answer last;
};

static struct fake_certificate ca, good;
static char ca_file[] = "/tmp/hearken-test-prober-XXXXXX";
static struct socket_server server;

static void on_answered(uint64_t id, const struct answer *answer, void *userdata)
{
	struct seen *seen = userdata;

	seen->answers++;
	seen->last = *answer;
}

static void on_troubled(const char *why, void *userdata)
{
}

static const struct prober_callbacks callbacks = { .answered = on_answered, .troubled = on_troubled };

static int set_up(void **state)
{
	int64_t now = time(NULL);
	FILE *file = fdopen(mkstemp(ca_file), "w");

	ca = fake_certify(NULL, "Root", NULL, now - FAKE_DAY, now + 365 * FAKE_DAY);
	good = fake_certify(&ca, "mail.example.test", "DNS:mail.example.test", now - FAKE_DAY, now + 90 * FAKE_DAY);
	PEM_write_X509(file, ca.x509);
	fclose(file);
	socket_server_open(&server, 1, SCRIPT, &good, 0);
	return 0;
}

static int tear_down(void **state)
{
	socket_server_close(&server);
	unlink(ca_file);
	fake_certificate_clear(&good);
	fake_certificate_clear(&ca);
	return 0;
}

static void open_prober(struct seen *seen, const char *file)
{
	memset(seen, 0, sizeof(*seen));
	assert_int_equal(sd_event_new(&seen->event), 0);
	assert_int_equal(
		prober_start(&seen->prober, seen->event, PROBER_SELF, file, &prober_patience_default, &callbacks, seen),
		0);
}

static void close_prober(struct seen *seen)
{
	prober_free(seen->prober);
	sd_event_unref(seen->event);
}

static struct probe_plan make_plan(uint64_t id)
{
	struct probe_plan plan = { .id = id,
				   .protocol = PROTOCOL_SUBMISSION,
				   .tls = TLS_STARTTLS,
				   .server_name = "mail.example.test",
				   .helo_name = "me.example" };

	(void)text_copy(plan.ca_file, sizeof(plan.ca_file), ca_file);
	return plan;
}

static void wait_for(struct seen *seen, unsigned int answers)
{
	for (int i = 0; i < 1000 && seen->answers < answers; i++)
		assert_true(sd_event_run(seen->event, 10 * USEC_PER_MSEC) >= 0);
	assert_int_equal(seen->answers, answers);
}

static void test_conversations(void **state)
{
	struct seen seen;
	pid_t first;

	open_prober(&seen, ca_file);
	first = prober_pid(seen.prober);
	for (unsigned int i = 1; i <= 30; i++) {
		struct probe_plan plan = make_plan(i);

		assert_int_equal(prober_ask(seen.prober, &plan, socket_server_reach(&server)), 0);
		if (i % 3 == 0) /* three at a time */
			wait_for(&seen, i);
	}
	if (!seen.last.complete || seen.last.finding != FINDING_NONE)
		fail_msg("%d %s: %s", seen.last.complete, finding_name(seen.last.finding), seen.last.detail);
	assert_string_equal(seen.last.subject, "CN=mail.example.test");
	assert_int_equal(prober_pid(seen.prober), first);
	close_prober(&seen);
}

static char *read_status(pid_t pid, const char *key, char line[static 256])
{
	char path[64];
	FILE *file;

	(void)text_format(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, 256, file))
		if (text_starts_with(line, key) && line[strlen(key)] == ':') {
			fclose(file);
			return text_trim(line + strlen(key) + 1);
		}
	fail_msg("%s has no %s", path, key);
	return NULL;
}

/* The child that talks is the one in the sandbox. */
static void test_is_confined(void **state)
{
	static const char *const keys[][2] = {
		{ "Seccomp", "2" },
		{ "NoNewPrivs", "1" },
		{ "CapEff", "0000000000000000" },
		{ "CapPrm", "0000000000000000" },
		{ "CapAmb", "0000000000000000" },
	};
	struct probe_plan plan = make_plan(1);
	struct seen seen;
	char line[256];

	open_prober(&seen, ca_file);
	assert_int_equal(prober_ask(seen.prober, &plan, socket_server_reach(&server)), 0);
	wait_for(&seen, 1);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_string_equal(read_status(prober_pid(seen.prober), keys[i][0], line), keys[i][1]);
	close_prober(&seen);
}

/* A plan that makes no sense is refused for itself; the child goes on. */
static void test_bad_plans(void **state)
{
	struct seen seen;
	struct probe_plan plans[5];
	pid_t first;

	open_prober(&seen, ca_file);
	first = prober_pid(seen.prober);
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
		plans[i] = make_plan(i);
	plans[0].protocol = (enum protocol)99;
	plans[1].tls = (enum tls_mode) - 1;
	plans[2].proxy_header = (enum proxy_header)7;
	memset(plans[3].helo_name, 'x', sizeof(plans[3].helo_name));
	(void)text_copy(plans[4].server_name, sizeof(plans[4].server_name), "a\r\nQUIT");
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		assert_int_equal(prober_ask(seen.prober, &plans[i], socket_server_reach(&server)), 0);
		wait_for(&seen, (unsigned int)i + 1);
		assert_false(seen.last.complete);
		assert_string_equal(seen.last.detail, strerror(EINVAL));
	}
	assert_int_equal(prober_pid(seen.prober), first);
	close_prober(&seen);
}

static void send_with_file(int channel, const void *bytes, size_t n)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = n };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd = STDERR_FILENO;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	assert_int_equal(sendmsg(channel, &message, 0), n);
}

/* A message of another size, or without a descriptor, is nobody's plan: the child ends rather than
 * guess. */
static void test_bad_message(void **state)
{
	struct probe_plan plan = make_plan(1);
	int pair[2], status;
	pid_t pid, parent = getpid();

	for (int how = 0; how < 3; how++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
		pid = fork();
		if (pid == 0)
			prober_child(pair[1], ca_file, parent);
		close(pair[1]);
		if (how == 0)
			assert_int_equal(send(pair[0], "nonsense", 8, 0), 8);
		else if (how == 1)
			assert_int_equal(send(pair[0], &plan, sizeof(plan), 0), sizeof(plan));
		else
			send_with_file(pair[0], &plan, sizeof(plan) - 1);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_FAILURE)
			fail_msg("message %d: status %#x", how, status);
		close(pair[0]);
	}
}

/* When the daemon goes, so does the child. */
static void test_end(void **state)
{
	int pair[2], status;
	pid_t pid, parent = getpid();

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	if (pid == 0)
		prober_child(pair[1], ca_file, parent);
	close(pair[1]);
	close(pair[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversations), cmocka_unit_test(test_is_confined),
		cmocka_unit_test(test_bad_plans),     cmocka_unit_test(test_bad_message),
		cmocka_unit_test(test_end),
	};

	prober_child_main(argc, argv);
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
