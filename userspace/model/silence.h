/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A silence: of whom an operator wants no alert and no repair, until when, and why. One file each,
 *of "key = value" lines, so that a package's hook can write one too:
 *
 *	target = dovecot.service
 *	for = 10min
 *	reason = upgrade
 *
 * Pure. */
#ifndef MODEL_SILENCE_H
#define MODEL_SILENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/service.h"

#define SILENCE_DIRECTORY   "silence.d"
#define SILENCE_FILE_MAX    4096
#define SILENCE_TEXT_SIZE   512
#define SILENCE_REASON_SIZE 128
#define SILENCE_LONGEST_SEC (366 * UINT64_C(86400))
#define SILENCES_MAX	    64

struct silence {
	char target[UNIT_NAME_SIZE]; /* "all", a unit, a service's name, or its port */
	uint64_t until_sec;	     /* of time(2) */
	char reason[SILENCE_REASON_SIZE];
};

/* The text of a file that was written at @written_sec, which "for =" counts from; "until =" is of
 * time(2). Without a target it is of all. Returns 0, or -EINVAL with @why for people. */
int silence_parse(const char *text, uint64_t written_sec, struct silence *ret, char *why,
		  size_t size);

/* What silence_parse() reads. */
int silence_format(const struct silence *silence, char *to, size_t size);

/* "dovecot" is dovecot.service too, and postfix every instance of it. */
bool silence_covers(const struct silence *silence, const struct service *service);

/* "dovecot.service until 2026-11-27 15:00:00 UTC (upgrade)" */
void silence_tell(const struct silence *silence, char *to, size_t size);

/* Of @n, the one of @service that lasts longest at @now_sec; NULL: none. */
const struct silence *silence_find(const struct silence *list, size_t n,
				   const struct service *service, uint64_t now_sec);

#endif
