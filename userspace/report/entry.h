/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the status object (status.h). It is input: what is absent, null or of another type is
 * empty or unknown. */
#ifndef ENTRY_H
#define ENTRY_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "model/finding.h"

#define ENTRY_TEXT_SIZE 768 /* longer texts are cut, behind a word */

enum plugin_state { PLUGIN_OK, PLUGIN_WARNING, PLUGIN_CRITICAL, PLUGIN_UNKNOWN }; /* exit codes */

/* Never NULL. */
const char *entry_text(const json_t *object, const char *key);
intmax_t entry_number(const json_t *object, const char *key);
const json_t *entry_first(const json_t *object, const char *key); /* of an array */

/* Unix time of "2025-11-24T16:00:00Z"; -1 when there is none. */
int64_t entry_time(const json_t *object, const char *key);

/* @s between two texts, nothing when it is empty. One line, and without the bar that begins the
 * performance data of a plugin; its full stop is left out, since more may follow. */
void entry_say(FILE *out, const char *before, const char *s, const char *after);

enum verdict entry_verdict(const json_t *service);
enum plugin_state entry_state(const json_t *service); /* of a service */

#endif
