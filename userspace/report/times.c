// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/times.h"

#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"

int64_t times_read(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	return end && strcmp(end, "Z") == 0 ? (int64_t)timegm(&tm) : -1;
}

void times_show(const char *text, char to[static TIMES_SHOWN_SIZE])
{
	(void)text_copy(to, TIMES_SHOWN_SIZE, times_read(text) < 0 ? "?" : text);
	to[strcspn(to, "Z")] = '\0';
	if (strchr(to, 'T'))
		*strchr(to, 'T') = ' ';
}

void times_ago(const char *text, int64_t now, char to[static TIMES_AGO_SIZE])
{
	int64_t time = times_read(text);
	char duration[TIMES_AGO_SIZE - 8];

	*to = '\0';
	if (time < 0 || time > now)
		return;
	if (now - time < 1) {
		(void)text_copy(to, TIMES_AGO_SIZE, " (just now)");
		return;
	}
	text_show_duration((uint64_t)(now - time) * USEC_PER_SEC, duration, sizeof(duration));
	(void)text_format(to, TIMES_AGO_SIZE, " (%s)", duration);
}
