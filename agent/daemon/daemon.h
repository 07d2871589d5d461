/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon: the only place that knows every part. Facts come in from the observer, the prober and
 * systemd; the judge says what follows; the actions are carried out, and what they lead to are
 * facts again. "check" is the same with one round and no report.
 *
 * Private to agent/: daemon.c (life and loop), facts.c, binds.c, place.c and queues.c (events to
 * facts), carry.c (actions), rounds.c (conversations), degraded.c (what is not seen), view.c (what
 * is known, for the files). */
#ifndef DAEMON_H
#define DAEMON_H

#include <systemd/sd-event.h>

#include "act/systemd.h"
#include "agent/daemon/background.h"
#include "agent/daemon/rounds.h"
#include "intent/config/config.h"
#include "intent/merge/intent.h"
#include "judge/judge.h"
#include "model/bind_error.h"
#include "model/view.h"
#include "observe/kernel/accept_watch.h"
#include "observe/kernel/bind_watch.h"
#include "observe/kernel/observer.h"
#include "observe/owner/container.h"
#include "probe/certificate/stale.h"
#include "probe/confined/prober.h"
#include "report/damper.h"
#include "report/journal.h"

#define DAEMON_UNITS_MAX   64 /* units whose state is followed */
#define DAEMON_REPAIRS_MAX 8  /* at a time; one more is refused, and tried again after its pause */

enum degradation { /* why less is seen than should be; several may be at a time */
		   DEGRADED_OBSERVER, /* polling, or blind */
		   DEGRADED_BINDS,
		   DEGRADED_ACCEPTS,
		   DEGRADED_EVENTS,
		   DEGRADED_FLOOD,
		   DEGRADED_FULL,
		   DEGRADED_OPENERS,
		   DEGRADED_SNAPSHOT,
		   DEGRADED_PROBER,
};
#define DEGRADATIONS  (DEGRADED_PROBER + 1)
#define DEGRADED_SIZE 256

struct repair { /* under way; free while its incident is empty */
	struct daemon *daemon;
	char incident[INCIDENT_ID_SIZE];
	char target[BUDGET_TARGET_SIZE];
	struct background command; /* of a restart-command; else systemd works on it */
};

enum { FILES_CONFIG, FILES_DECLARED, FILES_COUNT };

struct watched_files { /* for changes; see source_watch.h */
	struct file_watch *watch;
	sd_event_source *source;
	bool changed;
};

struct daemon {
	const char *config_path; /* NULL: the default one */
	bool once;		 /* check: one round, nothing is written or repaired */
	sd_event *event;
	struct config config;
	struct intent intent;
	struct last_good last_good; /* what the sources said when they could last be read */
	struct observer *observer;  /* NULL: blind, and said so */
	struct bind_watch *binds;   /* NULL: failed binds are not seen, and said so */
	struct accept_watch
		*accepts; /* NULL: accepts are not counted; said so where they should be */
	uint64_t bind_failures[BIND_ERROR_COUNT];
	struct judge *judge;
	struct prober *prober;
	struct stale *stale;	 /* certificates on disk */
	struct systemd *systemd; /* NULL: no bus */
	struct journal journal;
	struct damper damper; /* before it */
	struct round *rounds; /* one a service */
	struct rounds talking;
	uint64_t generation;   /* of the service set: answers to older ones are dropped */
	uint32_t netns;	       /* inode where services are expected; 0: not there now */
	uint32_t host_netns;   /* our own */
	uint32_t netns_before; /* the last one that was there */
	char netns_path[CONFIG_PATH_SIZE]; /* leads there; empty: our own */
	struct container_place
		container; /* while config.container is said: where it was seen last */
	struct container_names container_names;
	bool place_failed;				   /* and said so */
	char degradations[DEGRADATIONS][DEGRADED_SIZE];	   /* empty: not so */
	char degraded[DEGRADATIONS * (DEGRADED_SIZE + 2)]; /* all of them */
	char notice[512];
	int lock_fd;
	bool reloading; /* SIGHUP: READY=1 is owed */
	bool started;	/* the first snapshot is taken: changes are facts from now on */
	bool dirty;	/* the files no longer tell the truth */
	uint64_t written_usec, heartbeat_usec, snapshot_usec, rerender_usec; /* when; USEC_NEVER */
	uint64_t place_usec, placed_usec; /* when the namespace is looked for next; was last */
	unsigned int place_looks;	  /* that follow upon a closing */
	uint64_t files_usec, precheck_usec, queues_usec;
	uint64_t rerender_latest_usec; /* however often it is put off */
	uint64_t rerendered_usec;      /* when last */
	uint64_t answers_usec;	       /* when conversations that changed nothing are written down;
					  USEC_NEVER */
	uint64_t flood_usec;	       /* when a flood will be over, if nothing more is heard of it;
					  USEC_NEVER */
	struct watched_files files[FILES_COUNT];
	struct intent_tools
		tools; /* what the servers' own programs said, while the sources are read */
	struct background tool; /* the one that runs */
	struct repair repairs[DAEMON_REPAIRS_MAX];
	char prechecks[DAEMON_REPAIRS_MAX]
		      [INCIDENT_ID_SIZE];   /* under way, see precheck.h; empty: free */
	char server_name[CONFIG_HOST_SIZE]; /* what clients call this host */
	sd_event_source *timer;
	bool textfile_failed, status_failed;
};

int daemon_new(const char *config_path, bool once, struct daemon **ret);
void daemon_free(struct daemon *daemon);
DEFINE_FREEP(struct daemon, daemon_free)

/* Reads configuration and sources, attaches, takes the first snapshot. Says itself what is wrong;
 * returns 0 or an exit code above 0. */
int daemon_start(struct daemon *daemon);

/* Runs until it is told to end; returns an exit code. */
int daemon_run(struct daemon *daemon);

struct moment daemon_now(const struct daemon *daemon);

/* Sees that the timer fires for whatever comes next. */
void daemon_arm(struct daemon *daemon);

/* facts.c */
void facts_on_change(const struct listener_change *change, void *userdata);
void facts_on_unit(const char *unit, enum unit_state state, bool job, bool stopped_by_job,
		   void *userdata);
void facts_feed(struct daemon *daemon, const struct fact *fact);

/* Compares every service with the inventory and feeds what differs. @seen: the change happened
 * while we looked. */
void facts_compare_all(struct daemon *daemon, bool seen);

/* place.c: where the services are expected. */

/* Finds that namespace; true when it is another than before. Tells nobody. */
bool place_find(struct daemon *daemon);

/* Tells the judge where it is, and what listens there. @seen: it came to be so while we looked. */
void place_tell(struct daemon *daemon, bool seen);

/* Finds it and, when it is another, tells: a container that restarts is followed. */
void place_look(struct daemon *daemon);

/* A listener somewhere came or went: sees to it that the namespace is looked for when that may
 * matter. */
void place_on_change(struct daemon *daemon, const struct listener_change *change);

/* degraded.c: says and shows it, once, until its end. */
void degraded_begin(struct daemon *daemon, enum degradation which, const char *why);
void degraded_end(struct daemon *daemon, enum degradation which, const char *what);

/* An expected namespace's port is flooded; and it is time to look whether it still is. */
void degraded_flooded(struct daemon *daemon, uint16_t port);
void degraded_look(struct daemon *daemon);

/* Bounds what the observer tells, and says when it could not tell all. */
void degraded_watch(struct daemon *daemon);

/* binds.c: watches for failed binds, if this kernel lets us; says itself when not. */
void binds_open(struct daemon *daemon);

/* queues.c: counts accepts on @ports where anything is expected, if this kernel lets us; says
 * itself when not. */
void queues_watch(struct daemon *daemon, const uint16_t *ports, size_t n);
void queues_look_soon(struct daemon *daemon);
void queues_look(struct daemon *daemon); /* it is time */
void queues_after_snapshot(struct daemon *daemon);

/* carry.c */
void carry_out(struct daemon *daemon, const struct actions *actions);
void carry_say_pending(struct daemon *daemon); /* what was held back, when it is time */
void carry_clear(struct daemon *daemon);
void carry_say_observer(struct daemon *daemon, enum record_kind kind, const char *detail);

/* view.c: calls @use with everything that is known. */
int view_with(struct daemon *daemon, int (*use)(const struct view *view, void *userdata),
	      void *userdata);
void view_write_files(struct daemon *daemon);

#endif
