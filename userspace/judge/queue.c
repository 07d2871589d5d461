// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/queue.h"

#include <inttypes.h>

#include "base/text.h"
#include "judge/policy.h"

/* Without one of these, a queue that is as long as before may have been emptied and filled again.
 */
static bool can_tell(const struct queue *queue)
{
	return queue->counts_accepts || queue->counts_arrivals;
}

static bool has_moved(const struct queue_track *track, const struct queue *queue)
{
	if (queue->queued < track->queued)
		return true;
	if (queue->counts_accepts && queue->accepted != track->then.accepted)
		return true;
	return queue->counts_arrivals &&
	       queue->arrived - track->then.arrived > queue->queued - track->then.queued;
}

static const struct queue_track *find(const struct queue_tracks *tracks, uint64_t cookie)
{
	for (size_t i = 0; i < tracks->n; i++)
		if (tracks->list[i].then.cookie == cookie)
			return &tracks->list[i];
	return NULL;
}

static void describe(const struct queue_track *track, const struct queue *queue, uint64_t now_usec,
		     char *to)
{
	char address[ADDRESS_TEXT_SIZE], waited[32], ago[32];

	address_show(&queue->address, address);
	text_show_duration(now_usec - track->since_usec, waited, sizeof(waited));
	(void)text_format(to, RECORD_DETAIL_SIZE,
			  "at %s, %u client%s wait%s (limit %u) and none was accepted for %s",
			  address, queue->queued, queue->queued == 1 ? "" : "s",
			  queue->queued == 1 ? "s" : "", queue->backlog, waited);
	if (queue->counts_arrivals)
		(void)text_append(to, RECORD_DETAIL_SIZE, ", in which %" PRIu64 " more arrived",
				  queue->arrived - track->then.arrived);
	if (queue->counts_accepts && queue->last_accept_usec &&
	    queue->last_accept_usec < now_usec) {
		text_show_duration(now_usec - queue->last_accept_usec, ago, sizeof(ago));
		(void)text_append(to, RECORD_DETAIL_SIZE, "; the last accept was %s ago", ago);
	}
}

bool queues_stand(const struct policy *policy, struct queue_tracks *tracks,
		  const struct queue *queues, size_t n, uint64_t now_usec, uint64_t *ret_since_usec,
		  char *detail)
{
	struct queue_tracks fresh = { 0 };
	bool stand = false;

	*detail = '\0';
	for (size_t i = 0; i < n && i < FACT_QUEUES_MAX; i++) {
		const struct queue *queue = &queues[i];
		const struct queue_track *known = find(tracks, queue->cookie);
		struct queue_track *track;

		if (queue->queued == 0 || !can_tell(queue))
			continue;
		track = &fresh.list[fresh.n++];
		if (!known || has_moved(known, queue)) {
			track->then = *queue;
			track->queued = queue->queued;
			track->since_usec = now_usec;
			continue;
		}
		*track = *known;
		track->queued = queue->queued;
		track->looks++;
		if (track->looks < QUEUE_LOOKS_MIN ||
		    now_usec < track->since_usec + policy->queue_patience_usec)
			continue;
		if (!stand || track->since_usec < *ret_since_usec) {
			describe(track, queue, now_usec, detail);
			*ret_since_usec = track->since_usec;
		}
		stand = true;
	}
	*tracks = fresh;
	return stand;
}
