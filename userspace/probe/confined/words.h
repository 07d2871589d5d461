/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the prober writes to its stderr: a pipe of its own, and not the daemon's. It may have been
 * taken over, and must be able neither to speak in the daemon's name nor to fill its log. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>
#include <systemd/sd-event.h>

struct words {
	int fd;	  /* -1: nothing is heard */
	size_t n; /* bytes heard of this child */
	sd_event_source *source;
};

/* In the child: @mouth becomes its stderr. -1: it is silent. */
void words_give(int mouth);

/* Logs what comes out of @fd, which it takes, line by line, until it has been too much. Never worth
 * an error: it is only words. */
void words_hear(struct words *words, sd_event *event, int fd);

/* Hears the last ones, and no more. */
void words_close(struct words *words);

#endif
