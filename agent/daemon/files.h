/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the outlet: writes the status file and the textfile, and says once when it cannot. */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>

#include "intent/config/config.h"
#include "model/view.h"

struct files {				     /* zeroed is a valid start */
	bool textfile_failed, status_failed; /* and said so */
};

/* Puts both in their places, as @config has them. */
void files_write(struct files *files, const struct config *config, const struct view *view);

/* Removes what @old wrote and @fresh writes no more. At the end (@fresh is NULL) the textfile
 * stays: without its rows an alert about an outage would be taken for resolved, and when it was
 * written stands in it. */
void files_remove(const struct config *old, const struct config *fresh);

#endif
