/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conversations with servers. A round asks one service from every vantage, and gives the judge one
 * answer; who may not start yet waits its turn (see talk.h).
 *
 * Each inside conversation is held by the first of the server's names; for the first vantage others
 * follow, by the other names (SNI), and the round has one answer of them all.
 *
 * Beside the round, a header trial may follow upon silence. The injection check follows an inside
 * conversation that got as far as TLS, and the round waits for it, unless a recovery is being
 * proven. */
#ifndef ROUNDS_H
#define ROUNDS_H

#include "agent/daemon/core.h"
#include "agent/daemon/place_table.h"
#include "model/answers.h"
#include "observe/inventory.h"

struct rounds;

struct rounds_manners {
	size_t server_talks_max; /* with one server at a time */
	bool checks_injection;	 /* where the configuration allows it */
};
extern const struct rounds_manners rounds_quiet;   /* for who keeps watch */
extern const struct rounds_manners rounds_hurried; /* for who looks once, and somebody waits */

struct rounds_wiring { /* all of it outlives the rounds, and is read at each use */
	const struct config *config;
	const struct place_table *places;
	const struct server_names *names; /* what clients call this host */
	/* The way into @place leads nowhere: true when it was found anew, as it is in the table. */
	bool (*find_way)(size_t place, void *userdata);
	/* A server did not say a word. May be NULL. */
	void (*silent)(void *userdata);
	/* The prober dies again and again, and why; NULL: it does no longer. */
	void (*troubled)(const char *why, void *userdata);
	void *userdata;
};

/* Answers the judge's ACTION_PROBE from now on. Returns 0 or -ENOMEM. */
int rounds_new(struct core *core, const struct rounds_manners *manners,
	       const struct rounds_wiring *wiring, struct rounds **ret);
void rounds_free(struct rounds *rounds);
DEFINE_FREEP(struct rounds, rounds_free)

/* Starts a prober. What another one before it was asked and has not answered, it is asked again.
 * @program: as for prober_start(). Returns 0, or -errno and the old one goes on. */
int rounds_start_prober(struct rounds *rounds, const char *program, const char *ca_file);

/* Who listens; NULL: nobody knows, and nobody is asked. Must outlive the rounds. */
void rounds_see(struct rounds *rounds, const struct inventory *inventory);

/* Rounds for another set of services, to be taken over by rounds_take() as soon as the core has
 * adopted it; what was learned of services that are in the core's set too is in them. NULL: out of
 * memory. */
struct round *rounds_prepare(const struct rounds *rounds, const struct service_set *fresh);
void rounds_take(struct rounds *rounds, struct round *prepared);

/* Service @i has another listener, perhaps another server: the injection check is due. */
void rounds_on_opened(struct rounds *rounds, size_t i);

/* A fact was taken: where nobody listens any more, what was seen last holds no longer. */
void rounds_note(struct rounds *rounds, const struct fact *fact);

/* Tells again what found no room among the facts, and starts whatever may start by now. */
void rounds_go_on(struct rounds *rounds);

/* What the disk said of its certificate in the last round of service @i. */
enum disk rounds_disk(const struct rounds *rounds, size_t i);

/* The last round of service @i: false when there was none. Borrowed until the next one. */
bool rounds_show(const struct rounds *rounds, size_t i, const struct answer **ret_combined,
		 const struct answers **ret_answers);

#endif
