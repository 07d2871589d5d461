/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "hearken probe" found, for people and monitoring (the plugin guidelines' line first, details
 * behind) or as JSON. */
#ifndef PROBE_SHOW_H
#define PROBE_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/answer.h"
#include "probe/plan.h"
#include "report/range.h"

#define PROBE_ADDRESSES_MAX  8	  /* of one name; tried in turn until one connects */
#define PROBE_ADDRESS_SIZE   64	  /* "[2001:db8::1]:587" */
#define PROBE_TRANSCRIPT_MAX 2000 /* lines that are kept */

/* The plugin guidelines' exit codes. */
enum { PROBE_OK, PROBE_WARNING, PROBE_CRITICAL, PROBE_UNKNOWN };

struct probe_result {
	const char *target; /* as given: HOST:PORT */
	struct probe_plan plan;
	struct answer answer;
	struct {
		char address[PROBE_ADDRESS_SIZE];
		int error; /* why it was left, a positive errno; 0: it is the one that was spoken to
			    */
	} tried[PROBE_ADDRESSES_MAX];
	size_t n_tried;
	size_t n_addresses;		/* that the name has */
	struct range warning, critical; /* seconds in all; not set: however long it took */
	const char *injection; /* "obeyed", "not obeyed", "inconclusive"; NULL: not looked at */
	json_t *transcript;    /* array of strings; NULL: not kept */
};

int probe_show_exit(const struct probe_result *result);
void probe_show_text(const struct probe_result *result);
int probe_show_json(const struct probe_result *result); /* 0 or -ENOMEM */

#endif
