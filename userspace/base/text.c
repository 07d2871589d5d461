// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/cleanup.h"

/* The longest name that is worth comparing for text_nearest(). */
#define NEAREST_MAX 48

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

int text_copy(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	assert(size > 0);
	if (n < size) {
		memmove(to, from, n + 1);
		return 0;
	}
	n = size - 1;
	while (n > 0 && is_continuation(from[n]))
		n--;
	memmove(to, from, n);
	to[n] = '\0';
	return -E2BIG;
}

static int format_at(char *to, size_t size, size_t used, const char *format, va_list ap)
{
	int n = vsnprintf(to + used, size - used, format, ap);

	if (n >= 0 && (size_t)n < size - used)
		return 0;
	/* The cut may have gone through a character. */
	for (size_t end = size - 1; end > used; end--) {
		unsigned char c = to[end - 1];

		if (c < 0x80)
			break;
		to[end - 1] = '\0';
		if (c >= 0xc0)
			break;
	}
	return -E2BIG;
}

int text_format(char *to, size_t size, const char *format, ...)
{
	va_list ap;
	int r;

	va_start(ap, format);
	r = format_at(to, size, 0, format, ap);
	va_end(ap);
	return r;
}

int text_append(char *to, size_t size, const char *format, ...)
{
	va_list ap;
	int r;

	va_start(ap, format);
	r = format_at(to, size, strlen(to), format, ap);
	va_end(ap);
	return r;
}

bool text_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

const char *text_after(const char *s, const char *prefix)
{
	return text_starts_with(s, prefix) ? s + strlen(prefix) : NULL;
}

char *text_trim(char *s)
{
	size_t n;

	while (is_blank(*s))
		s++;
	n = strlen(s);
	while (n > 0 && is_blank(s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

const char *text_last_line(const char *s, size_t *ret_n)
{
	size_t end = strlen(s), start;

	while (end > 0 && is_blank(s[end - 1]))
		end--;
	start = end;
	while (start > 0 && s[start - 1] != '\n')
		start--;
	*ret_n = end - start;
	return s + start;
}

bool text_line(const char **rest, char *to, size_t size)
{
	bool any = **rest;
	size_t n = strcspn(*rest, "\n");

	(void)text_format(to, size, "%.*s", (int)n, *rest);
	*rest += n + ((*rest)[n] == '\n');
	return any;
}

char *text_word(char **cursor)
{
	char *s = *cursor, *start;

	while (is_blank(*s))
		s++;
	if (!*s) {
		*cursor = s;
		return NULL;
	}
	start = s;
	while (*s && !is_blank(*s))
		s++;
	if (*s)
		*s++ = '\0';
	*cursor = s;
	return start;
}

int text_u64(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
			return -ERANGE;
	}
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int text_port(const char *s, uint16_t *ret)
{
	uint64_t value;
	int r = text_u64(s, UINT16_MAX, &value);

	if (r < 0)
		return r;
	if (value == 0)
		return -ERANGE;
	*ret = (uint16_t)value;
	return 0;
}

int text_bool(const char *s, bool *ret)
{
	static const char *const yes[] = { "yes", "on", "true", "1" };
	static const char *const no[] = { "no", "off", "false", "0" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(s, yes[i]) == 0) {
			*ret = true;
			return 0;
		}
		if (strcasecmp(s, no[i]) == 0) {
			*ret = false;
			return 0;
		}
	}
	return -EINVAL;
}

int text_duration(const char *s, uint64_t *ret_usec)
{
	static const struct {
		const char *unit;
		uint64_t usec;
	} units[] = {
		{ "ms", USEC_PER_MSEC },       { "s", USEC_PER_SEC },
		{ "min", 60 * USEC_PER_SEC },  { "h", 3600 * USEC_PER_SEC },
		{ "d", 86400 * USEC_PER_SEC },
	};
	char digits[24];
	size_t n = strspn(s, "0123456789");
	uint64_t value;
	int r;

	if (n == 0 || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, s, n);
	digits[n] = '\0';
	r = text_u64(digits, UINT64_MAX, &value);
	if (r < 0)
		return r;
	if (value == 0 && !s[n]) {
		*ret_usec = 0;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(s + n, units[i].unit) != 0)
			continue;
		if (__builtin_mul_overflow(value, units[i].usec, &value))
			return -ERANGE;
		*ret_usec = value;
		return 0;
	}
	return -EINVAL;
}

void text_show_duration(uint64_t usec, char *to, size_t size)
{
	uint64_t seconds = usec / USEC_PER_SEC;

	if (usec < USEC_PER_MSEC)
		(void)text_format(to, size, "%" PRIu64 " µs", usec);
	else if (usec < USEC_PER_SEC)
		(void)text_format(to, size, "%.1f ms", (double)usec / 1e3);
	else if (seconds < 60)
		(void)text_format(to, size, "%.1f s", (double)usec / 1e6);
	else if (seconds < 3600)
		(void)text_format(to, size, "%" PRIu64 " min %" PRIu64 " s", seconds / 60,
				  seconds % 60);
	else if (seconds < 86400)
		(void)text_format(to, size, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600,
				  seconds % 3600 / 60);
	else
		(void)text_format(to, size, "%" PRIu64 " d %" PRIu64 " h", seconds / 86400,
				  seconds % 86400 / 3600);
}

int text_show_time(int64_t unix_time, const char *format, char *to, size_t size)
{
	time_t t = (time_t)unix_time;
	struct tm tm;

	if (gmtime_r(&t, &tm) && tm.tm_year <= 9999 - 1900 && strftime(to, size, format, &tm) > 0)
		return 0;
	(void)text_copy(to, size, "?");
	return -ERANGE;
}

/* Levenshtein's distance of two short words. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NEAREST_MAX + 1], n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

const char *text_nearest(const char *word, const char *const *names)
{
	const char *nearest = NULL;
	size_t least = 4; /* further than three slips away is another word */

	if (strlen(word) > NEAREST_MAX)
		return NULL;
	for (; *names; names++) {
		size_t d;

		assert(strlen(*names) <= NEAREST_MAX);
		d = distance(word, *names);
		if (d < least && d < strlen(*names)) {
			least = d;
			nearest = *names;
		}
	}
	return nearest;
}

/* The length of the well-formed UTF-8 character at @s (RFC 3629), or 0. */
static size_t character(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return (s[1] & 0xc0) == 0x80 ? 2 : 0;
	if ((s[0] & 0xf0) == 0xe0) {
		if ((s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80)
			return 0;
		if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))
			return 0;
		return 3;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		if ((s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80 || (s[3] & 0xc0) != 0x80)
			return 0;
		if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

static void sanitize(char *s, bool keeps_lines)
{
	while (*s) {
		size_t n = character((const unsigned char *)s);
		bool control = n == 1 && ((unsigned char)*s < 0x20 || *s == 0x7f);
		/* U+0080 to U+009F, the C1 controls: some terminals obey them. */
		bool c1 = n == 2 && (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0;

		if (keeps_lines && *s == '\n') {
			s++;
		} else if (n == 0 || control || c1) {
			*s++ = '?';
			if (c1)
				*s++ = '?';
		} else {
			s += n;
		}
	}
}

void text_sanitize(char *s)
{
	sanitize(s, false);
}

void text_sanitize_lines(char *s)
{
	sanitize(s, true);
}
