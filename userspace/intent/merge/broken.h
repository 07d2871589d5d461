/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose configuration keeps a service from coming back. Pure, but for the name of a unit. */
#ifndef BROKEN_H
#define BROKEN_H

#include "intent/merge/intent.h"
#include "model/view.h"

/* Whether @source cannot be read now, or has an error in it with which its server cannot start. */
bool broken_is(const struct source *source);

/* A server's configuration in @intent that is broken, of the server that is to open @service: it
 * does so by its (last good) word, or has its unit, or, where nobody knows the unit and no other
 * server opens it, speaks its protocol. NULL: there is none. */
const struct source *broken_find(const struct intent *intent, const struct service *service);

/* What is known of what @source would say. Named by somebody, it is to be read; what auto found is
 * allowed to be away, or not for our eyes. @is_down: nobody of its server listens. */
void broken_judge(const struct source *source, bool is_down, struct source_view *ret);

/* The sentence that says why: its first error. */
const char *broken_why(const struct source *source);

#endif
