/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record as an object, for the history and for hooks: the journal's fields under their names in
 * small letters, without HEARKEN_ ("event", "incident", "service", "port", ...), "message",
 * "priority", "unit", and the "time" at which it was said. Pure. */
#ifndef RECORD_JSON_H
#define RECORD_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "model/record.h"

/* @unix_usec: CLOCK_REALTIME. NULL: memory is short. */
json_t *record_json(const struct record *record, int64_t unix_usec);

#endif
