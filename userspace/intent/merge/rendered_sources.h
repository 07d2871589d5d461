/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what servers' own configuration says, and takes it into a merge. Private to intent/. */
#ifndef RENDERED_SOURCES_H
#define RENDERED_SOURCES_H

#include "intent/merge/merging.h"
#include "intent/rendered/intent_tools.h"

/* Reads what @tools printed and the files that need no program, and merges it. @tools may be NULL:
 * nobody ran any. Returns 0 or -ENOMEM. */
int rendered_read(struct merging *merging, const struct intent_tools *tools);

/* Finds out whether a server's own configuration opens @service. @may_name_unit: nobody said its
 * unit. */
void rendered_find(const struct merging *merging, struct service *service, bool may_name_unit);

#endif
