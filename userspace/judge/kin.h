/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who belongs together: what is lost with one event, and the ports of one server. Private to
 * judge/; pure. */
#ifndef KIN_H
#define KIN_H

#include "judge/state.h"

/* The open incident that service @i, which has its finding, belongs to; -1: it has its own. */
int kin_find(const struct judge *judge, size_t i);

/* Whether @j falls with @i, by what is known when @i does: its server has ended, or never began. */
bool kin_falls_too(const struct judge *judge, size_t i, size_t j);

#endif
