// SPDX-License-Identifier: LGPL-2.1-or-later
/* A container is looked for after a listener in its place went with its process, several times,
 * since its last processes are still dying then and the next container is not there yet; when a
 * listener opens in a container of its name elsewhere; and at the slow wake-up. A path, a
 * namespace's own name, is looked at on the same occasions. */
#include "agent/daemon/places.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/netns.h"
#include "base/text.h"
#include "observe/owner/cgroup_path.h"
#include "observe/owner/container.h"
#include "observe/owner/process.h"

#define AFTER_CLOSING_USEC \
	(100 * USEC_PER_MSEC) /* the last processes of a container are dying by then */
#define AGAIN_USEC (1 * USEC_PER_SEC)
#define LOOKS	   8			 /* after a closing; then the slow wake-up does */
#define PAUSE_USEC (250 * USEC_PER_MSEC) /* between two looks: each goes through all processes */

static const char nowhere[] = "/proc/0/ns/net"; /* no process has this id */

struct search {				       /* for one place of the table */
	char container[CONFIG_CONTAINER_SIZE]; /* as people call it; empty: there is a path */
	char netns[CONFIG_PATH_SIZE];	       /* the path; empty too: our own namespace */
	struct container_place found;	       /* where the container was seen last */
	bool is_untold;			       /* it was found to be another, and nobody knows */
	unsigned int looks;		       /* that follow upon a closing */
	uint64_t look_usec;		       /* the next one; USEC_NEVER: none is planned */
	uint64_t looked_usec;
};

struct places {
	struct core *core;
	const char *root;
	const struct places_callbacks *callbacks;
	void *userdata;
	struct place_table table;
	struct search searches[PLACES_MAX]; /* one for each of the table */
	struct container_names names;
};

static bool is_host(const struct search *search)
{
	return !*search->container && !*search->netns;
}

static void plan(struct places *places)
{
	uint64_t next = USEC_NEVER;

	for (size_t i = 0; i < places->table.n; i++)
		if (places->searches[i].look_usec < next)
			next = places->searches[i].look_usec;
	timers_set(core_timers(places->core), TIMER_PLACE, next);
}

static void say_failure(const struct search *search, struct service_place *place, int r)
{
	bool failed = r < 0 && r != -ESRCH;

	if (failed && !place->unknown && r == -ENOTUNIQ)
		(void)log_error(0,
				"\"netns = container:%s\" may mean several running containers: "
				"write its name, or more of its id",
				search->container);
	else if (failed && !place->unknown)
		(void)log_error(r, "Cannot look for the container %s in /proc, or into it",
				search->container);
	place->unknown = failed;
}

static bool find_container(struct places *places, struct search *search,
			   struct service_place *place)
{
	struct container_place found = { 0 };
	int r = container_find(&places->names, places->root, search->container, &found);
	bool changed;

	/* It may well run outside of our pid namespace. */
	if (r == -ESRCH && !place->netns && !place->netns_before && process_is_inside())
		r = -EACCES;

	say_failure(search, place, r);
	if (r < 0 && r != -ESRCH) { /* we could not see: what was known still is */
		if (!place->netns)
			(void)text_copy(place->path, sizeof(place->path), nowhere);
		return false;
	}
	/* Numbers of namespaces are used again: another first process is another container. */
	changed = r < 0 ? place->netns != 0
			: found.netns != place->netns || found.pid != search->found.pid;
	place->netns = r < 0 ? 0 : found.netns;
	place->pid = r < 0 ? 0 : found.pid;
	(void)text_copy(place->path, sizeof(place->path), r < 0 ? nowhere : found.path);
	if (r >= 0)
		search->found = found;
	return changed;
}

static bool find_path(const struct search *search, struct service_place *place)
{
	uint32_t netns = 0;
	bool changed;

	(void)netns_inode(*search->netns ? search->netns : NULL, &netns);
	(void)text_copy(place->path, sizeof(place->path), search->netns);
	changed = netns != place->netns;
	place->netns = netns;
	return changed;
}

/* True when it is another than what was told of last. */
static bool find(struct places *places, size_t i)
{
	struct search *search = &places->searches[i];
	struct service_place *place = &places->table.list[i];
	bool changed;

	if (place->netns)
		place->netns_before = place->netns;
	changed = *search->container ? find_container(places, search, place)
				     : find_path(search, place);
	if (changed && places->callbacks->found)
		places->callbacks->found(places->userdata);
	search->is_untold |= changed;
	return search->is_untold;
}

/* What is said of it when nobody listens there. */
static void describe(const struct search *search, const struct service_place *place, char *to)
{
	uint32_t before = place->netns_before;
	char what[CONFIG_PATH_SIZE];

	if (!*search->container)
		(void)text_format(what, sizeof(what), "the network namespace of %s", search->netns);
	else
		(void)text_format(what, sizeof(what), "container %s", search->container);
	if (*search->container && cgroup_is_container_id(search->found.id))
		(void)text_append(what, sizeof(what), " (%.12s)", search->found.id);
	if (!before)
		(void)text_format(to, FACT_DETAIL_SIZE, "%s is not there", what);
	else if (!place->netns)
		(void)text_format(to, FACT_DETAIL_SIZE,
				  "%s is gone, and with it network namespace %u", what, before);
	else
		(void)text_format(to, FACT_DETAIL_SIZE,
				  "%s was made anew: network namespace %u is gone, in the new one, "
				  "%u, nobody listens",
				  what, before, place->netns);
}

static void compare(struct places *places, size_t i, bool seen)
{
	places->searches[i].is_untold = false;
	if (places->callbacks->compare)
		places->callbacks->compare(i, seen, places->userdata);
}

static void tell(struct places *places, size_t i, bool seen)
{
	const struct service_place *place = &places->table.list[i];
	const struct service_set *services = core_services(places->core);
	struct fact fact = core_fact(places->core, FACT_PLACE, 0);

	fact.place.place = place->netns ? PLACE_MOVED : PLACE_GONE;
	describe(&places->searches[i], place, fact.place.detail);
	for (size_t k = 0; k < services->n; k++) {
		if (services->list[k].place != i)
			continue;
		fact.service = k;
		(void)core_post(places->core, &fact);
	}
	compare(places, i, seen);
}

void places_find(struct places *places)
{
	for (size_t i = 0; i < places->table.n; i++)
		(void)find(places, i);
}

void places_tell(struct places *places, bool seen)
{
	for (size_t i = 0; i < places->table.n; i++) {
		const struct service_place *place = &places->table.list[i];

		if (place->netns)
			compare(places, i, seen);
		else if (!place->unknown) /* else nothing is known, and nothing is claimed */
			tell(places, i, seen);
	}
}

static void look(struct places *places, size_t i, uint64_t now)
{
	struct search *search = &places->searches[i];
	const struct service_place *place = &places->table.list[i];

	search->look_usec = USEC_NEVER;
	search->looked_usec = now;
	if (search->looks > 0 && --search->looks > 0)
		search->look_usec = now + AGAIN_USEC;
	if (!find(places, i))
		return;
	if (place->netns && *search->container && places->callbacks->made_anew)
		places->callbacks->made_anew(i, places->userdata);
	if (place->netns && place->netns_before)
		log_info("Services are expected in network namespace %u now; it was %u",
			 place->netns, place->netns_before);
	tell(places, i, true);
}

void places_look(struct places *places)
{
	for (size_t i = 0; i < places->table.n; i++)
		look(places, i, core_now(places->core).usec);
	plan(places);
}

static void on_due(void *userdata)
{
	struct places *places = userdata;
	uint64_t now = core_now(places->core).usec;

	for (size_t i = 0; i < places->table.n; i++)
		if (places->searches[i].look_usec <= now)
			look(places, i, now);
	plan(places);
}

static void look_after(struct places *places, size_t i, uint64_t usec)
{
	struct search *search = &places->searches[i];
	uint64_t at = core_now(places->core).usec + usec;

	if (at < search->looked_usec + PAUSE_USEC)
		at = search->looked_usec + PAUSE_USEC;
	if (at < search->look_usec)
		search->look_usec = at;
	plan(places);
}

bool places_find_way(struct places *places, size_t i)
{
	bool is_same = i < places->table.n && !find(places, i);

	if (!is_same && i < places->table.n)
		look_after(places, i, 0);
	return is_same;
}

void places_on_change(struct places *places, const struct listener_change *change)
{
	const struct listener *listener = change->listener;

	for (size_t i = 0; i < places->table.n; i++) {
		struct search *search = &places->searches[i];
		bool is_here = place_is_here(&places->table.list[i], listener->netns);

		if (is_host(search)) /* the host's is always there */
			continue;
		if (change->kind == LISTENER_OPENED) {
			if (!is_here && container_is(search->container, listener->container,
						     listener->container_name))
				look_after(places, i, 0);
		} else if (is_here && (change->end.exiting || change->kind == LISTENER_GONE)) {
			/* Else somebody lives in it. */
			search->looks = LOOKS;
			look_after(places, i, AFTER_CLOSING_USEC);
		}
	}
}

static bool is_said(const struct search *search, const struct config *config)
{
	return strcmp(search->container, config->container) == 0 &&
	       strcmp(search->netns, config->netns) == 0;
}

void places_configure(struct places *places, const struct config *config)
{
	struct search *search = &places->searches[0];

	(void)netns_inode(NULL, &places->table.host_netns);
	if (places->table.n > 0 && is_said(search, config))
		return;
	*search = (struct search){ .look_usec = USEC_NEVER };
	places->table.list[0] = (struct service_place){ 0 };
	if (!places->table.n)
		places->table.n = 1;
	(void)text_copy(search->container, sizeof(search->container), config->container);
	(void)text_copy(search->netns, sizeof(search->netns), config->netns);
	plan(places);
}

static bool is_in_use(const struct places *places, const struct service_set *services, size_t i)
{
	const struct service_set *now = core_services(places->core);
	const char *name = places->searches[i].container;

	for (size_t k = 0; k < now->n; k++)
		if (now->list[k].place == i)
			return true;
	for (size_t k = 0; k < services->n; k++)
		if (strcmp(services->list[k].server.container, name) == 0)
			return true;
	return false;
}

/* The place of the container @name, made when there is none; 0 when there is no room: then it is
 * what a client of the host sees that counts. */
static size_t place_of_container(struct places *places, const char *name,
				 const struct service_set *services)
{
	size_t i;

	for (i = 1; i < places->table.n; i++)
		if (strcmp(places->searches[i].container, name) == 0)
			return i;
	for (i = 1; i < places->table.n && is_in_use(places, services, i); i++)
		;
	if (i == PLACES_MAX)
		return 0;
	if (i == places->table.n)
		places->table.n++;
	places->searches[i] = (struct search){ .look_usec = USEC_NEVER };
	places->table.list[i] = (struct service_place){ 0 };
	(void)text_copy(places->searches[i].container, sizeof(places->searches[i].container), name);
	(void)find(places, i);
	return i;
}

void places_assign(struct places *places, const struct config *config, struct service_set *services)
{
	for (size_t k = 0; k < services->n; k++) {
		struct service *service = &services->list[k];

		service->place = 0;
		if (*service->server.container && config_is_on_host(config))
			service->place =
				place_of_container(places, service->server.container, services);
	}
}

void places_on_container(struct places *places, const char *name)
{
	for (size_t i = 0; i < places->table.n; i++) {
		if (strcmp(places->searches[i].container, name) != 0)
			continue;
		places->searches[i].looks = LOOKS;
		look_after(places, i, 0);
	}
}

pid_t places_process(struct places *places, const struct config *config)
{
	struct container_place found;

	if (!*config->container)
		return 0;
	if (places->table.n > 0 && is_said(&places->searches[0], config))
		return places->table.list[0].netns ? places->table.list[0].pid : 0;
	return container_find(&places->names, places->root, config->container, &found) < 0
		       ? 0
		       : found.pid;
}

const struct place_table *places_table(const struct places *places)
{
	return &places->table;
}

int places_new(struct core *core, const char *root, const struct places_callbacks *callbacks,
	       void *userdata, struct places **ret)
{
	struct places *places = calloc(1, sizeof(*places));

	if (!places)
		return -ENOMEM;
	places->core = core;
	places->root = root;
	places->callbacks = callbacks;
	places->userdata = userdata;
	timers_handle(core_timers(core), TIMER_PLACE, 0, on_due, places);
	*ret = places;
	return 0;
}

void places_free(struct places *places)
{
	free(places);
}
