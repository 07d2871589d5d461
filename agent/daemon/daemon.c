// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/daemon.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "agent/daemon/source_watch.h"
#include "agent/daemon/sources.h"
#include "agent/daemon/state.h"
#include "base/log.h"
#include "base/netns.h"
#include "base/shed.h"
#include "base/text.h"

#define HEARTBEAT_USEC	 (30 * USEC_PER_SEC)   /* files are rewritten, queues are read */
#define WRITE_PAUSE_USEC (250 * USEC_PER_MSEC) /* between two writes of the files */
#define TIMER_SLACK_USEC (10 * USEC_PER_MSEC)
#define OWN_PAGES_BYTES	 (64 * 1024) /* from here on, what is allocated has pages of its own */

enum { EXIT_USAGE = 2, EXIT_NO_PERMISSION = 77, EXIT_BAD_CONFIG = 78 }; /* sysexits.h */

struct moment daemon_now(const struct daemon *daemon)
{
	struct moment now;

	/* The time of this turn of the loop; before the first turn, the time itself. */
	(void)sd_event_now(daemon->event, CLOCK_MONOTONIC, &now.usec);
	(void)sd_event_now(daemon->event, CLOCK_REALTIME, &now.real_usec);
	return now;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void daemon_arm(struct daemon *daemon)
{
	uint64_t next = earlier(earlier(daemon->heartbeat_usec, daemon->place_usec),
				earlier(daemon->snapshot_usec, daemon->rerender_usec));

	if (!daemon->started)
		return;
	next = earlier(next, earlier(daemon->flood_usec, damper_deadline(&daemon->damper)));
	next = earlier(next, earlier(daemon->queues_usec, daemon->answers_usec));
	next = earlier(next, daemon->talking.next_usec);
	next = earlier(next, earlier(daemon->files_usec, daemon->precheck_usec));
	for (size_t i = 0; i < daemon->intent.services.n; i++)
		next = earlier(next, judge_deadline(daemon->judge, i));
	if (daemon->dirty) /* one look has nothing to write, but wants to know whether it is done */
		next = daemon->once ? 0 : earlier(next, daemon->written_usec + WRITE_PAUSE_USEC);
	(void)sd_event_source_set_time(daemon->timer, next);
	(void)sd_event_source_set_enabled(daemon->timer, SD_EVENT_ONESHOT);
}

static bool is_settled(const struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->intent.services.n; i++) {
		struct judge_view view;

		if (!daemon->intent.services.list[i].expected || !daemon->observer)
			continue;
		judge_view(daemon->judge, i, &view);
		if (!view.settled)
			return false;
		if (view.coverage == COVERAGE_FULL && !daemon->rounds[i].answered)
			return false;
	}
	return true;
}

static int take_snapshot(struct daemon *daemon)
{
	int r = observer_snapshot(daemon->observer);

	if (r < 0)
		(void)log_error(
			r, "Cannot take a snapshot of the listeners; it is tried again in 30 s");
	if (r < 0)
		degraded_begin(
			daemon, DEGRADED_SNAPSHOT,
			"the listeners cannot be looked up: what is known of them may be old");
	else
		degraded_end(daemon, DEGRADED_SNAPSHOT, "the listeners were looked up again");
	return r;
}

static void beat(struct daemon *daemon)
{
	if (daemon->observer && take_snapshot(daemon) >= 0)
		queues_after_snapshot(daemon);
	place_look(daemon);
	daemon->dirty = true;
	daemon->heartbeat_usec = daemon_now(daemon).usec + HEARTBEAT_USEC;
}

static void tick(struct daemon *daemon)
{
	uint64_t now = daemon_now(daemon).usec;

	for (size_t i = 0; i < daemon->intent.services.n; i++) {
		struct fact fact = { .kind = FACT_TICK, .service = i };

		if (judge_deadline(daemon->judge, i) <= now + PROBE_SLACK_USEC)
			facts_feed(daemon, &fact);
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;
	uint64_t now = daemon_now(daemon).usec;

	if (daemon->place_usec <= now)
		place_look(daemon);
	if (daemon->snapshot_usec <= now) {
		daemon->snapshot_usec = USEC_NEVER;
		if (daemon->observer)
			(void)take_snapshot(daemon);
	}
	if (daemon->files_usec <= now) {
		daemon->files_usec = USEC_NEVER;
		source_watch_read(daemon);
	}
	if (daemon->rerender_usec <= now || daemon->precheck_usec <= now) {
		daemon->rerender_usec = daemon->precheck_usec = USEC_NEVER;
		daemon->rerendered_usec = now;
		sources_read_again(daemon);
	}
	if (daemon->heartbeat_usec <= now)
		beat(daemon);
	degraded_look(daemon);
	carry_say_pending(daemon);
	if (daemon->queues_usec <= now)
		queues_look(daemon);
	tick(daemon);
	if (daemon->talking.next_usec <= now)
		rounds_go_on(daemon);
	if (daemon->answers_usec <= now) {
		daemon->answers_usec = USEC_NEVER;
		daemon->dirty = true;
	}
	if (daemon->once) {
		daemon->dirty = false;
		if (is_settled(daemon))
			return sd_event_exit(daemon->event, 0);
	} else if (daemon->dirty && daemon->written_usec + WRITE_PAUSE_USEC <= now) {
		view_write_files(daemon);
	}
	daemon_arm(daemon);
	return 0;
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)sd_notify(false, "STOPPING=1");
	return sd_event_exit(daemon->event, 0);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%llu",
			 (unsigned long long)daemon_now(daemon).usec);
	sources_reload(daemon);
	return 0;
}

int daemon_new(const char *config_path, bool once, struct daemon **ret)
{
	cleanup(daemon_freep) struct daemon *daemon = NULL;
	sigset_t mask;
	int r;

	/* Tables have room for the worst, and are almost empty. Fresh pages need not be zeroed, so
	 * those that nobody writes to take no memory, and freed ones go back at once. By default
	 * malloc reuses what it freed, after the first large block for all others too, and calloc()
	 * zeroes it. */
	(void)mallopt(M_MMAP_THRESHOLD, OWN_PAGES_BYTES);
	daemon = calloc(1, sizeof(*daemon));
	if (!daemon)
		return -ENOMEM;
	daemon->config_path = config_path;
	daemon->once = once;
	daemon->lock_fd = -1;
	daemon->talking.next_usec = USEC_NEVER;
	daemon->snapshot_usec = daemon->rerender_usec = daemon->heartbeat_usec = USEC_NEVER;
	daemon->flood_usec = daemon->place_usec = USEC_NEVER;
	daemon->queues_usec = daemon->answers_usec = USEC_NEVER;
	daemon->files_usec = daemon->precheck_usec = USEC_NEVER;
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	r = stale_new(&daemon->stale);
	if (r >= 0)
		r = sd_event_new(&daemon->event);
	if (r >= 0)
		r = sd_event_add_signal(daemon->event, NULL, SIGTERM, on_end, daemon);
	if (r >= 0)
		r = sd_event_add_signal(daemon->event, NULL, SIGINT, on_end, daemon);
	if (r >= 0 && !once)
		r = sd_event_add_signal(daemon->event, NULL, SIGHUP, on_hangup, daemon);
	if (r >= 0)
		r = sd_event_add_time(daemon->event, &daemon->timer, CLOCK_MONOTONIC, USEC_NEVER,
				      TIMER_SLACK_USEC, on_timer, daemon);
	if (r >= 0)
		r = sd_event_source_set_exit_on_failure(daemon->timer, true);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(daemon);
	return 0;
}

void daemon_free(struct daemon *daemon)
{
	if (!daemon)
		return;
	source_watch_close(daemon);
	sources_clear(daemon);
	carry_clear(daemon);
	systemd_free(daemon->systemd);
	prober_free(daemon->prober);
	bind_watch_free(daemon->binds);
	accept_watch_free(daemon->accepts);
	observer_free(daemon->observer);
	judge_free(daemon->judge);
	intent_clear(&daemon->intent);
	stale_free(daemon->stale);
	free(daemon->rounds);
	last_good_clear(&daemon->last_good);
	journal_close(&daemon->journal);
	sd_event_source_disable_unref(daemon->timer);
	sd_event_unref(daemon->event);
	if (daemon->lock_fd >= 0)
		close(daemon->lock_fd);
	free(daemon);
}

static int lock(struct daemon *daemon)
{
	pid_t pid = 0;
	int r = state_lock(daemon->config.state, &daemon->lock_fd, &pid);

	if (r == -EBUSY)
		(void)log_error(0,
				"Another Hearken (pid %d) already runs with the state directory "
				"%s; stop it, or "
				"give this one another by \"state =\"",
				pid, daemon->config.state);
	else if (r < 0)
		(void)log_error(r, "Cannot use the state directory %s (\"state =\")",
				daemon->config.state);
	return r;
}

/* Makes an observer and wires it; leaves none behind on failure. */
static int try_observer(struct daemon *daemon, bool polling)
{
	int r = polling ? observer_new_polling(facts_on_change, daemon, daemon->netns_path,
					       &daemon->observer)
			: observer_new(facts_on_change, daemon, &daemon->observer);

	if (r >= 0)
		r = observer_attach(daemon->observer, daemon->event);
	if (r >= 0) {
		degraded_watch(daemon);
		return 0;
	}
	observer_free(daemon->observer);
	daemon->observer = NULL;
	return r;
}

/* 0, also when we go on by polling or blind; an exit code above 0 when there is no use in that. */
static int open_observer(struct daemon *daemon)
{
	const char *why = "the BPF programs cannot be loaded";
	char text[DEGRADED_SIZE];
	int r = try_observer(daemon, false);
	bool refused = r == -EPERM || r == -EACCES;

	if (r >= 0)
		return 0;
	/* One look needs no privilege in our own namespace. To keep watch without is a mistake. */
	if (!refused || geteuid() == 0 || daemon->once)
		(void)try_observer(daemon, true);
	if (refused && geteuid() != 0 && !daemon->observer) {
		(void)log_error(0, "Hearken needs root, or CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN, "
				   "to see listeners: "
				   "run it with sudo, or as the service");
		return EXIT_NO_PERMISSION;
	}
	if (r == -ENOENT)
		why = "this kernel has no BTF (/sys/kernel/btf/vmlinux), which "
		      "CONFIG_DEBUG_INFO_BTF gives";
	else if (r == -EINVAL)
		why = "this kernel's BPF lacks what is needed (Linux 5.14 or later has it)";
	else if (refused)
		why = "this kernel, or the container around us, refuses BPF";
	(void)text_format(
		text, sizeof(text), "%s (%s), so %s", why, strerror(-r),
		daemon->observer
			? "listeners are polled once a second: no causes, no exit codes, no "
			  "other namespaces"
			: "no listener is seen and every verdict is unknown");
	degraded_begin(daemon, DEGRADED_OBSERVER, text);
	return 0;
}

static void on_bus_lost(void *userdata)
{
	(void)log_warning(
		0,
		"The connection to systemd over D-Bus is gone: planned work is no longer told from "
		"faults, and units cannot be repaired, until Hearken is restarted");
}

static const struct systemd_callbacks on_systemd = { .on_unit = facts_on_unit,
						     .on_lost = on_bus_lost };

static int load_budgets(struct daemon *daemon)
{
	cleanup(memory_freep) struct budgets *budgets = calloc(1, sizeof(*budgets));
	int r = budgets ? state_load_budgets(daemon->config.state, budgets) : -ENOMEM;

	if (r >= 0)
		judge_take_budgets(daemon->judge, budgets);
	return r;
}

int daemon_start(struct daemon *daemon)
{
	int r = sources_read(daemon);

	if (r != 0)
		return r == -ENOMEM ? EXIT_FAILURE : EXIT_BAD_CONFIG;
	if (!daemon->once && lock(daemon) < 0)
		return EXIT_FAILURE;
	if (!daemon->once)
		journal_open(&daemon->journal);
	/* Early: should it not be able to execute itself anew, it inherits little. */
	r = rounds_start_prober(daemon, daemon->config.ca_file);
	if (r < 0) {
		(void)log_error(r, "Cannot start the prober process");
		return EXIT_FAILURE;
	}
	(void)netns_inode(NULL, &daemon->host_netns);
	(void)place_find(daemon);
	r = open_observer(daemon);
	if (r != 0)
		return r;
	binds_open(daemon);
	if (!daemon->once) {
		r = systemd_open(&daemon->systemd, daemon->event, &on_systemd, daemon);
		if (r < 0)
			(void)log_warning(r, "systemd cannot be reached over D-Bus: units are "
					     "neither watched nor "
					     "repaired, a restart-command still is run");
		r = load_budgets(daemon);
		if (r < 0)
			(void)log_warning(
				r, "Cannot read %s/repairs.json; earlier repairs are not counted",
				daemon->config.state);
	}
	sources_watch(daemon);
	if (daemon->observer && take_snapshot(daemon) < 0)
		return EXIT_FAILURE;
	if (!daemon->once)
		source_watch_open(daemon);
	daemon->started = true;
	place_tell(daemon, false);
	daemon->heartbeat_usec = daemon_now(daemon).usec + HEARTBEAT_USEC;
	view_write_files(daemon);
	daemon_arm(daemon);
	shed(false);
	return 0;
}

int daemon_run(struct daemon *daemon)
{
	int r;

	if (!daemon->once) {
		(void)sd_event_set_watchdog(daemon->event, true);
		(void)sd_notifyf(false, "READY=1\nSTATUS=%s",
				 *daemon->degraded
					 ? daemon->degraded
					 : "Watching the listeners of this host's mail services");
	}
	r = sd_event_loop(daemon->event);
	if (r < 0)
		(void)log_error(r, "The event loop failed, so nothing is watched any more");
	if (!daemon->once) {
		/* What nobody keeps up to date must not be taken for the truth. */
		(void)unlink(daemon->config.status);
		if (*daemon->config.textfile)
			(void)unlink(daemon->config.textfile);
	}
	return r < 0 ? EXIT_FAILURE : r;
}
