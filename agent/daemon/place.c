// SPDX-License-Identifier: LGPL-2.1-or-later
/* The network namespace where services are expected: found, and followed when a container that is
 * started anew gets another. Nothing of it is kept open: that would keep alive what its container
 * has left. */
#include "agent/daemon/daemon.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/netns.h"
#include "base/text.h"
#include "observe/owner/cgroup_path.h"

#define AFTER_CLOSING_USEC \
	(100 * USEC_PER_MSEC) /* the last processes of a container are dying by then */
#define AGAIN_USEC (1 * USEC_PER_SEC)
#define LOOKS	   8			 /* after a closing; then the slow wake-up does */
#define PAUSE_USEC (250 * USEC_PER_MSEC) /* between two looks: each goes through all processes */

static const char nowhere[] = "/proc/0/ns/net"; /* no process has this id */

static void say_failure(struct daemon *daemon, int r)
{
	bool failed = r < 0 && r != -ESRCH;

	if (failed && !daemon->place_failed && r == -ENOTUNIQ)
		(void)log_error(0,
				"\"netns = container:%s\" may mean several running containers: "
				"write its name, "
				"or more of its id",
				daemon->config.container);
	else if (failed && !daemon->place_failed)
		(void)log_error(r, "Cannot look for the container %s in /proc, or into it",
				daemon->config.container);
	daemon->place_failed = failed;
}

static bool find_container(struct daemon *daemon)
{
	struct container_place place = { 0 };
	int r = container_find(&daemon->container_names, "", daemon->config.container, &place);
	bool changed;

	say_failure(daemon, r);
	if (r < 0 && r != -ESRCH) { /* we could not see: what was known still is */
		if (!daemon->netns)
			(void)text_copy(daemon->netns_path, sizeof(daemon->netns_path), nowhere);
		return false;
	}
	/* Numbers of namespaces are used again: another first process is another container. */
	changed = r < 0 ? daemon->netns != 0
			: place.netns != daemon->netns || place.pid != daemon->container.pid;
	daemon->netns = r < 0 ? 0 : place.netns;
	(void)text_copy(daemon->netns_path, sizeof(daemon->netns_path),
			r < 0 ? nowhere : place.path);
	if (r >= 0)
		daemon->container = place;
	return changed;
}

static bool find_path(struct daemon *daemon)
{
	uint32_t netns = 0;
	bool changed;

	(void)netns_inode(*daemon->config.netns ? daemon->config.netns : NULL, &netns);
	(void)text_copy(daemon->netns_path, sizeof(daemon->netns_path), daemon->config.netns);
	changed = netns != daemon->netns;
	daemon->netns = netns;
	return changed;
}

bool place_find(struct daemon *daemon)
{
	bool changed = *daemon->config.container ? find_container(daemon) : find_path(daemon);

	if (daemon->observer)
		observer_expect(daemon->observer, &daemon->netns, daemon->netns != 0);
	return changed;
}

/* What is said of it when nobody listens there; @before: the inode that it had, 0: none that is
 * known. */
static void describe(const struct daemon *daemon, uint32_t before, char *to)
{
	const struct config *config = &daemon->config;
	char what[CONFIG_PATH_SIZE];

	if (!*config->container)
		(void)text_format(what, sizeof(what), "the network namespace of %s", config->netns);
	else
		(void)text_format(what, sizeof(what), "container %s", config->container);
	if (*config->container && cgroup_is_container_id(daemon->container.id))
		(void)text_append(what, sizeof(what), " (%.12s)", daemon->container.id);
	if (!before)
		(void)text_format(to, FACT_DETAIL_SIZE, "%s is not there", what);
	else if (!daemon->netns)
		(void)text_format(to, FACT_DETAIL_SIZE,
				  "%s is gone, and with it network namespace %u", what, before);
	else
		(void)text_format(to, FACT_DETAIL_SIZE,
				  "%s was made anew: network namespace %u is gone, in the new one, "
				  "%u, nobody listens",
				  what, before, daemon->netns);
}

static void tell(struct daemon *daemon, enum place place, uint32_t before, bool seen)
{
	struct fact fact = { .kind = FACT_PLACE };

	fact.place.place = place;
	describe(daemon, before, fact.place.detail);
	for (size_t i = 0; i < daemon->intent.services.n; i++) {
		fact.service = i;
		facts_feed(daemon, &fact);
	}
	facts_compare_all(daemon, seen);
}

void place_tell(struct daemon *daemon, bool seen)
{
	if (daemon->netns)
		facts_compare_all(daemon, seen);
	else if (!daemon->place_failed) /* else nothing is known, and nothing is claimed */
		tell(daemon, PLACE_GONE, daemon->netns_before, seen);
}

void place_look(struct daemon *daemon)
{
	uint64_t now = daemon_now(daemon).usec;

	daemon->place_usec = USEC_NEVER;
	daemon->placed_usec = now;
	if (daemon->place_looks > 0 && --daemon->place_looks > 0)
		daemon->place_usec = now + AGAIN_USEC;
	if (daemon->netns)
		daemon->netns_before = daemon->netns;
	if (!place_find(daemon))
		return;
	if (daemon->netns && *daemon->config.container)
		daemon->rerender_usec = now; /* its servers have read their files anew */
	if (daemon->netns && daemon->netns_before)
		log_info("Services are expected in network namespace %u now; it was %u",
			 daemon->netns, daemon->netns_before);
	tell(daemon, daemon->netns ? PLACE_MOVED : PLACE_GONE, daemon->netns_before, true);
}

static void look_after(struct daemon *daemon, uint64_t usec)
{
	uint64_t at = daemon_now(daemon).usec + usec;

	if (at < daemon->placed_usec + PAUSE_USEC)
		at = daemon->placed_usec + PAUSE_USEC;
	if (at < daemon->place_usec)
		daemon->place_usec = at;
	daemon_arm(daemon);
}

void place_on_change(struct daemon *daemon, const struct listener_change *change)
{
	const struct listener *listener = change->listener;

	if (config_is_on_host(&daemon->config))
		return; /* the host's is always there */
	if (change->kind == LISTENER_OPENED) {
		if (container_is(daemon->config.container, listener->container,
				 listener->container_name) &&
		    listener->netns != daemon->netns)
			look_after(daemon, 0);
	} else if (listener->netns == daemon->netns &&
		   (change->end.exiting || change->kind == LISTENER_GONE)) {
		/* Else somebody lives in it. */
		daemon->place_looks = LOOKS;
		look_after(daemon, AFTER_CLOSING_USEC);
	}
}
