// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/unquote.h"

#include <stddef.h>
#include <string.h>

char *unquote_find(char *s)
{
	char quote = *s++;

	for (; *s && *s != quote; s++)
		if (*s == '\\' && s[1])
			s++;
	return *s ? s : NULL;
}

static char unescape(char c)
{
	static const char letters[] = "abfnrtv", codes[] = "\a\b\f\n\r\t\v";
	const char *at = c ? strchr(letters, c) : NULL;

	return at ? codes[at - letters] : c;
}

/* "\0" and up to three octal digits; returns the byte, and moves *@s behind it. */
static char read_octal(const char **s)
{
	unsigned int value = 0;

	for (size_t i = 0; i < 3 && **s >= '0' && **s <= '7'; i++, ++*s)
		value = value * 8 + (unsigned int)(**s - '0');
	return (char)value;
}

void unquote(char *s, const char *end, char quote)
{
	const char *from = s;
	char *to = s;

	while (from < end) {
		if (*from != '\\' || from + 1 == end) {
			*to++ = *from++;
		} else if (from[1] == quote) {
			*to++ = quote;
			from += 2;
		} else if (quote == '"' && from[1] == '$') {
			*to++ = '$';
			*to++ = '$';
			from += 2;
		} else if (quote == '"' && from[1] == '0' && from + 2 < end &&
			   strchr("01234567", from[2])) {
			from += 2;
			*to++ = read_octal(&from);
		} else if (quote == '"' && strchr("abfnrtv\\", from[1])) {
			*to++ = unescape(from[1]);
			from += 2;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}
