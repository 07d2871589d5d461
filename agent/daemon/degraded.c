// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/degraded.h"

#include <errno.h>

#include "base/text.h"

#define FLOOD_ENDED_AFTER_USEC (10 * USEC_PER_SEC)

struct degraded {
	struct core *core;
	degraded_say *say;
	void *userdata;
	char list[DEGRADATIONS][DEGRADED_SIZE];	       /* empty: not so */
	char text[DEGRADATIONS * (DEGRADED_SIZE + 2)]; /* all of them */
};

static void join(struct degraded *degraded)
{
	*degraded->text = '\0';
	for (size_t i = 0; i < DEGRADATIONS; i++)
		if (*degraded->list[i])
			(void)text_append(degraded->text, sizeof(degraded->text), "%s%s",
					  *degraded->text ? "; " : "", degraded->list[i]);
}

void degraded_begin(struct degraded *degraded, enum degradation which, const char *why)
{
	if (*degraded->list[which])
		return;
	(void)text_copy(degraded->list[which], DEGRADED_SIZE, why);
	join(degraded);
	degraded->say(RECORD_OBSERVER_DEGRADED, why, degraded->userdata);
}

void degraded_end(struct degraded *degraded, enum degradation which, const char *what)
{
	char text[RECORD_DETAIL_SIZE];

	if (!*degraded->list[which])
		return;
	*degraded->list[which] = '\0';
	join(degraded);
	(void)text_copy(text, sizeof(text), what);
	if (*degraded->text)
		(void)text_append(text, sizeof(text), "; but still: %s", degraded->text);
	degraded->say(RECORD_OBSERVER_RESTORED, text, degraded->userdata);
}

void degraded_flooded(struct degraded *degraded, uint16_t port, unsigned int events_per_second)
{
	char text[DEGRADED_SIZE];

	(void)text_format(text, sizeof(text),
			  "port %u is opened and closed more than %u times a second: it is looked "
			  "up once a second, and not always known why it went",
			  port, events_per_second);
	degraded_begin(degraded, DEGRADED_FLOOD, text);
	timers_set(core_timers(degraded->core), TIMER_FLOOD,
		   core_now(degraded->core).usec + FLOOD_ENDED_AFTER_USEC);
}

static void on_flood_over(void *userdata)
{
	degraded_end(userdata, DEGRADED_FLOOD, "the flood of openings and closings is over");
}

const char *degraded_text(const struct degraded *degraded)
{
	return degraded->text;
}

int degraded_new(struct core *core, degraded_say *say, void *userdata, struct degraded **ret)
{
	struct degraded *degraded = calloc(1, sizeof(*degraded));

	if (!degraded)
		return -ENOMEM;
	degraded->core = core;
	degraded->say = say;
	degraded->userdata = userdata;
	timers_handle(core_timers(core), TIMER_FLOOD, 0, on_flood_over, degraded);
	*ret = degraded;
	return 0;
}

void degraded_free(struct degraded *degraded)
{
	free(degraded);
}
