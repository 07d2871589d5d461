// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is seen less well than it should be: said in the journal when it begins and when it ends,
 * and shown in the status as long as it lasts. */
#include "agent/daemon/daemon.h"

#include <string.h>

#include "base/text.h"

#define FLOOD_ENDED_AFTER_USEC (10 * USEC_PER_SEC)
#define OBSERVER_EVENTS_PER_SECOND \
	256 /* of one port in one namespace: 128 workers closing and opening */

static void join(struct daemon *daemon)
{
	*daemon->degraded = '\0';
	for (size_t i = 0; i < DEGRADATIONS; i++)
		if (*daemon->degradations[i])
			(void)text_append(daemon->degraded, sizeof(daemon->degraded), "%s%s",
					  *daemon->degraded ? "; " : "", daemon->degradations[i]);
	daemon->dirty = true;
}

void degraded_begin(struct daemon *daemon, enum degradation which, const char *why)
{
	char *text = daemon->degradations[which];

	if (*text)
		return;
	(void)text_copy(text, sizeof(daemon->degradations[which]), why);
	join(daemon);
	carry_say_observer(daemon, RECORD_OBSERVER_DEGRADED, why);
}

void degraded_end(struct daemon *daemon, enum degradation which, const char *what)
{
	char text[RECORD_DETAIL_SIZE];

	if (!*daemon->degradations[which])
		return;
	*daemon->degradations[which] = '\0';
	join(daemon);
	(void)text_copy(text, sizeof(text), what);
	if (*daemon->degraded)
		(void)text_append(text, sizeof(text), "; but still: %s", daemon->degraded);
	carry_say_observer(daemon, RECORD_OBSERVER_RESTORED, text);
}

static void on_losing(struct daemon *daemon, const struct observer_state *state)
{
	char text[DEGRADED_SIZE];

	if (state->begins)
		degraded_begin(daemon, DEGRADED_EVENTS,
			       "kernel events came faster than they could be read and some were "
			       "lost: a fresh "
			       "snapshot tells what listens, but not always why a listener went");
	(void)text_format(
		text, sizeof(text),
		"no event was lost for some seconds, and a fresh snapshot was taken; %llu "
		"were lost before",
		(unsigned long long)state->count);
	if (!state->begins)
		degraded_end(daemon, DEGRADED_EVENTS, text);
}

void degraded_flooded(struct daemon *daemon, uint16_t port)
{
	char text[DEGRADED_SIZE];

	(void)text_format(text, sizeof(text),
			  "port %u is opened and closed more than %u times a second: it is looked "
			  "up once a second, and not always known why it went",
			  port, OBSERVER_EVENTS_PER_SECOND / 2);
	degraded_begin(daemon, DEGRADED_FLOOD, text);
	daemon->flood_usec = daemon_now(daemon).usec + FLOOD_ENDED_AFTER_USEC;
	daemon_arm(daemon);
}

void degraded_look(struct daemon *daemon)
{
	if (daemon->flood_usec > daemon_now(daemon).usec)
		return;
	daemon->flood_usec = USEC_NEVER;
	degraded_end(daemon, DEGRADED_FLOOD, "the flood of openings and closings is over");
}

static void on_full(struct daemon *daemon, const struct observer_state *state)
{
	if (state->begins)
		degraded_begin(daemon, DEGRADED_FULL,
			       "more listeners on watched ports than can be kept (65536): some are "
			       "not known");
	else
		degraded_end(daemon, DEGRADED_FULL,
			     "all listeners on watched ports are known again");
}

static void on_unfollowed(struct daemon *daemon, const struct observer_state *state)
{
	if (state->begins)
		degraded_begin(daemon, DEGRADED_OPENERS,
			       "more processes have opened a watched port than can be followed "
			       "(8192): of some it may not be known why a listener went");
	else
		degraded_end(
			daemon, DEGRADED_OPENERS,
			"the end of every process that opened a watched port is followed again");
}

static void on_trouble(const struct observer_state *state, void *userdata)
{
	struct daemon *daemon = userdata;

	switch (state->trouble) {
	case OBSERVER_LOSING:
		on_losing(daemon, state);
		break;
	case OBSERVER_FULL:
		on_full(daemon, state);
		break;
	case OBSERVER_UNFOLLOWED:
		on_unfollowed(daemon, state);
		break;
	}
	daemon_arm(daemon);
}

void degraded_watch(struct daemon *daemon)
{
	observer_on_trouble(daemon->observer, on_trouble, daemon);
	observer_limit(daemon->observer, OBSERVER_EVENTS_PER_SECOND);
}
