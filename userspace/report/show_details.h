/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that the status object says, a line for each thing. */
#ifndef SHOW_DETAILS_H
#define SHOW_DETAILS_H

#include <stdio.h>

#include "report/show_style.h"

/* Of each service and of each surplus listener. */
void show_details(FILE *out, const json_t *status, const struct show_style *style);

/* Of the sources, and of Hearken itself. */
void show_others(FILE *out, const json_t *status);

#endif
