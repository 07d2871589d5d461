/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of hearken.conf, as tables: what each is called, and how its value is read. Pure. */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdint.h>

#include "intent/config/config.h"

#define CONFIG_KEYS_MAX 24 /* in one table */

/* What is wrong with a value and what to write instead; NULL when nothing is. A value is only
 * stored when nothing is wrong with it. */
typedef const char *config_setter(void *base, size_t offset, size_t size, const char *value);

struct config_key {
	const char *name;
	config_setter *set;
	size_t offset; /* of the field in struct config, or in struct service */
	size_t size;
	uint32_t said; /* CONFIG_SAID_*, in a [listener] section */
};

extern const struct config_key config_main_keys[];     /* ends with a NULL name */
extern const struct config_key config_listener_keys[]; /* likewise */

#endif
