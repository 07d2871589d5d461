/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mail server that does not run, and whose configuration cannot be read: nobody knows which ports
 * are missing, but that they are. */
#ifndef DOWN_SOURCE_H
#define DOWN_SOURCE_H

#include "agent/daemon/place_table.h"
#include "intent/merge/intent.h"
#include "observe/inventory.h"

/* Whether @source, an index in @intent, is of such a one. Of one of whose processes something
 * listens in one of @places, the ports are not known, but it runs. Of a product, any mail port is
 * enough. Where nothing can be seen (no @inventory, no place), nothing is said. */
bool down_source_is(const struct intent *intent, size_t source, const struct inventory *inventory,
		    const struct place_table *places);

#endif
