/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the core's surroundings: the files of STATE/silence.d, in which operators and the hooks
 * of packages say of whom they want no alert and no repair for a while. Read when one changes, when
 * one ends, and when the set of services is another; what ended is removed. */
#ifndef SILENCES_H
#define SILENCES_H

#include "agent/daemon/core.h"
#include "intent/config/config.h"
#include "model/silence.h"

struct silences;

/* Hears that one begins or ends. */
typedef void silences_say(const struct record *record, void *userdata);

/* @config must outlive it. Watches the directory, which it makes. Returns 0 or -ENOMEM. */
int silences_new(struct core *core, const struct config *config, silences_say *say, void *userdata,
		 struct silences **ret);
void silences_free(struct silences *silences);
DEFINE_FREEP(struct silences, silences_free)

/* Reads the files, and tells the judge what it does not know yet. */
void silences_look(struct silences *silences);

/* That of @service which lasts longest; NULL: none. @silences may be NULL. */
const struct silence *silences_of(const struct silences *silences, const struct service *service);

#endif
