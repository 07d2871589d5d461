/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a product's file leaves out. A product renders its servers' configuration from the words
 * that were declared, by rules that are known; so where no server of it can be asked, the words
 * tell what none of them opens. Pure. */
#ifndef LEFT_OUT_H
#define LEFT_OUT_H

#include "intent/merge/intent.h"

/* Whether @service is expected, of a port that a product which is declared here would open if it
 * was told to, and was not told. What else hearken.conf says of the service (how to repair it, its
 * address, its TLS) changes nothing of that; only the unit of a server of the host's own does. */
bool left_out_is(const struct intent *intent, const struct service *service);

#endif
