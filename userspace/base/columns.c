// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/columns.h"

#include <string.h>

#define ELLIPSIS "..."

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

size_t columns_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += begins_character(*s);
	return n;
}

/* How many bytes the first @columns characters have. */
static size_t bytes_of(const char *s, size_t columns)
{
	const char *p = s;

	for (size_t n = 0; *p; p++) {
		if (begins_character(*p) && n++ == columns)
			break;
	}
	return (size_t)(p - s);
}

/* Back from @at to the end of a word; @at itself when the first word alone is longer. */
static size_t end_of_word(const char *s, size_t at)
{
	size_t end = at;

	while (end > 0 && s[end] != ' ')
		end--;
	while (end > 0 && strchr(" ,;:(-", s[end - 1]))
		end--;
	return end > 0 ? end : at;
}

/* @at: the bytes that may stay, before the dots. */
static void cut_at(char *s, size_t at)
{
	memcpy(s + end_of_word(s, at), ELLIPSIS, sizeof(ELLIPSIS));
}

bool columns_cut(char *s, size_t size, size_t columns)
{
	const size_t dots = sizeof(ELLIPSIS) - 1;
	size_t at;

	if (columns_of(s) <= columns)
		return false;
	at = bytes_of(s, columns > dots ? columns - dots : 0);
	if (at + sizeof(ELLIPSIS) > size)
		s[0] = '\0';
	else
		cut_at(s, at);
	return true;
}

bool columns_cut_bytes(char *s, size_t bytes)
{
	size_t at = bytes > sizeof(ELLIPSIS) ? bytes - (sizeof(ELLIPSIS) - 1) : 0;

	if (strlen(s) <= bytes)
		return false;
	while (at > 0 && !begins_character(s[at]))
		at--;
	cut_at(s, at);
	return true;
}

size_t columns_break(const char *s, size_t columns)
{
	size_t at = bytes_of(s, columns), end = at;

	if (!s[at])
		return at;
	while (end > 0 && s[end] != ' ')
		end--;
	return end > 0 ? end : at;
}

void columns_ascii(char *s)
{
	char *to = s;

	for (const char *p = s; *p; p++) {
		if ((unsigned char)*p < 0x80)
			*to++ = *p;
		else if (strncmp(p, "µ", strlen("µ")) == 0)
			*to++ = 'u';
		else if (begins_character(*p))
			*to++ = '?';
	}
	*to = '\0';
}
