/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events that wait for the hook: DIRECTORY/spool/NUMBER.json, one record (record_json.h) each, in
 * the order of their numbers. The daemon puts, whoever delivers takes; neither needs the other to
 * live. */
#ifndef SPOOL_H
#define SPOOL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOL_DIRECTORY_NAME "spool"
#define SPOOL_MAX	     1000 /* events; the oldest make room, and the next one tells how many */

struct spool {		  /* of who puts; zeroed is a valid start */
	uint64_t next;	  /* number */
	size_t n_dropped; /* since the last event that told of it, as its "dropped" */
	bool has_counted; /* the directory was looked at */
	size_t n;	  /* that wait, at most: others only take */
};

/* Puts @record behind all others. Returns 0 or -errno. */
int spool_put(struct spool *spool, const char *directory, json_t *record);

/* The first that waits. Returns 0, -ENOENT (none), -EBADMSG (it is no object; *@ret_path says
 * which) or -errno. The caller releases *@ret. */
int spool_first(const char *directory, char *ret_path, size_t size, json_t **ret);

#endif
