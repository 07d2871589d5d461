// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who sent the signal: a person, the server itself, systemd, or neither; and what is done then. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/judge_story.h"

#include "base/cleanup.h"
#include "observe/owner/sender.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void write_session(const char *directory, const char *name, const char *text)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void test_whose(void **state)
{
	static const struct {
		const char *cgroup, *server;
		enum sender sender;
		const char *whose;
	} rows[] = {
		{ "/user.slice/user-0.slice/session-3.scope", "/system.slice/dovecot.service", SENDER_PERSON,
		  "session-3.scope" },
		{ "/user.slice/user-0.slice/session-gone.scope", "/system.slice/dovecot.service", SENDER_PERSON,
		  "session-gone.scope" },
		{ "/user.slice/user-0.slice/session-4.scope", "/system.slice/dovecot.service", SENDER_OTHER,
		  "session-4.scope" }, /* cron's, where it opens sessions */
		{ "/user.slice/user-0.slice/session-.scope", "/system.slice/dovecot.service", SENDER_OTHER,
		  "session-.scope" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-foot-7.scope",
		  "/system.slice/dovecot.service", SENDER_PERSON, "app-foot-7.scope" },
		{ "/user.slice/user-1000.slice/user@1000.service/init.scope", "/system.slice/dovecot.service",
		  SENDER_PERSON, "user@1000.service" },
		{ "/init.scope", "/system.slice/dovecot.service", SENDER_SYSTEMD, "" },
		{ "/system.slice/docker-" ID ".scope/init.scope", "/system.slice/dovecot.service", SENDER_OTHER,
		  "container 0123456789ab" },
		{ "/system.slice/earlyoom.service", "/system.slice/dovecot.service", SENDER_OTHER, "earlyoom.service" },
		{ "/system.slice/system-postfix.slice/postfix@-.service",
		  "/system.slice/system-postfix.slice/postfix@-.service", SENDER_OWN, "postfix@-.service" },
		{ "/", "/", SENDER_OTHER, "" }, /* nobody knows of either, and that is no kinship */
		{ "/system.slice/docker-" ID ".scope", "/system.slice/docker-" ID ".scope", SENDER_OWN,
		  "container 0123456789ab" },
		{ "/system.slice/containerd.service", "/system.slice/docker-" ID ".scope", SENDER_OTHER,
		  "containerd.service" },
		{ "/user.slice/user-0.slice/session-3.scope", "/system.slice/docker-" ID ".scope", SENDER_PERSON,
		  "session-3.scope" },
	};
	char directory[] = "/tmp/test_sender.XXXXXX";

	assert_non_null(mkdtemp(directory));
	write_session(directory, "3", "UID=0\nCLASS=user\nSERVICE=sshd\n");
	write_session(directory, "4", "UID=0\nSERVICE=crond\nCLASS=background\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct signal_sent sent = { .signal = SIGTERM };
		struct listener listener = { 0 };
		struct owner owner, server;

		cgroup_path_parse(rows[i].cgroup, &owner);
		cgroup_path_parse(rows[i].server, &server);
		memcpy(listener.unit, server.unit, sizeof(listener.unit));
		memcpy(listener.container, server.container, sizeof(listener.container));
		listener.manager = server.manager;
		sender_enter(&owner, cgroup_path_is_manager(rows[i].cgroup), &listener, directory, &sent);
		if (sent.sender != rows[i].sender || strcmp(sent.whose, rows[i].whose) != 0)
			fail_msg("%s to %s: sender %d, \"%s\"", rows[i].cgroup, rows[i].server, sent.sender,
				 sent.whose);
	}
	write_session(directory, "5", "");
	for (const char *const *name = (const char *const[]){ "3", "4", "5", NULL }; *name; name++) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "%s/%s", directory, *name);
		(void)unlink(path);
	}
	(void)rmdir(directory);
}

/* Told with its name, and left as it is. */
static void test_an_operators_act(void **state)
{
	static const struct row by_command[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "doveadm stop", DOVEADM_STOPS, 0, 1 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "it is gone", UNIT_LEAVES, 0, 1 * SEC + 1, "", MISSING(UNIT_STOPPED) },
		{ "not started again at once", TICK, 0, 6 * SEC, "ow", MISSING(UNIT_STOPPED) },
		{ "so it is wanted so", TICK, 0, 100 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "systemctl start", JOB_BEGINS, 0, 200 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "which is done", JOB_ENDS, 0, 201 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "opened", OPENS, 0, 201 * SEC + 9, "p", ASKED },
		{ "works", PASSES, 0, 202 * SEC, "x", UP },
	};
	static const struct row by_hand[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "kill, at a shell", PERSON_ENDS, 0, 1 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "it is gone", UNIT_LEAVES, 0, 1 * SEC + 1, "", MISSING(UNIT_STOPPED) },
		{ "told", TICK, 0, 6 * SEC, "ow", MISSING(UNIT_STOPPED) },
		{ "left so", TICK, 0, 100 * SEC, "", MISSING(UNIT_STOPPED) },
	};
	static const struct row by_systemctl[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "systemctl kill", SYSTEMCTL_KILLS, 0, 1 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "it is inactive, and no job did that", UNIT_LEAVES, 0, 1 * SEC + 1, "", MISSING(UNIT_STOPPED) },
		{ "told", TICK, 0, 6 * SEC + 1, "ow", MISSING(UNIT_STOPPED) },
		{ "left so", TICK, 0, 100 * SEC, "", MISSING(UNIT_STOPPED) },
	};
	static const struct row again_at_once[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "doveadm stop", DOVEADM_STOPS, 0, 1 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "and dovecot", OPENS, 0, 3 * SEC, "p", ASKED },
		{ "works", PASSES, 0, 3 * SEC + 1, "", UP },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(by_command);
	begin(RUNG_RESTART, RENDERED_YES);
	play(by_command, 5);
	assert_int_equal(last.withheld, WITHHELD_STOPPED_BY_OPERATOR);
	assert_string_equal(view_of(0).detail,
			    "SIGTERM by doveadm (pid 812, session-3.scope): dovecot (pid 42) let the "
			    "port go, and is about to end");
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(by_hand);
	assert_string_equal(view_of(0).detail, "SIGTERM by kill (pid 812, session-3.scope): dovecot (pid 42) ended");
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(by_systemctl);
	assert_string_equal(view_of(0).detail, "SIGTERM by systemd (pid 1) ended dovecot (pid 42)");
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(again_at_once);
}

/* Started by its operator again, and one of its ports is not there: that is no stop any more. */
static void test_an_act_that_is_over(void **state)
{
	static const struct row rows[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "doveadm stop", DOVEADM_STOPS, 0, 1 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "it is gone", UNIT_LEAVES, 0, 1 * SEC + 1, "", MISSING(UNIT_STOPPED) },
		{ "told", TICK, 0, 6 * SEC, "ow", MISSING(UNIT_STOPPED) },
		{ "systemctl start", JOB_BEGINS, 0, 20 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "up again", JOB_ENDS, 0, 21 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "without this port", TICK, 0, 26 * SEC, "c", MISSING(CLOSED_BY_OWNER) },
		{ "looked at", TICK, 0, 27 * SEC, "k", MISSING(CLOSED_BY_OWNER) },
		{ "and reloaded", FITS, 0, 27 * SEC, "sL", MISSING(CLOSED_BY_OWNER) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(rows);
}

/* Nobody who operates the server wanted that: it gets a start. */
static void test_a_strangers_act(void **state)
{
	static const struct row earlyoom[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "works", PASSES, 0, 1, "", UP },
		{ "ended", EARLYOOM_ENDS, 0, 1 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "it is gone", UNIT_LEAVES, 0, 1 * SEC + 1, "", MISSING(OWNER_CRASHED) },
		{ "told", TICK, 0, 6 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "looked at", TICK, 0, 7 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "started", FITS, 0, 7 * SEC, "sR", MISSING(OWNER_CRASHED) },
	};
	static const struct row cron[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "closes, and has yet to end", CRON_ENDS, 0, 1 * SEC, "", MISSING(OWNER_EXITED) },
		{ "told", TICK, 0, 6 * SEC, "o", MISSING(OWNER_EXITED) },
		{ "looked at", TICK, 0, 7 * SEC, "k", MISSING(OWNER_EXITED) },
		{ "started", FITS, 0, 7 * SEC, "sR", MISSING(OWNER_EXITED) },
	};
	/* What systemd takes for a failure is one, whoever did it. */
	static const struct row killed[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "kill -KILL, at a shell", PERSON_KILLS, 0, 1 * SEC, "o", MISSING(OWNER_CRASHED) },
		{ "looked at", TICK, 0, 2 * SEC, "k", MISSING(OWNER_CRASHED) },
		{ "started", FITS, 0, 2 * SEC, "sR", MISSING(OWNER_CRASHED) },
	};
	/* systemd ends it in a job of its own: its end decides, not the signal. */
	static const struct row job[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "systemctl restart", JOB_BEGINS, 0, 1 * SEC, "", ASKED },
		{ "ended", SYSTEMCTL_KILLS, 0, 1 * SEC + 1, "", MISSING(OWNER_CRASHED) },
		{ "and does not come up", UNIT_FAILS, 0, 3 * SEC, "", MISSING(OWNER_CRASHED) },
		{ "told", TICK, 0, 5 * SEC, "o", MISSING(OWNER_CRASHED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(earlyoom);
	assert_string_equal(view_of(0).detail,
			    "SIGTERM by earlyoom (pid 812, earlyoom.service) ended dovecot (pid 42)");
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(cron);
	assert_string_equal(view_of(0).detail,
			    "SIGTERM by sh (pid 812, cron.service): dovecot (pid 42) let the port go, "
			    "and is about to end");
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(killed);
	assert_string_equal(view_of(0).detail, "SIGKILL by kill (pid 812, session-3.scope) ended dovecot (pid 42)");
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(job);
}

/* The runtime's word goes before: who ends a container ends what is in it. */
static void test_inside_a_container(void **state)
{
	static const struct row stopped[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "its supervisor ends it", DOVEADM_INSIDE, 0, 1 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "docker stop", CONTAINER_TOLD, 0, 1 * SEC + 1, "", MISSING(CONTAINER_STOPPED) },
	};
	static const struct row by_hand[] = {
		{ "there", IS_THERE, 0, 0, "p", ASKED },
		{ "docker exec front doveadm stop", DOVEADM_INSIDE, 0, 1 * SEC, "", MISSING(UNIT_STOPPED) },
		{ "its container lives", TICK, 0, 6 * SEC, "ow", MISSING(UNIT_STOPPED) },
		{ "left so", TICK, 0, 100 * SEC, "", MISSING(UNIT_STOPPED) },
	};

	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(stopped);
	begin(RUNG_RESTART, RENDERED_YES);
	PLAY(by_hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose),
		cmocka_unit_test_teardown(test_an_operators_act, story_end),
		cmocka_unit_test_teardown(test_an_act_that_is_over, story_end),
		cmocka_unit_test_teardown(test_a_strangers_act, story_end),
		cmocka_unit_test_teardown(test_inside_a_container, story_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
