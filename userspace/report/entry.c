// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/entry.h"

#include <string.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/times.h"

const char *entry_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

intmax_t entry_number(const json_t *object, const char *key)
{
	return (intmax_t)json_integer_value(json_object_get(object, key));
}

const json_t *entry_first(const json_t *object, const char *key)
{
	return json_array_get(json_object_get(object, key), 0);
}

int64_t entry_time(const json_t *object, const char *key)
{
	return times_read(entry_text(object, key));
}

/* What is said here are clauses, and others follow; a command may end with "." or "..". */
static void end_clause(char *s)
{
	size_t n = strlen(s);

	if (n > 1 && s[n - 1] == '.' && !strchr(" ./", s[n - 2]))
		s[n - 1] = '\0';
}

void entry_say(FILE *out, const char *before, const char *s, const char *after)
{
	char copy[ENTRY_TEXT_SIZE + 8];

	if (!*s)
		return;
	(void)text_copy(copy, sizeof(copy), s);
	text_sanitize(copy);
	end_clause(copy);
	(void)columns_cut_bytes(copy, ENTRY_TEXT_SIZE);
	for (char *p = copy; *p; p++) {
		if (*p == '|')
			*p = '/';
	}
	fprintf(out, "%s%s%s", before, copy, after);
}

enum verdict entry_verdict(const json_t *service)
{
	const char *name = entry_text(service, "verdict");

	for (enum verdict verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		if (strcmp(verdict_name(verdict), name) == 0)
			return verdict;
	}
	return VERDICT_UNKNOWN;
}

/* A service that serves may still have a fault that clients cannot live with. */
static bool has_critical_finding(const json_t *service)
{
	size_t i;
	json_t *entry;

	json_array_foreach(json_object_get(service, "findings"), i, entry)
	{
		const char *name = entry_text(entry, "name");

		for (enum finding finding = FINDING_NONE + 1; finding < FINDING_COUNT; finding++) {
			if (finding_severity(finding) == SEVERITY_CRITICAL &&
			    strcmp(finding_name(finding), name) == 0)
				return true;
		}
	}
	return false;
}

enum plugin_state entry_state(const json_t *service)
{
	switch (entry_verdict(service)) {
	case VERDICT_UP:
		return PLUGIN_OK;
	case VERDICT_DEGRADED:
		return has_critical_finding(service) ? PLUGIN_CRITICAL : PLUGIN_WARNING;
	case VERDICT_DOWN:
		return PLUGIN_CRITICAL;
	case VERDICT_UNKNOWN:
	case VERDICT_COUNT:
		break;
	}
	return PLUGIN_UNKNOWN;
}
