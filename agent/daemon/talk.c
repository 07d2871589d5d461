// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/talk.h"

#include <string.h>

#include "base/cleanup.h"

#define PAUSE_USEC (1 * USEC_PER_SEC) /* between two conversations at one destination */

enum sight sight_of(enum vantage vantage)
{
	return vantage == VANTAGE_INSIDE_IPV4 || vantage == VANTAGE_INSIDE_IPV6 ? SIGHT_INSIDE
										: SIGHT_PUBLISHED;
}

static bool is_same(const struct destination *a, const struct destination *b)
{
	return a->netns == b->netns && a->port == b->port &&
	       address_equal(&a->address, &b->address);
}

static bool is_paused(const struct talks *talks, const struct destination *to, uint64_t now,
		      uint64_t *next_usec)
{
	for (size_t i = 0; i < TALKS_RECENT_MAX; i++) {
		const struct recent *recent = &talks->recent[i];
		uint64_t free_at = recent->started_usec + PAUSE_USEC;

		if (!recent->started_usec || free_at <= now || !is_same(&recent->to, to))
			continue;
		if (free_at < *next_usec)
			*next_usec = free_at;
		return true;
	}
	return false;
}

struct talk *talks_find(struct talks *talks, const struct talk *talk, uint64_t now, bool follows,
			uint64_t *next_usec)
{
	struct talk *slot = NULL;
	size_t n = 0;

	for (size_t i = 0; i < TALKS_MAX; i++) {
		struct talk *other = &talks->list[i];

		if (!other->id) {
			slot = other;
			continue;
		}
		if (is_same(&other->to, &talk->to))
			return NULL;
		n += strcmp(other->server, talk->server) == 0;
	}
	if (n >= talks->server_max)
		return NULL;
	return follows || !is_paused(talks, &talk->to, now, next_usec) ? slot : NULL;
}

void talks_start(struct talks *talks, struct talk *talk, uint64_t now)
{
	struct recent *oldest = &talks->recent[0];

	/* The oldest is forgotten: so many starts within one pause would be the smaller trouble. */
	for (size_t i = 0; i < TALKS_RECENT_MAX; i++)
		if (talks->recent[i].started_usec < oldest->started_usec)
			oldest = &talks->recent[i];
	*oldest = (struct recent){ .to = talk->to, .started_usec = now };
	talk->id = ++talks->last_id;
}
