/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The services as a table, the sick first, one line each: what fits the terminal. */
#ifndef SHOW_TABLE_H
#define SHOW_TABLE_H

#include <stdio.h>

#include "report/show_style.h"

/* @now: Unix time, for how long things are as they are. */
void show_table(FILE *out, const json_t *status, int64_t now, const struct show_style *style);

#endif
