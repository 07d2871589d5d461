// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/interpolate.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

struct filling {
	interpolate_lookup *lookup;
	const void *userdata;
	char *to;
	size_t n, size;
	char *unknown;
};

static int fill(struct filling *filling, const char *s, const char *end, unsigned int depth);

static int put(struct filling *filling, const char *s, size_t n)
{
	if (filling->size - filling->n <= n)
		return -E2BIG;
	memcpy(filling->to + filling->n, s, n);
	filling->n += n;
	return 0;
}

static size_t name_length(const char *s, const char *end)
{
	size_t n = 0;

	if (s < end && isdigit((unsigned char)*s))
		return 0;
	while (s + n < end && (isalnum((unsigned char)s[n]) || s[n] == '_'))
		n++;
	return n;
}

/* The brace that closes what was opened before @s; NULL when none does. */
static const char *closing(const char *s, const char *end)
{
	unsigned int open = 1;

	for (; s < end; s++) {
		if (*s == '$' && s + 1 < end && s[1] == '{') {
			open++;
			s++;
		} else if (*s == '}' && --open == 0) {
			return s;
		}
	}
	return NULL;
}

static void note_unknown(struct filling *filling, const char *name, size_t n)
{
	if (!*filling->unknown)
		(void)text_format(filling->unknown, INTERPOLATE_NAME_SIZE, "%.*s",
				  (int)(n < INTERPOLATE_NAME_SIZE ? n : INTERPOLATE_NAME_SIZE - 1),
				  name);
}

/* What is between the braces. */
static int fill_braced(struct filling *filling, const char *s, const char *end, unsigned int depth)
{
	size_t n = name_length(s, end);
	const char *word = s + n, *value;
	bool empty_is_unset = false, is_set;

	if (n == 0)
		return -EINVAL;
	value = filling->lookup(s, n, filling->userdata);
	if (word < end && *word == ':') {
		empty_is_unset = true;
		word++;
	}
	is_set = value && !(empty_is_unset && !*value);
	if (word == end) {
		if (empty_is_unset)
			return -EINVAL;
		if (!value)
			note_unknown(filling, s, n);
		return value ? put(filling, value, strlen(value)) : 0;
	}
	switch (*word++) {
	case '-':
		return is_set ? put(filling, value, strlen(value))
			      : fill(filling, word, end, depth + 1);
	case '+':
		return is_set ? fill(filling, word, end, depth + 1) : 0;
	case '?':
		if (!is_set)
			note_unknown(filling, s, n);
		return is_set ? put(filling, value, strlen(value)) : 0;
	default:
		return -EINVAL;
	}
}

static int fill(struct filling *filling, const char *s, const char *end, unsigned int depth)
{
	if (depth > INTERPOLATE_DEPTH_MAX)
		return -EINVAL;
	while (s < end) {
		const char *dollar = memchr(s, '$', (size_t)(end - s)), *close;
		size_t n;
		int r = put(filling, s, (size_t)((dollar ? dollar : end) - s));

		if (r < 0 || !dollar)
			return r;
		s = dollar + 1;
		n = name_length(s, end);
		if (n > 0) {
			const char *value = filling->lookup(s, n, filling->userdata);

			if (!value)
				note_unknown(filling, s, n);
			r = value ? put(filling, value, strlen(value)) : 0;
			s += n;
		} else if (s < end && *s == '{') {
			close = closing(s + 1, end);
			if (!close)
				return -EINVAL;
			r = fill_braced(filling, s + 1, close, depth);
			s = close + 1;
		} else {
			r = put(filling, "$", 1);
			if (s < end && *s == '$')
				s++;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int interpolate(const char *s, interpolate_lookup *lookup, const void *userdata, char *to,
		size_t size, char unknown[static INTERPOLATE_NAME_SIZE])
{
	struct filling filling = {
		.lookup = lookup, .userdata = userdata, .to = to, .size = size, .unknown = unknown
	};
	int r;

	*unknown = '\0';
	r = fill(&filling, s, s + strlen(s), 0);
	if (r < 0)
		return r;
	to[filling.n] = '\0';
	return 0;
}
