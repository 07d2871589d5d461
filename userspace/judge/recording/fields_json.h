/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A struct that is described by fields, as a JSON object and back. What is zero is left out, so
 * that an object that an older Hearken wrote has nothing in a field that came later. A text that is
 * not UTF-8 is {"hex": ...}: nothing is lost. Pure. */
#ifndef FIELDS_JSON_H
#define FIELDS_JSON_H

#include <jansson.h>

#include "model/fields.h"
#include "model/service.h"

/* Of each text what veil_text() leaves of it. NULL: memory is short. */
json_t *fields_write(const struct fields *fields, const void *from,
		     const struct service_set *services);

struct fields_reading {
	char why[160];	  /* what is wrong, for people */
	char unknown[64]; /* the first name that no field has: of another version; "" */
};

/* Into @to, which is zeroed first. Returns 0 or -EBADMSG, and @reading says why. */
int fields_read(const struct fields *fields, json_t *from, void *to,
		struct fields_reading *reading);

#endif
