/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the network namespaces where services are expected, and follows them when a container that
 * is started anew gets another. Nothing of them is kept open: that would keep alive what its
 * container has left. */
#ifndef PLACES_H
#define PLACES_H

#include "agent/daemon/core.h"
#include "agent/daemon/place_table.h"
#include "observe/kernel/observer.h"

struct places;

struct places_callbacks { /* may be NULL */
	/* What listens in @place is to be compared with what is expected. @seen: it came to be so
	 * while we looked. */
	void (*compare)(size_t place, bool seen, void *userdata);
	/* A container was made anew: its servers have read their files. */
	void (*made_anew)(size_t place, void *userdata);
	/* The table is another. */
	void (*found)(void *userdata);
};

/* @root: "" but in tests, as for container_find(). @callbacks and @root must outlive it. Returns 0
 * or -ENOMEM. */
int places_new(struct core *core, const char *root, const struct places_callbacks *callbacks,
	       void *userdata, struct places **ret);
void places_free(struct places *places);
DEFINE_FREEP(struct places, places_free)

/* Valid as long as @places, and always true to what was found last. */
const struct place_table *places_table(const struct places *places);

/* Takes over what @config says of where. What is the same as before keeps what is known of it. */
void places_configure(struct places *places, const struct config *config);

/* Gives each of @services its place: that of its container where it has one, else what @config
 * says. Places that neither they nor the services until now are in make room for new ones. */
void places_assign(struct places *places, const struct config *config,
		   struct service_set *services);

/* Something has become of this container: finds it anew soon. */
void places_on_container(struct places *places, const char *name);

/* The container's process in which the servers that @config expects live, perhaps another container
 * than now; 0: none is said, or it is not there. */
pid_t places_process(struct places *places, const struct config *config);

/* Finds all of them anew, and tells nobody: for who tells all of it afterwards. */
void places_find(struct places *places);

/* Tells the judge where they are, and what listens there. */
void places_tell(struct places *places, bool seen);

/* Finds them and tells of each that is another. */
void places_look(struct places *places);

/* A way into @place leads nowhere: finds it anew. True when it still is the same place, by another
 * way; else what became of it is told soon. */
bool places_find_way(struct places *places, size_t place);

/* A listener somewhere came or went: sees to it that a place is looked for when that may matter. */
void places_on_change(struct places *places, const struct listener_change *change);

#endif
