/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The certificates that a server's own configuration names for a service, as they are on disk now.
 */
#ifndef KEY_PAIRS_H
#define KEY_PAIRS_H

#include <stddef.h>

#include "model/service.h"
#include "probe/disk/key_pair.h"

/* Looks at each pair of @service; returns the first that is not KEY_PAIR_FITS (or _UNKNOWN), with
 * @detail; KEY_PAIR_FITS when there is none, or none is known. */
enum key_pair key_pairs_check(const struct service *service, char *detail, size_t size);

#endif
