// SPDX-License-Identifier: LGPL-2.1-or-later
/* The daemon's life: all parts, one Hearken at a time, and what it owes systemd. */
#include "agent/daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "agent/daemon/files.h"
#include "agent/daemon/lifetime.h"
#include "agent/daemon/parts_watch.h"
#include "agent/daemon/state_directory.h"
#include "agent/daemon/view.h"
#include "base/log.h"
#include "base/shed.h"

enum { EXIT_NO_PERMISSION = 77, EXIT_BAD_CONFIG = 78 }; /* sysexits.h */

struct daemon {
	struct parts parts;
	int lock_fd;
};

static void daemon_clear(struct daemon *daemon)
{
	parts_clear(&daemon->parts);
	if (daemon->lock_fd >= 0)
		close(daemon->lock_fd);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%llu",
			 (unsigned long long)core_now(daemon->parts.core).usec);
	expectations_reload(daemon->parts.expectations);
	return 0;
}

static void on_reloaded(struct parts *parts)
{
	(void)sd_notify(false, "READY=1");
}

static int on_look(outlet_use *use, void *use_userdata, void *userdata)
{
	return view_with(userdata, use, use_userdata);
}

static int open_parts(struct daemon *daemon, const char *config_path)
{
	int r = parts_open(&daemon->parts, config_path, &rounds_quiet);

	if (r >= 0)
		r = lifetime_end_by_signals(core_event(daemon->parts.core));
	if (r >= 0)
		r = sd_event_add_signal(core_event(daemon->parts.core), NULL, SIGHUP, on_hangup,
					daemon);
	return r < 0 ? log_error(r, "Cannot make the event loop") : 0;
}

static int lock(struct daemon *daemon)
{
	const char *state = expectations_config(daemon->parts.expectations)->state;
	pid_t pid = 0;
	int r = state_directory_lock(state, &daemon->lock_fd, &pid);

	if (r == -EBUSY)
		(void)log_error(0,
				"Another Hearken (pid %d) already runs with the state directory "
				"%s; stop it, or give this one another by \"state =\"",
				pid, state);
	else if (r < 0)
		(void)log_error(r, "Cannot use the state directory %s (\"state =\")", state);
	return r;
}

/* Returns 0 or an exit code. */
static int start(struct daemon *daemon, const char *config_path)
{
	struct parts *parts = &daemon->parts;
	int r;

	if (open_parts(daemon, config_path) < 0)
		return EXIT_FAILURE;
	r = parts_read(parts);
	if (r < 0)
		return r == -ENOMEM ? EXIT_FAILURE : EXIT_BAD_CONFIG;
	if (lock(daemon) < 0 || parts_add_outlet(parts, config_path, on_look) < 0)
		return EXIT_FAILURE;
	r = parts_look_out(parts, false);
	if (r < 0)
		return r == -EPERM ? EXIT_NO_PERMISSION : EXIT_FAILURE;
	if (parts_add_watch(parts) < 0 || parts_start(parts) < 0)
		return EXIT_FAILURE;
	expectations_watch_files(parts->expectations);
	outlet_start(parts->outlet);
	shed(false);
	return 0;
}

static int loop(struct daemon *daemon)
{
	const struct parts *parts = &daemon->parts;
	const char *degraded = degraded_text(parts->degraded);
	int r;

	(void)sd_event_set_watchdog(core_event(parts->core), true);
	(void)sd_notifyf(false, "READY=1\nSTATUS=%s",
			 *degraded ? degraded
				   : "Watching the listeners of this host's mail services");
	r = sd_event_loop(core_event(parts->core));
	if (r < 0)
		(void)log_error(r, "The event loop failed, so nothing is watched any more");
	keeper_store(parts->keeper);
	/* What nobody keeps up to date must not be taken for the truth. */
	files_remove(expectations_config(parts->expectations), NULL);
	return r < 0 ? EXIT_FAILURE : r;
}

int daemon_run(const char *config_path)
{
	cleanup(daemon_clear) struct daemon daemon = { .lock_fd = -1,
						       .parts.reloaded = on_reloaded };
	int r;

	lifetime_prepare();
	r = start(&daemon, config_path);
	return r != 0 ? r : loop(&daemon);
}
