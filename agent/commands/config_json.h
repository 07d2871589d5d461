/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The effective set as an object: "names", "services" with who said what of each, "sources",
 * "conflicts", "warnings". What "hearken config --json" prints, and "hearken explain" reads. */
#ifndef CONFIG_JSON_H
#define CONFIG_JSON_H

#include <jansson.h>

#include "base/complaints.h"
#include "intent/merge/intent.h"

/* @own: about hearken.conf. NULL: memory is short. */
json_t *config_json(const struct intent *intent, const struct complaints *own);

const char *rendered_name(enum rendered rendered); /* "yes", "no", "unknown" */

#endif
