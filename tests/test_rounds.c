// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rounds with real sockets: listeners of this process, in a place that is its own namespace, and a prober
 * whose child is here: it says what the server's first line tells it to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/daemon/rounds.h"
#include "base/netns.h"
#include "base/text.h"
#include "probe/confined/prober_child.h"
#include "probe/plan.h"

#define SERVICES_N 3

static int listeners[SERVICES_N];

/* -- the child */

static int take(int channel, struct probe_plan *plan)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { plan, sizeof(*plan) };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int fd = -1;

	if (recvmsg(channel, &message, 0) != sizeof(*plan))
		_exit(0);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void hold(int fd, const struct probe_plan *plan, struct answer *answer)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char line[64] = "";

	bool is_ready = poll(&ready, 1, 1000) == 1;
	ssize_t n = is_ready ? recv(fd, line, sizeof(line) - 1, 0) : 0;

	answer->complete = true;
	if (n <= 0)
		answer->finding = is_ready && (ready.revents & POLLERR) ? FINDING_UNREACHABLE : FINDING_NO_GREETING;
	else if (text_starts_with(line, "421"))
		answer->finding = FINDING_BUSY;
	(void)text_format(answer->detail, sizeof(answer->detail), "for %s", plan->server_name);
}

void prober_child_exec(const char *program, int channel, const char *ca_file, pid_t parent)
{
}

_Noreturn void prober_child(int channel, const char *ca_file, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (size_t i = 0; i < SERVICES_N; i++)
		close(listeners[i]); /* what the parent closes is closed */
	for (;;) {
		struct probe_plan plan;
		int fd = take(channel, &plan);
		struct probe_reply reply = { .id = plan.id };

		hold(fd, &plan, &reply.answer);
		close(fd);
		(void)send(channel, &reply, sizeof(reply), MSG_NOSIGNAL);
	}
}

/* -- the test */

static struct core *core;
static struct rounds *rounds;
static struct service_set services;
static struct inventory inventory;
static struct place_table places;
static struct config config;
static struct server_names names;
static unsigned int answers[SERVICES_N], n_silent, n_ways, awaited;
static struct answer last;

static void on_taken(const struct fact *fact, bool news, void *userdata)
{
	if (fact->kind != FACT_ANSWER)
		return;
	answers[fact->service]++;
	last = fact->answered.answer;
	if (awaited)
		awaited--;
}

static const struct core_callbacks callbacks = { .taken = on_taken };

static bool on_way(size_t place, void *userdata)
{
	n_ways++;
	return false;
}

static void on_silent(void *userdata)
{
	n_silent++;
}

static void on_troubled(const char *why, void *userdata)
{
	fail_msg("the prober is in trouble: %s", why ? why : "no more");
}

/* A listener of ours, that greets nobody by itself. */
static uint16_t listen_here(int *ret_fd)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	*ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(*ret_fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(listen(*ret_fd, 16), 0);
	return ntohs(address.sin_port);
}

static void add(size_t i)
{
	struct listener listener = { .cookie = i + 1, .netns = places.list[0].netns };
	struct service *service = service_set_add(&services);

	listener.port = listen_here(&listeners[i]);
	assert_int_equal(address_parse("127.0.0.1", &listener.address), 0);
	assert_non_null(inventory_put(&inventory, &listener));
	(void)text_format(service->name, sizeof(service->name), "s%zu", i);
	service->expected = true;
	service->want.port = listener.port;
	service->want.protocol = PROTOCOL_SMTP;
	service->want.tls = TLS_NONE;
}

static void adopt(void)
{
	struct round *prepared = rounds_prepare(rounds, &services);

	assert_non_null(prepared);
	assert_int_equal(core_adopt(core, &policy_default, &services), 0);
	rounds_take(rounds, prepared);
}

static int begin(void **state)
{
	const struct rounds_wiring wiring = { .config = &config,
					      .places = &places,
					      .names = &names,
					      .find_way = on_way,
					      .silent = on_silent,
					      .troubled = on_troubled };

	memset(answers, 0, sizeof(answers));
	memset(&places, 0, sizeof(places));
	n_silent = n_ways = 0;
	config.probe_timeout_usec = 3 * USEC_PER_SEC;
	names.n = 0;
	assert_int_equal(server_names_add(&names, "mail.example.test", 1, 0), 0);
	places.n = 1;
	assert_int_equal(netns_inode(NULL, &places.list[0].netns), 0);
	places.host_netns = places.list[0].netns;
	for (size_t i = 0; i < SERVICES_N; i++)
		add(i);
	assert_int_equal(core_new(&callbacks, NULL, &core), 0);
	assert_int_equal(rounds_new(core, &rounds_quiet, &wiring, &rounds), 0);
	adopt();
	assert_int_equal(rounds_start_prober(rounds, NULL, ""), 0);
	rounds_see(rounds, &inventory);
	return 0;
}

static int end(void **state)
{
	rounds_free(rounds);
	core_free(core);
	service_set_clear(&services);
	inventory_clear(&inventory);
	for (size_t i = 0; i < SERVICES_N; i++)
		close(listeners[i]);
	return 0;
}

/* The judge hears that service @i is served, and asks. */
static void open_round(size_t i)
{
	struct fact fact = core_fact(core, FACT_COVERAGE, i);

	fact.coverage.coverage = COVERAGE_FULL;
	assert_int_equal(core_post(core, &fact), 0);
}

static void greet(size_t i, const char *line)
{
	struct pollfd ready = { .fd = listeners[i], .events = POLLIN };
	int fd;

	/* It may have to wait its turn. */
	for (int patience = 0; patience < 500 && poll(&ready, 1, 0) != 1; patience++)
		assert_true(sd_event_run(core_event(core), 10 * USEC_PER_MSEC) >= 0);
	fd = accept(listeners[i], NULL, NULL);
	assert_true(fd >= 0);
	if (line)
		assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	close(fd);
}

static void wait_for(unsigned int n)
{
	awaited = n;
	for (int patience = 0; patience < 2000 && awaited; patience++)
		assert_true(sd_event_run(core_event(core), 10 * USEC_PER_MSEC) >= 0);
	assert_int_equal(awaited, 0);
}

static enum verdict verdict_of(size_t i)
{
	struct judge_view view;

	judge_view(core_judge(core), i, &view);
	return view.verdict;
}

static void test_an_answer(void **state)
{
	const struct answer *combined;
	const struct answers *each;

	assert_false(rounds_show(rounds, 0, &combined, &each));
	open_round(0);
	greet(0, "220 here\r\n");
	wait_for(1);
	assert_int_equal(answers[0], 1);
	assert_true(last.complete);
	assert_int_equal(last.finding, FINDING_NONE);
	assert_non_null(strstr(last.detail, "mail.example.test"));
	assert_int_equal(verdict_of(0), VERDICT_UP);
	assert_true(rounds_show(rounds, 0, &combined, &each));
	assert_int_equal(each->given, 1 << VANTAGE_INSIDE_IPV4);
	assert_int_equal(n_silent, 0);
}

static void test_silence(void **state)
{
	open_round(1);
	greet(1, NULL);
	wait_for(1);
	assert_int_equal(last.finding, FINDING_NO_GREETING);
	assert_int_equal(n_silent, 1); /* perhaps nobody accepts */
}

/* Nobody listens any more, which the judge has not heard yet. */
static void test_refused(void **state)
{
	close(listeners[2]);
	listeners[2] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	awaited = 1; /* perhaps at once */
	open_round(2);
	wait_for(awaited);
	assert_int_equal(answers[2], 1);
	assert_int_equal(last.finding, FINDING_UNREACHABLE);
	assert_int_equal(n_silent, 1);
}

/* Its answer will do for who asks meanwhile; and one that is asked again at once waits its turn. */
static void test_one_round_at_a_time(void **state)
{
	struct fact fact = core_fact(core, FACT_TICK, 0);

	open_round(0);
	for (int i = 0; i < 5; i++) {
		open_round(0); /* the sockets changed while it was asked: that answer is about others */
		assert_int_equal(core_post(core, &fact), 0);
	}
	greet(0, "220 here\r\n");
	wait_for(1);
	assert_int_equal(answers[0], 1);
	/* The pause between two conversations. */
	greet(0, "220 here\r\n");
	wait_for(1);
	assert_int_equal(answers[0], 2);
}

/* The answer is about a service of a set that is no more. */
static void test_another_set(void **state)
{
	open_round(0);
	adopt();
	greet(0, "220 here\r\n"); /* the older one */
	open_round(1);
	greet(1, "220 here\r\n");
	wait_for(1);
	assert_int_equal(answers[0], 0);
	assert_int_equal(answers[1], 1);
}

/* What the old prober was asked, the next one is asked again. */
static void test_another_prober(void **state)
{
	open_round(0);
	assert_int_equal(rounds_start_prober(rounds, NULL, ""), 0);
	greet(0, NULL); /* the connection of the one that is gone */
	greet(0, "220 here\r\n");
	wait_for(1);
	assert_int_equal(answers[0], 1);
	assert_int_equal(last.finding, FINDING_NONE);
}

/* The way to a place leads nowhere: it is looked for anew, and what cannot be asked is not known. */
static void test_no_way(void **state)
{
	(void)text_copy(places.list[0].path, sizeof(places.list[0].path), "/nonexistent");
	open_round(0);
	assert_int_equal(n_ways, 1);
	assert_int_equal(answers[0], 1);
	assert_false(last.complete);
	assert_int_equal(verdict_of(0), VERDICT_UNKNOWN);
}

static void test_nobody_sees(void **state)
{
	rounds_see(rounds, NULL);
	open_round(0);
	assert_int_equal(answers[0], 1);
	assert_false(last.complete);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_answer, begin, end),
		cmocka_unit_test_setup_teardown(test_silence, begin, end),
		cmocka_unit_test_setup_teardown(test_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_one_round_at_a_time, begin, end),
		cmocka_unit_test_setup_teardown(test_another_set, begin, end),
		cmocka_unit_test_setup_teardown(test_another_prober, begin, end),
		cmocka_unit_test_setup_teardown(test_no_way, begin, end),
		cmocka_unit_test_setup_teardown(test_nobody_sees, begin, end),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
