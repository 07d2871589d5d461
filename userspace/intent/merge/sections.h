/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hearken.conf's [listener] sections, laid over what the sources say. Private to intent/. */
#ifndef SECTIONS_H
#define SECTIONS_H

#include "intent/merge/merging.h"

/* A section that makes no sense is complained about and ignored. Returns 0 or -ENOMEM. */
int section_apply(struct merging *merging, const struct config_listener *listener);

#endif
