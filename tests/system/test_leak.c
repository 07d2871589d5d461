// SPDX-License-Identifier: LGPL-2.1-or-later
/* Many thousand probes, good ones and those that are cut off anywhere: at the end neither side of
 * the prober holds a descriptor or a byte more than after the first thousand. HEARKEN_PROBES says
 * how many (2,000). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/socket_server.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "probe/confined/prober.h"
#include "probe/confined/prober_child.h"

#define AT_ONCE		16
#define CUT_EACH	5
#define WARM_UP		1000 /* arenas and caches have grown to what they need */
#define RSS_SLACK_BYTES (384 * 1024)
#define SCRIPT                                                                                \
	"S:220 mail ready\nC:EHLO me.example\nS:250-mail\nS:250 STARTTLS\nC:STARTTLS\nS:220 " \
	"go\nTLS\n"                                                                           \
	"C:EHLO me.example\nS:250-mail\nS:250 AUTH PLAIN\nC:QUIT\nS:221 bye\nEOF"

struct run {
	sd_event *event;
	struct prober *prober;
	struct socket_server server;
	struct probe_plan plan;
	uint64_t asked, answered, good, bad, unknown;
	struct answer unknown_answer;
};

struct usage {
	size_t files, child_files;
	size_t bytes;
	size_t child_rss;
};

static void on_answered(uint64_t id, const struct answer *answer, void *userdata)
{
	struct run *run = userdata;

	run->answered++;
	if (!answer->complete) {
		run->unknown++;
		run->unknown_answer = *answer;
	} else if (answer->finding == FINDING_NONE) {
		run->good++;
	} else {
		run->bad++;
	}
}

static void on_troubled(const char *why, void *userdata)
{
	fail_msg("%s", why ? why : "well again");
}

static const struct prober_callbacks callbacks = { .answered = on_answered, .troubled = on_troubled };

static size_t count_files(pid_t pid)
{
	char path[64];
	size_t n = 0;
	DIR *directory;

	(void)text_format(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	assert_non_null(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

static size_t rss_of(pid_t pid)
{
	unsigned long total, resident;
	char path[64];
	FILE *file;

	(void)text_format(path, sizeof(path), "/proc/%d/statm", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu %lu", &total, &resident), 2);
	fclose(file);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static struct usage measure(struct run *run)
{
	pid_t child = prober_pid(run->prober);

	return (struct usage){
		.files = count_files(getpid()),
		.child_files = count_files(child),
		.bytes = mallinfo2().uordblks,
		.child_rss = rss_of(child),
	};
}

static void probe_until(struct run *run, uint64_t total)
{
	while (run->answered < total) {
		while (run->asked < total && run->asked - run->answered < AT_ONCE) {
			run->plan.id = ++run->asked;
			assert_int_equal(prober_ask(run->prober, &run->plan, socket_server_reach(&run->server)), 0);
		}
		assert_true(sd_event_run(run->event, 30 * USEC_PER_SEC) >= 0);
	}
}

static void test_leak(void **state)
{
	const char *wanted = getenv("HEARKEN_PROBES");
	uint64_t probes = wanted ? strtoull(wanted, NULL, 10) : 2000;
	int64_t now = time(NULL);
	struct fake_certificate ca = fake_certify(NULL, "Root", NULL, now - FAKE_DAY, now + 365 * FAKE_DAY);
	struct fake_certificate good =
		fake_certify(&ca, "mail.example.test", "DNS:mail.example.test", now - FAKE_DAY, now + 90 * FAKE_DAY);
	char path[] = "/tmp/hearken-test-leak-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	struct run run = { .plan = { .protocol = PROTOCOL_SUBMISSION,
				     .tls = TLS_STARTTLS,
				     .server_name = "mail.example.test",
				     .helo_name = "me.example" } };
	struct usage before, after;
	pid_t child;

	if (geteuid() != 0)
		skip(); /* what the prober has open is seen by root alone */
	PEM_write_X509(file, ca.x509);
	fclose(file);
	(void)text_copy(run.plan.ca_file, sizeof(run.plan.ca_file), path);
	socket_server_open(&run.server, 3, SCRIPT, &good, CUT_EACH);
	assert_int_equal(sd_event_new(&run.event), 0);
	assert_int_equal(
		prober_start(&run.prober, run.event, PROBER_SELF, path, &prober_patience_default, &callbacks, &run), 0);
	child = prober_pid(run.prober);

	probe_until(&run, WARM_UP);
	before = measure(&run);
	probe_until(&run, WARM_UP + probes);
	after = measure(&run);
	print_message("# %" PRIu64 " probes: %" PRIu64 " good, %" PRIu64
		      " cut off; files %zu and %zu, %+ld bytes here, RSS there "
		      "%zu kB, %+ld kB\n",
		      probes, run.good, run.bad, after.files, after.child_files, (long)after.bytes - (long)before.bytes,
		      after.child_rss / 1024, ((long)after.child_rss - (long)before.child_rss) / 1024);
	if (run.unknown)
		fail_msg("%" PRIu64 " unknown: %s", run.unknown, run.unknown_answer.detail);
	assert_in_range(run.bad, probes / (2 * CUT_EACH), probes / 2); /* else the cuts are not what they should be */
	assert_int_equal(prober_pid(run.prober), child);
	assert_int_equal(after.files, before.files);
	assert_int_equal(after.child_files, before.child_files);
	assert_true(after.bytes <= before.bytes + 1024);
	assert_true(after.child_rss <= before.child_rss + RSS_SLACK_BYTES);

	prober_free(run.prober);
	sd_event_unref(run.event);
	socket_server_close(&run.server);
	unlink(path);
	fake_certificate_clear(&good);
	fake_certificate_clear(&ca);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_leak) };

	prober_child_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
