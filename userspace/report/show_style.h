/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the status is shown: to a terminal, to a monitoring system, to a file. */
#ifndef SHOW_STYLE_H
#define SHOW_STYLE_H

#include <stdbool.h>
#include <stddef.h>

#include "report/entry.h"
#include "report/range.h"

enum show_form { SHOW_TABLE, SHOW_DETAILS };

struct show_style {
	enum show_form form;
	bool color;
	bool ascii;	/* whoever reads it can show nothing else */
	size_t columns; /* of the terminal, to which lines are made to fit; 0: nobody looks at one,
			   so nothing is cut, and there is performance data */
	/* How many services may be not up, and how many critical; not set: none. */
	struct range warning, critical;
};

const char *show_style_word(enum plugin_state state); /* "WARNING" */

/* Escape sequences, empty where there are no colours. */
const char *show_style_color(const struct show_style *style, enum plugin_state state);
const char *show_style_plain(const struct show_style *style);

#endif
