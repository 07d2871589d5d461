/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What leaves the daemon: records to the journal, past the damper, and to the archive (history and
 * hook); and the status and metrics files, which are written soon after something they tell of has
 * changed. */
#ifndef OUTLET_H
#define OUTLET_H

#include "agent/daemon/core.h"
#include "intent/config/config.h"
#include "model/view.h"

struct outlet;

typedef int outlet_use(const struct view *view, void *userdata);

/* Calls @use with all that is known now. Returns what that returns, or -errno. */
typedef int outlet_look(outlet_use *use, void *use_userdata, void *userdata);

/* Answers the judge's ACTION_SAY from now on. @config says which files, and must outlive it; @file:
 * where it was read (archive.h). Returns 0 or -ENOMEM. */
int outlet_new(struct core *core, const struct config *config, const char *file, outlet_look *look,
	       void *userdata, struct outlet **ret);
void outlet_free(struct outlet *outlet);
DEFINE_FREEP(struct outlet, outlet_free)

/* From now on files are written. */
void outlet_start(struct outlet *outlet);

/* A record that is none of the judge's. */
void outlet_say(struct outlet *outlet, const struct record *record);

/* The files no longer tell the truth. */
void outlet_note(struct outlet *outlet);

/* A fact was taken; @news: it changed what is known. */
void outlet_note_fact(struct outlet *outlet, const struct fact *fact, bool news);

#endif
