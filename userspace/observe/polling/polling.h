/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The second way to look, without BPF: the listeners of one namespace, compared with those known.
 */
#ifndef POLLING_H
#define POLLING_H

#include "observe/change.h"
#include "observe/inventory.h"
#include "observe/port_set.h"

/* Brings @inventory to what listens on @ports in the namespace behind @netns_path
 * (NULL: our own), and reports each difference: LISTENER_OPENED, then LISTENER_GONE. Where there is
 * no such namespace, nothing listens. Returns 0, what sockdiag_list() says (nothing is changed
 * then), or -ENOMEM. */
int polling_look(const char *netns_path, const struct port_set *ports, struct inventory *inventory,
		 observer_handler *handler, void *userdata);

#endif
