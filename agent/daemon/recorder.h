/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "record = FILE": what the judge is told and what it does, as judge/recording/recording.h has it.
 *
 * FILE is of mode 0600. When it is full it becomes FILE.1, in the place of an older one, and FILE
 * begins anew with all that is held then: each can be replayed by itself. What cannot be written is
 * said, once, and tried again a minute later; nothing else waits for it. */
#ifndef RECORDER_H
#define RECORDER_H

#include "base/cleanup.h"
#include "judge/recording/recording.h"

#define RECORDER_BYTES	    (16 * 1024 * 1024) /* of one file */
#define RECORDER_AGAIN_USEC (60 * USEC_PER_SEC)

struct recorder;

/* A file has @bytes, and what one more fact takes. Returns 0 or -ENOMEM. */
int recorder_new(uint64_t bytes, struct recorder **ret);
void recorder_free(struct recorder *recorder);
DEFINE_FREEP(struct recorder, recorder_free)

/* From now on into @path; "": nowhere. */
void recorder_follow(struct recorder *recorder, const char *path);

/* The judge has become another one by what is no fact: the next fact begins a recording. With NULL
 * these do nothing. */
void recorder_begin_anew(struct recorder *recorder);

/* It has taken another set. */
void recorder_set(struct recorder *recorder, const struct judge *judge, struct moment now);

/* Before it is told @fact, and after. */
void recorder_fact(struct recorder *recorder, const struct judge *judge, const struct fact *fact,
		   struct moment now);
void recorder_did(struct recorder *recorder, const struct judge *judge, const struct fact *fact,
		  struct moment now, const struct actions *actions);

#endif
