/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part that keeps what was said: each record goes into the history and, where there is a hook,
 * into its spool, in the turn of the loop after the alert. Whatever becomes of these files, the
 * alert has been sent. Where no unit delivers (ARCHIVE_UNIT), it sees to that itself. */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include "agent/daemon/core.h"
#include "base/cleanup.h"
#include "intent/config/config.h"
#include "model/record.h"

/* In the environment of the shipped unit: hearken-hook.path starts who delivers, outside of the
 * daemon's sandbox. */
#define ARCHIVE_UNIT "HEARKEN_HOOK_UNIT"

struct archive;

/* @config must outlive it; @file: where it was read, as for "hearken deliver -c"; NULL: the usual
 * place. Returns 0 or -ENOMEM. */
int archive_new(struct core *core, const struct config *config, const char *file,
		struct archive **ret);
void archive_free(struct archive *archive); /* stores what waits */
DEFINE_FREEP(struct archive, archive_free)

/* Takes a copy; cheap. */
void archive_note(struct archive *archive, const struct record *record);

/* What an earlier Hearken left in the spool is delivered, too. */
void archive_start(struct archive *archive);

#endif
