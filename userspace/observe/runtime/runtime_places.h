/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The runtimes that a host may have, and where they are. */
#ifndef RUNTIME_PLACES_H
#define RUNTIME_PLACES_H

#define RUNTIME_PLACES 2

struct runtime_place {
	const char *name, *socket, *stored; /* as for runtime_new() */
};

extern const struct runtime_place runtime_places[RUNTIME_PLACES];

#endif
