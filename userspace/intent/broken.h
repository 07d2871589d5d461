/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose configuration keeps a service from coming back. Pure, but for the name of a unit. */
#ifndef BROKEN_H
#define BROKEN_H

#include "intent.h"

/* A server's configuration in @intent that cannot be read now, of the server that is to open @service: it did
 * so by its last good word, or has its unit, or, where nobody knows the unit and no other server opens it,
 * speaks its protocol. NULL: there is none. */
const struct source *broken_find(const struct intent *intent, const struct service *service);

#endif
