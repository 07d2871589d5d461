/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record of what is held of a service, among the actions. Private to judge/; pure. */
#ifndef SAY_H
#define SAY_H

#include "judge/state.h"

/* The record is filled from the watch and its incident; the caller completes it. */
struct record *say(const struct judge *judge, size_t service, enum record_kind kind,
		   struct actions *actions);

#endif
