// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/lifetime.h"

#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <systemd/sd-daemon.h>

#define OWN_PAGES_BYTES (64 * 1024) /* from here on, what is allocated has pages of its own */

void lifetime_prepare(void)
{
	sigset_t mask;

	/* Tables have room for the worst, and are almost empty. Fresh pages need not be zeroed, so
	 * those that nobody writes to take no memory, and freed ones go back at once. By default
	 * malloc reuses what it freed, after the first large block for all others too, and calloc()
	 * zeroes it. */
	(void)mallopt(M_MMAP_THRESHOLD, OWN_PAGES_BYTES);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)sd_notify(false, "STOPPING=1");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

int lifetime_end_by_signals(sd_event *event)
{
	int r = sd_event_add_signal(event, NULL, SIGTERM, on_end, NULL);

	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGINT, on_end, NULL);
	return r < 0 ? r : 0;
}
