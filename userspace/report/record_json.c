// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/record_json.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/journal.h"

#define NAME_SIZE 64
#define TIME_SIZE 48

/* What an object calls the journal's field; false: that is the journal's alone. */
static bool name_of(const char *field, size_t n, char to[static NAME_SIZE])
{
	static const struct {
		const char *field, *name;
	} others[] = {
		{ "MESSAGE", "message" },
		{ "PRIORITY", "priority" },
		{ "OBJECT_SYSTEMD_UNIT", "unit" },
	};
	const char *rest;

	(void)text_format(to, NAME_SIZE, "%.*s", (int)n, field);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(to, others[i].field) == 0)
			return text_copy(to, NAME_SIZE, others[i].name) == 0;
	rest = text_after(to, "HEARKEN_");
	if (!rest)
		return false;
	memmove(to, rest, strlen(rest) + 1);
	for (char *s = to; *s; s++)
		*s = (char)tolower((unsigned char)*s);
	return true;
}

static bool is_number(const char *name)
{
	return strcmp(name, "port") == 0 || strcmp(name, "priority") == 0 ||
	       strcmp(name, "downtime_usec") == 0;
}

static json_t *value_of(const char *name, const char *value)
{
	uint64_t number;

	if (is_number(name) && text_u64(value, INT64_MAX, &number) == 0)
		return json_integer((json_int_t)number);
	return json_string(value);
}

/* The journal takes any bytes, and an object UTF-8 alone. */
static json_t *text_value(const char *name, const char *value)
{
	json_t *text = value_of(name, value);
	char copy[JOURNAL_MESSAGE_SIZE];

	if (text)
		return text;
	(void)text_copy(copy, sizeof(copy), value);
	for (char *s = copy; *s; s++)
		*s = *s & 0x80 ? '?' : *s;
	return json_string(copy);
}

static json_t *time_of(int64_t unix_usec)
{
	char seconds[TIME_SIZE], text[TIME_SIZE + 8];

	(void)text_show_time(unix_usec / (int64_t)USEC_PER_SEC, "%Y-%m-%dT%H:%M:%S", seconds,
			     sizeof(seconds));
	(void)text_format(text, sizeof(text), "%s.%03dZ", seconds,
			  (int)(unix_usec % (int64_t)USEC_PER_SEC / (int64_t)USEC_PER_MSEC));
	return json_string(text);
}

json_t *record_json(const struct record *record, int64_t unix_usec)
{
	cleanup(memory_freep) struct journal_entry *entry = malloc(sizeof(*entry));
	json_t *object = json_object();
	int r = 0;

	if (!entry || !object) {
		json_decref(object);
		return NULL;
	}
	journal_fill(record, entry);
	r = json_object_set_new(object, "time", time_of(unix_usec));
	for (size_t i = 0; i < entry->n && r == 0; i++) {
		const char *field = entry->fields[i].iov_base, *value = strchr(field, '=') + 1;
		char name[NAME_SIZE];

		if (name_of(field, (size_t)(value - 1 - field), name))
			r = json_object_set_new(object, name, text_value(name, value));
	}
	if (r == 0)
		return object;
	json_decref(object);
	return NULL;
}
