/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One question to a runtime: a connection of its own to its socket, and all that comes back until
 * it closes it, bounded in bytes and time. */
#ifndef RUNTIME_QUESTION_H
#define RUNTIME_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "observe/runtime/http.h"

#define QUESTION_PATH_MAX 512

struct question;

/* Bytes have come (@r 1), the other end has closed (0), or it failed (-errno: -ETIMEDOUT, -EFBIG,
 * -EBADMSG, ...). After 0 or less it is over, and the callee may ask with it anew. */
typedef void (*question_heard)(struct question *question, int r, void *userdata);

struct question { /* zeroed: idle */
	sd_event *event;
	sd_event_source *io, *timer;
	int fd;
	bool is_open, has_head;
	struct http_answer head;
	char *bytes; /* from the status line on; the body alone once the head is read */
	size_t n, max;
	question_heard heard;
	void *userdata;
};

/* Connects to @socket and asks "@method @path". At most @max bytes are kept at a time; within
 * @timeout_usec it has to be over (USEC_NEVER: it may go on for ever). Returns 0 or -errno. */
int question_ask(struct question *question, sd_event *event, const char *socket, const char *method,
		 const char *path, size_t max, uint64_t timeout_usec, question_heard heard,
		 void *userdata);

/* Forgets the first @n bytes of the body. */
void question_consume(struct question *question, size_t n);

/* Who answers lives in our pid namespace, so its numbers are those of our processes. */
bool question_pids_are_ours(const struct question *question);

void question_close(struct question *question);

#endif
