/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mail server that does not run, and whose configuration cannot be read: nobody knows which ports
 * are missing, but that they are. */
#ifndef DOWN_SOURCE_H
#define DOWN_SOURCE_H

#include "agent/daemon/place_table.h"
#include "intent/merge/intent.h"
#include "observe/inventory.h"

/* Says in @to which server it is and why its configuration cannot be read; "" when there is none.
 * Of one of whose processes something listens in one of @places, the ports are not known, but it
 * runs. Where nothing can be seen (no @inventory, no place), nothing is said. */
void down_source_tell(const struct intent *intent, const struct inventory *inventory,
		      const struct place_table *places, char *to, size_t size);

#endif
