// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/look.h"

#include <string.h>

#include "agent/daemon/lifetime.h"
#include "agent/daemon/parts_watch.h"
#include "agent/daemon/view.h"
#include "base/text.h"
#include "probe/wire/patience.h"

#define EXTRA_USEC \
	(5 * USEC_PER_SEC) /* for the second conversation of who failed once, and so on */

static bool is_settled(const struct parts *parts)
{
	const struct service_set *services = core_services(parts->core);

	for (size_t i = 0; senses_observer(parts->senses) && i < services->n; i++) {
		const struct answers *answers;
		const struct answer *combined;
		struct judge_view judged;

		if (!services->list[i].expected)
			continue;
		judge_view(core_judge(parts->core), i, &judged);
		if (!judged.settled || (judged.coverage == COVERAGE_FULL &&
					!rounds_show(parts->rounds, i, &combined, &answers)))
			return false;
	}
	return true;
}

static void on_fact_taken(struct parts *parts)
{
	/* Not here and now: others of the same turn may follow. */
	timers_set(core_timers(parts->core), TIMER_WRITE, core_now(parts->core).usec);
}

static void on_turn_over(void *userdata)
{
	const struct parts *parts = userdata;

	if (is_settled(parts))
		(void)sd_event_exit(core_event(parts->core), 0);
}

/* Who failed once, and should have had a second conversation: there was no time for it, and one
 * word is better than none. */
static void believe_the_first(struct parts *parts)
{
	const struct service_set *services = core_services(parts->core);

	for (size_t i = 0; i < services->n; i++) {
		struct fact fact = core_fact(parts->core, FACT_ANSWER, i);
		const struct answers *answers;
		const struct answer *combined;
		struct judge_view judged;

		judge_view(core_judge(parts->core), i, &judged);
		if (judged.settled || judged.verdict != VERDICT_UNKNOWN ||
		    !rounds_show(parts->rounds, i, &combined, &answers) || !combined->complete)
			continue;
		fact.answered.answer = *combined;
		fact.answered.disk = rounds_disk(parts->rounds, i);
		(void)core_post(parts->core, &fact);
	}
}

static int on_late(sd_event_source *source, uint64_t usec, void *userdata)
{
	/* What has not answered by now stays unknown. */
	believe_the_first(userdata);
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* Whoever asked gets the reason where he reads the answer. */
static int fail(int r, char why[static LOOK_WHY_SIZE], const char *what)
{
	(void)text_format(why, LOOK_WHY_SIZE, "%s: %s", what, strerror(-r));
	return r;
}

static int read_words(struct parts *parts, char why[static LOOK_WHY_SIZE])
{
	int r = parts_read(parts);

	if (r < 0 && *expectations_trouble(parts->expectations))
		(void)text_copy(why, LOOK_WHY_SIZE, expectations_trouble(parts->expectations));
	else if (r < 0)
		(void)fail(r, why, "what is expected cannot be read");
	return r;
}

static int start(struct parts *parts, const char *config_path, char why[static LOOK_WHY_SIZE])
{
	int r = parts_open(parts, config_path, &rounds_hurried);

	if (r >= 0)
		r = lifetime_end_by_signals(core_event(parts->core));
	if (r < 0)
		return fail(r, why, "the event loop cannot be made");
	timers_handle(core_timers(parts->core), TIMER_WRITE, 0, on_turn_over, parts);
	r = read_words(parts, why);
	if (r < 0)
		return r;
	r = parts_look_out(parts, true);
	if (r < 0)
		return fail(r, why, "listeners cannot be seen, or their servers not be asked");
	r = parts_start(parts);
	return r < 0 ? fail(r, why, "the listeners cannot be listed") : 0;
}

/* The longest that a server may take: one between mail servers. */
static uint64_t longest(const struct parts *parts)
{
	const struct probe_plan plan = {
		.protocol = PROTOCOL_SMTP,
		.timeout_usec = expectations_config(parts->expectations)->probe_timeout_usec,
	};

	return patience_most(&plan);
}

int look_once(const char *config_path, outlet_use *use, void *userdata,
	      char why[static LOOK_WHY_SIZE])
{
	cleanup(parts_clear) struct parts parts = { .taken = on_fact_taken };
	int r;

	lifetime_prepare();
	r = start(&parts, config_path, why);
	if (r < 0)
		return r;
	on_fact_taken(&parts); /* perhaps there is nothing to wait for */
	r = sd_event_add_time_relative(core_event(parts.core), NULL, CLOCK_MONOTONIC,
				       longest(&parts) + EXTRA_USEC, 0, on_late, &parts);
	if (r >= 0)
		r = sd_event_loop(core_event(parts.core));
	if (r < 0)
		return fail(r, why, "answers cannot be waited for");
	r = view_with(&parts, use, userdata);
	return r < 0 ? fail(r, why, "the answer cannot be put together") : r;
}
