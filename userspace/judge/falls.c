// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/falls.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/record.h"

#define HOLD_MIN_USEC (30 * USEC_PER_SEC) /* of what comes and goes */
#define HOLD_MAX_USEC (600 * USEC_PER_SEC)

void falls_add(struct falls *falls, uint64_t at_usec, uint64_t lived_usec)
{
	if (falls->n == FALLS_MAX)
		memmove(falls->list, falls->list + 1, --falls->n * sizeof(falls->list[0]));
	falls->list[falls->n++] = (struct fall){ at_usec, lived_usec };
}

size_t falls_count(const struct policy *policy, const struct falls *falls, uint64_t now_usec)
{
	size_t n = 0;

	while (n < falls->n &&
	       now_usec < falls->list[falls->n - 1 - n].at_usec + policy->falls_window_usec)
		n++;
	return n;
}

uint64_t falls_hold(const struct policy *policy, const struct falls *falls, uint64_t now_usec)
{
	size_t n = falls_count(policy, falls, now_usec);
	uint64_t longest = HOLD_MIN_USEC / 2;

	if (n < policy->falls_max)
		return policy->hold_usec;
	for (size_t i = falls->n - n + 1; i < falls->n; i++)
		if (falls->list[i].at_usec - falls->list[i - 1].at_usec > longest)
			longest = falls->list[i].at_usec - falls->list[i - 1].at_usec;
	return 2 * longest < HOLD_MAX_USEC ? 2 * longest : HOLD_MAX_USEC;
}

static bool is_death(enum cause cause)
{
	return cause == CAUSE_OWNER_CRASHED || cause == CAUSE_OWNER_OOM_KILLED ||
	       cause == CAUSE_OWNER_EXITED || cause == CAUSE_UNIT_FAILED ||
	       cause == CAUSE_CONTAINER_EXITED || cause == CAUSE_CONTAINER_GONE;
}

static uint64_t round_off(uint64_t usec)
{
	uint64_t unit = usec < 10 * USEC_PER_SEC ? 100 * USEC_PER_MSEC : USEC_PER_SEC;

	return (usec + unit / 2) / unit * unit;
}

void falls_say(const struct policy *policy, const struct falls *falls, enum cause cause,
	       uint64_t now_usec, char *detail)
{
	size_t n = falls_count(policy, falls, now_usec);
	uint64_t least = UINT64_MAX, most = 0, first;
	char span[32], each[32], up_to[32];

	if (n < policy->falls_max)
		return;
	first = falls->list[falls->n - n].at_usec;
	text_show_duration(round_off(now_usec - first), span, sizeof(span));
	if (!is_death(cause)) {
		text_show_duration(round_off((falls->list[falls->n - 1].at_usec - first) / (n - 1)),
				   each, sizeof(each));
		(void)text_append(detail, RECORD_DETAIL_SIZE,
				  "; it comes and goes every %s: %zu times in %s", each, n, span);
		return;
	}
	for (size_t i = falls->n - n + 1; i < falls->n; i++) {
		least = falls->list[i].lived_usec < least ? falls->list[i].lived_usec : least;
		most = falls->list[i].lived_usec > most ? falls->list[i].lived_usec : most;
	}
	(void)text_append(detail, RECORD_DETAIL_SIZE, "; it has died %zu times in %s", n, span);
	if (least == 0 || most == 0)
		return;
	text_show_duration(round_off(least), each, sizeof(each));
	text_show_duration(round_off(most), up_to, sizeof(up_to));
	if (strcmp(each, up_to) == 0)
		(void)text_append(detail, RECORD_DETAIL_SIZE, ", each time %s after it was back",
				  each);
	else
		(void)text_append(detail, RECORD_DETAIL_SIZE, ", %s to %s after it was back", each,
				  up_to);
}
