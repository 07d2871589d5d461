/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A threshold as the Monitoring Plugins Development Guidelines have it: "10" alerts outside of 0 to
 * 10, "10:" below 10, "~:10" above 10, "10:20" outside of that, "@10:20" within it. */
#ifndef RANGE_H
#define RANGE_H

#include <stdbool.h>

#define RANGE_TEXT_SIZE 32

struct range { /* zeroed: no threshold, which never alerts */
	bool is_set;
	bool within; /* alerts within, not outside */
	double start, end;
	char text[RANGE_TEXT_SIZE]; /* as it was said, for performance data */
};

/* Returns 0, or -EINVAL when @text is no range; -E2BIG when it is too long to be one. */
int range_parse(const char *text, struct range *ret);

bool range_alerts(const struct range *range, double value);

#endif
