// SPDX-License-Identifier: LGPL-2.1-or-later
/* Kinds of sockets and of holders, in a network namespace of our own: which addresses the kernel really
 * takes clients to, MPTCP, and names that hurt. Needs root and BPF; skips with the reason. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "base/text.h"
#include "judge/match.h"
#include "observe/kernel/observer.h"
#include "holder.h"
#include "patience.h"

#define SEEN_MAX 64
#define PATIENCE 2000 /* ms an event may take unless HEARKEN_PATIENCE_MS says */
#define PORT	 587

struct seen {
	enum listener_change_kind kind;
	struct listener listener;
};

static struct observer *observer;
static struct seen seen[SEEN_MAX];
static size_t n_seen;
static uint32_t own_netns;

static void on_change(const struct listener_change *change, void *userdata)
{
	if (change->listener->netns != own_netns)
		return; /* somebody else's, on a machine that is in use */
	seen[n_seen % SEEN_MAX] = (struct seen){ change->kind, *change->listener };
	n_seen++;
}

static struct seen *await(enum listener_change_kind kind, uint16_t port)
{
	struct pollfd pfd = { .fd = observer_fd(observer), .events = POLLIN };
	int patience = patience_ms(PATIENCE);

	for (int64_t end = patience_now_ms() + patience; patience_now_ms() < end;) {
		for (size_t i = 0; i < n_seen && i < SEEN_MAX; i++)
			if (seen[i].kind == kind && seen[i].listener.port == port)
				return &seen[i];
		poll(&pfd, 1, 20);
		assert_int_equal(observer_consume(observer), 0);
	}
	fail_msg("no %s of port %u within %d ms", kind == LISTENER_OPENED ? "opening" : "closing", port, patience);
	return NULL;
}

static void await_none(enum listener_change_kind kind, uint16_t port)
{
	struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };

	nanosleep(&pause, NULL);
	assert_int_equal(observer_consume(observer), 0);
	for (size_t i = 0; i < n_seen && i < SEEN_MAX; i++)
		if (seen[i].kind == kind && seen[i].listener.port == port)
			fail_msg("an event of port %u that nobody caused", port);
}

static size_t count_listening(uint16_t port)
{
	const struct inventory *inventory = observer_inventory(observer);
	size_t n = 0;

	for (size_t i = 0; i < inventory->n; i++)
		n += inventory->list[i]->port == port && inventory->list[i]->netns == own_netns;
	return n;
}

static int forget(void **state)
{
	assert_int_equal(observer_consume(observer), 0);
	n_seen = 0;
	return 0;
}

struct kind { /* of a listening socket */
	const char *address;
	bool v6only, reuse, mptcp;
};

static int listen_as(const struct kind *kind)
{
	int one = 1, v6only = kind->v6only, fd;
	struct sockaddr_storage at;
	struct address address;
	socklen_t size;

	assert_int_equal(address_parse(kind->address, &address), 0);
	size = address_to_sockaddr(&address, PORT, &at);
	fd = socket(address.family, SOCK_STREAM | SOCK_CLOEXEC, kind->mptcp ? IPPROTO_MPTCP : IPPROTO_TCP);
	if (fd < 0)
		return -1; /* no MPTCP here */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (kind->reuse)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (address.family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fd, 17), 0);
	return fd;
}

static bool connects_to(const struct address *address)
{
	struct sockaddr_storage to;
	socklen_t size = address_to_sockaddr(address, PORT, &to);
	int fd = socket(address->family, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	r = connect(fd, (struct sockaddr *)&to, size);
	close(fd);
	return r == 0;
}

/* What the judge says is covered is what a client reaches, and nothing else. */
static void test_coverage_is_what_the_kernel_does(void **state)
{
	static const char *const wanted[] = { "127.0.0.1", "127.0.0.2", "::1" };
	static const struct {
		const char *why;
		struct kind kinds[3];
	} rows[] = {
		{ "v4", { { .address = "0.0.0.0" } } },
		{ "dual stack", { { .address = "::" } } },
		{ "v6only", { { .address = "::", .v6only = true } } },
		{ "both families", { { .address = "0.0.0.0" }, { .address = "::", .v6only = true } } },
		{ "one v4 address", { { .address = "127.0.0.1" } } },
		{ "one v6 address", { { .address = "::1" } } },
		{ "one of each", { { .address = "127.0.0.2" }, { .address = "::1" } } },
		{ "a v4 address on a v6 socket", { { .address = "::ffff:127.0.0.1" } } },
		{ "all v4 on a v6 socket", { { .address = "::ffff:0.0.0.0" } } },
		{ "an address beside the wildcard",
		  { { .address = "127.0.0.1", .reuse = true }, { .address = "::", .reuse = true } } },
		{ "a group",
		  { { .address = "0.0.0.0", .reuse = true },
		    { .address = "0.0.0.0", .reuse = true },
		    { .address = "::1" } } },
		{ "a dual-stack group", { { .address = "::", .reuse = true }, { .address = "::", .reuse = true } } },
		{ "MPTCP, v4", { { .address = "0.0.0.0", .mptcp = true } } },
		{ "MPTCP, dual stack", { { .address = "::", .mptcp = true } } },
		{ "MPTCP, v6only", { { .address = "::", .mptcp = true, .v6only = true } } },
		{ "MPTCP, one address", { { .address = "127.0.0.1", .mptcp = true } } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct inventory *inventory = observer_inventory(observer);
		struct service service = { .want.port = PORT, .want.n_addresses = 1 };
		size_t n = 0;
		int fds[3];

		for (; n < 3 && rows[i].kinds[n].address; n++) {
			fds[n] = listen_as(&rows[i].kinds[n]);
			if (fds[n] < 0)
				break;
		}
		for (int tries = 0; tries < 100 && count_listening(PORT) < n; tries++) {
			nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
			assert_int_equal(observer_consume(observer), 0);
		}
		if (n != count_listening(PORT))
			fail_msg("%s: %zu sockets, %zu listeners", rows[i].why, n, count_listening(PORT));
		for (size_t k = 0; n && k < ARRAY_SIZE(wanted); k++) {
			struct address *address = &service.want.addresses[0];
			char detail[FACT_DETAIL_SIZE];
			enum coverage coverage;

			assert_int_equal(address_parse(wanted[k], address), 0);
			coverage = match_service(&service, own_netns, inventory->list, inventory->n, detail);
			if ((coverage == COVERAGE_FULL) != connects_to(address))
				fail_msg("%s: a client to %s, and we say \"%s\"", rows[i].why, wanted[k], detail);
		}
		while (n-- > 0)
			close(fds[n]);
		for (int tries = 0; tries < 100 && count_listening(PORT) > 0; tries++) {
			nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
			assert_int_equal(observer_consume(observer), 0);
		}
	}
}

/* Two sockets to the kernel, one listener to everybody else, by events and by a snapshot alike. */
static void test_mptcp(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP), gate, client;
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(587),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct listener *known;
	struct seen *opened;
	uint64_t cookie;
	pid_t pid;

	if (fd < 0)
		skip(); /* no MPTCP here */
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 17), 0);
	opened = await(LISTENER_OPENED, 587);
	cookie = opened->listener.cookie;
	assert_int_equal(observer_consume(observer), 0);
	assert_int_equal(n_seen, 1);
	assert_int_equal(opened->listener.address.bytes[0], 127);
	pid = fork_holder(&gate, NULL);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
	assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof(at)), 0);
	n_seen = 0;
	assert_int_equal(observer_snapshot(observer), 0);
	assert_int_equal(n_seen, 0); /* nothing that it did not know */
	assert_int_equal(count_listening(587), 1);
	known = inventory_find(observer_inventory(observer), cookie);
	assert_non_null(known);
	assert_int_equal(known->n_holders, 2);
	for (int i = 0; i < 100 && known->queued == 0; i++) { /* the last ACK may still be on its way */
		nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
		assert_int_equal(observer_snapshot(observer), 0);
	}
	assert_int_equal(known->queued, 1);
	assert_int_equal(known->backlog, 17);
	close(client);
	close(fd);
	await_none(LISTENER_CLOSED, 587);
	close(gate);
	assert_int_equal(await(LISTENER_CLOSED, 587)->listener.cookie, cookie);
	waitpid(pid, NULL, 0);
}

static void test_mptcp_from_before(void **state)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(110) };
	struct observer *late = NULL, *early = observer;
	const uint16_t port = 110;

	if (fd < 0)
		skip();
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 17), 0);
	assert_int_equal(observer_new(on_change, NULL, &late), 0);
	observer_watch(late, &port, 1);
	n_seen = 0;
	observer = late;
	assert_int_equal(observer_snapshot(late), 0);
	assert_int_equal(count_listening(110), 1);
	assert_int_equal(seen[0].listener.address.family, AF_INET6);
	assert_false(seen[0].listener.v6only);
	assert_int_equal(seen[0].listener.holders[0].pid, getpid());
	close(fd);
	await(LISTENER_CLOSED, 110);
	observer_free(late);
	observer = early;
}

/* A command is what its process says: blanks, line ends, quotes, bytes that are no text. */
static void test_names_that_hurt(void **state)
{
	static const struct kind kind = { .address = "127.0.0.1" };
	static const char *const commands[][2] = {
		{ "a b\tc", "a b?c" },
		{ "a\nb\rc", "a?b?c" },
		{ "\"q\\'{}\"", "\"q\\'{}\"" },
		{ "\xff\xfe\xc3", "???" },
		{ "\x1b[31mred", "?[31mred" },
		{ "0123456789abcde", "0123456789abcde" },
		{ "0123456789abc\xc3\xa9", "0123456789abc\xc3\xa9" },
		{ "0123456789abcd\xc3\xa9", "0123456789abcd?" }, /* cut within a character */
		{ ") R 1 1", ") R 1 1" },
		{ "", "" },
	};
	char before[16];

	prctl(PR_GET_NAME, before);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *command;
		int fd;

		forget(NULL);
		prctl(PR_SET_NAME, commands[i][0]);
		fd = listen_as(&kind);
		command = await(LISTENER_OPENED, PORT)->listener.holders[0].command;
		if (strcmp(command, commands[i][1]) != 0)
			fail_msg("row %zu: \"%s\"", i, command);
		close(fd);
		await(LISTENER_CLOSED, PORT);
	}
	prctl(PR_SET_NAME, before);
}

/* Makes a group of our own in the hierarchy that @mounted names in /proc/self/mountinfo. */
static bool make_cgroup(const char *mounted, char *to, size_t size)
{
	char line[4096], where[4096];
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	bool found = false;

	while (mounts && !found && fgets(line, sizeof(line), mounts))
		found = strstr(line, mounted) && sscanf(line, "%*s %*s %*s %*s %4095s", where) == 1;
	if (mounts)
		fclose(mounts);
	return found && text_format(to, size, "%s/hearken-test-%d", where, getpid()) >= 0 && mkdir(to, 0755) == 0;
}

/* A process in a cgroup of that name listens, and is gone before anybody asks whose it was. */
static void test_owners_of_the_dead(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	static const struct {
		const char *name, *unit, *container;
	} rows[] = {
		{ "dovecot.service", "dovecot.service", "" },
		{ "docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope", "", id },
		{ "lxc.payload.mail", "", "mail" },
		{ "a \"b\"\t\\.service", "a \"b\"?\\.service", "" }, /* '\n' alone is not allowed */
		{ "\xff\xfe.service", "??.service", "" },
		{ "_memory.service", "memory.service", "" },
	};
	static const struct kind kind = { .address = "127.0.0.1" };
	char top[256], path[512], procs[600];

	if (!make_cgroup(" - cgroup2 ", top, sizeof(top))) {
		print_message("no cgroup2 hierarchy to write to (%s)\n", strerror(errno));
		skip();
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seen *opened, *closed;
		pid_t pid;

		forget(NULL);
		(void)text_format(path, sizeof(path), "%s/%s", top, rows[i].name);
		assert_int_equal(mkdir(path, 0755), 0);
		(void)text_format(procs, sizeof(procs), "%s/cgroup.procs", path);
		pid = fork();
		if (pid == 0) {
			int fd = open(procs, O_WRONLY);

			if (write(fd, "0", 1) != 1)
				_exit(1);
			_exit(listen_as(&kind) < 0);
		}
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		/* Both events still wait in the ring. */
		opened = await(LISTENER_OPENED, PORT);
		closed = await(LISTENER_CLOSED, PORT);
		if (strcmp(opened->listener.unit, rows[i].unit) != 0 ||
		    strcmp(opened->listener.container, rows[i].container) != 0 ||
		    strcmp(closed->listener.unit, rows[i].unit) != 0)
			fail_msg("%s: unit \"%s\", container \"%s\"", rows[i].name, opened->listener.unit,
				 opened->listener.container);
		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(rmdir(top), 0);
}

/* Opened here, held on there: whose it is follows, at the next look. */
static void test_owner_that_hands_over(void **state)
{
	static const struct kind kind = { .address = "127.0.0.1" };
	char top[256], path[512], procs[600];
	const struct listener *known;
	uint64_t cookie;
	int fd, gate;
	pid_t pid;

	if (!make_cgroup(" - cgroup2 ", top, sizeof(top)))
		skip();
	(void)text_format(path, sizeof(path), "%s/heir.service", top);
	assert_int_equal(mkdir(path, 0755), 0);
	(void)text_format(procs, sizeof(procs), "%s/cgroup.procs", path);
	fd = listen_as(&kind);
	cookie = await(LISTENER_OPENED, PORT)->listener.cookie;
	pid = fork_holder(&gate, procs);
	close(fd);
	assert_int_equal(observer_snapshot(observer), 0);
	known = inventory_find(observer_inventory(observer), cookie);
	assert_non_null(known);
	assert_string_equal(known->unit, "heir.service");
	close(gate);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_string_equal(await(LISTENER_CLOSED, PORT)->listener.unit, "heir.service");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(top), 0);
}

/* Version 1 beside version 2: the container exists in the first alone, and in the other its processes are
 * where the runtime's daemon is. */
static void test_hybrid(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	static const struct kind kind = { .address = "127.0.0.1" };
	char v2[256], v1[256], paths[2][512], procs[2][600];
	int gate, fd;
	pid_t pid;

	if (!make_cgroup(" - cgroup2 ", v2, sizeof(v2)))
		skip();
	if (!make_cgroup("name=systemd", v1, sizeof(v1))) {
		print_message("no hierarchy of version 1\n");
		rmdir(v2);
		skip();
	}
	(void)text_format(paths[0], sizeof(paths[0]), "%s/containerd.service", v2);
	(void)text_format(paths[1], sizeof(paths[1]), "%s/%s", v1, id);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(mkdir(paths[i], 0755), 0);
		(void)text_format(procs[i], sizeof(procs[i]), "%s/cgroup.procs", paths[i]);
	}
	fd = listen_as(&kind);
	await(LISTENER_OPENED, PORT);
	pid = fork_holder(&gate, procs[0]);
	close(fd);
	(void)text_format(paths[0], sizeof(paths[0]), "echo %d >%s", pid, procs[1]);
	assert_int_equal(system(paths[0]), 0);
	assert_int_equal(observer_snapshot(observer), 0);
	close(gate);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_string_equal(await(LISTENER_CLOSED, PORT)->listener.container, id);
	assert_string_equal(await(LISTENER_CLOSED, PORT)->listener.unit, "");
	(void)text_format(paths[0], sizeof(paths[0]), "%s/containerd.service", v2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(rmdir(paths[i]), 0);
	assert_int_equal(rmdir(v1), 0);
	assert_int_equal(rmdir(v2), 0);
}

static int start(void **state)
{
	static const uint16_t ports[] = { 110, PORT };
	struct stat st;

	if (system("ip link set lo up") != 0)
		return -1;
	stat("/proc/self/ns/net", &st);
	own_netns = (uint32_t)st.st_ino;
	observer_watch(observer, ports, ARRAY_SIZE(ports));
	return observer_snapshot(observer);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_coverage_is_what_the_kernel_does, forget),
		cmocka_unit_test_setup(test_mptcp, forget),
		cmocka_unit_test_setup(test_mptcp_from_before, forget),
		cmocka_unit_test_setup(test_names_that_hurt, forget),
		cmocka_unit_test_setup(test_owners_of_the_dead, forget),
		cmocka_unit_test_setup(test_owner_that_hands_over, forget),
		cmocka_unit_test_setup(test_hybrid, forget),
	};
	int r;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		printf("# SKIP sockets: no network namespace of our own (%s)\n", strerror(errno));
		return 77;
	}
	r = observer_new(on_change, NULL, &observer);
	if (r < 0) {
		printf("# SKIP sockets: BPF cannot be used here (%s)\n", strerror(-r));
		return 77;
	}
	r = cmocka_run_group_tests_name("sockets", tests, start, NULL);
	observer_free(observer);
	return r;
}
