// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/range.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Decimal, by hand: strtod() would take "nan", "0x1p3", and the locale's own point. */
static int parse_number(const char **cursor, double *ret)
{
	const char *s = *cursor;
	bool negative = *s == '-';
	double value = 0, unit = 1;
	size_t digits = 0;

	s += negative;
	for (; *s >= '0' && *s <= '9'; s++, digits++)
		value = value * 10 + (*s - '0');
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++, digits++)
			value += (*s - '0') * (unit /= 10);
	}
	if (digits == 0)
		return -EINVAL;
	*ret = negative ? -value : value;
	*cursor = s;
	return 0;
}

int range_parse(const char *text, struct range *ret)
{
	struct range range = { .is_set = true, .start = 0, .end = INFINITY };
	const char *s = text, *colon = strchr(text, ':');
	int r = text_copy(range.text, sizeof(range.text), text);

	if (*s == '@') {
		range.within = true;
		s++;
	}
	if (r >= 0 && colon) {
		if (*s == '~') {
			range.start = -INFINITY;
			s++;
		} else if (s != colon) {
			r = parse_number(&s, &range.start);
		}
		if (r >= 0 && s++ != colon)
			r = -EINVAL;
	}
	if (r >= 0 && (*s || !colon))
		r = parse_number(&s, &range.end);
	if (r < 0)
		return r;
	if (*s || range.start > range.end)
		return -EINVAL;
	*ret = range;
	return 0;
}

bool range_alerts(const struct range *range, double value)
{
	bool is_within = value >= range->start && value <= range->end;

	return range->is_set && is_within == range->within;
}
