/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the outlet: writes the status file and the textfile, and says once when it cannot. The
 * status file has a pulse (pulse.h) while it is true. */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>

#include "intent/config/config.h"
#include "model/view.h"

struct files {
	bool textfile_failed, status_failed, pulse_failed; /* and said so */
	int pulse;					   /* -1: there is none */
	char beside[CONFIG_PATH_SIZE];			   /* the status file that it is of */
};

void files_init(struct files *files);
void files_clear(struct files *files);

/* Puts both in their places, as @config has them. */
void files_write(struct files *files, const struct config *config, const struct view *view);

/* Nobody is to believe what stands there. */
void files_disown(struct files *files);

/* Removes what @old wrote and @fresh writes no more. At the end (@fresh is NULL) the textfile
 * stays: without its rows an alert about an outage would be taken for resolved, and when it was
 * written stands in it. */
void files_remove(const struct config *old, const struct config *fresh);

#endif
