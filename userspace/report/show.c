// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/show.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/finding.h"
#include "model/listener.h"
#include "report/status.h"

#define TEXT_SIZE 768 /* longer texts are cut */

static const struct {
	const char *name;
	const char *color;
} states[] = {
	[PLUGIN_OK] = { "OK", "\033[32m" },
	[PLUGIN_WARNING] = { "WARNING", "\033[33m" },
	[PLUGIN_CRITICAL] = { "CRITICAL", "\033[31m" },
	[PLUGIN_UNKNOWN] = { "UNKNOWN", "\033[35m" },
};

struct tally {
	size_t verdicts[VERDICT_COUNT];
	size_t states[ARRAY_SIZE(states)];
	size_t n, surplus, conflicts, unreadable, down; /* the last two: sources */
};

/* A proven fault outranks what we cannot see, which outranks good news. */
static enum plugin_state worst(const struct tally *tally)
{
	if (tally->states[PLUGIN_CRITICAL] || tally->down)
		return PLUGIN_CRITICAL;
	/* Whoever cannot read what is expected does not know whether it is served. */
	if (tally->unreadable)
		return PLUGIN_UNKNOWN;
	if (tally->states[PLUGIN_WARNING] || tally->surplus || tally->conflicts)
		return PLUGIN_WARNING;
	return tally->states[PLUGIN_UNKNOWN] ? PLUGIN_UNKNOWN : PLUGIN_OK;
}

/* Never NULL: what is absent, null or of another type is empty. */
static const char *text_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static intmax_t number_of(const json_t *object, const char *key)
{
	return (intmax_t)json_integer_value(json_object_get(object, key));
}

/* In the output of a plugin, a bar begins the performance data. */
static void say(FILE *out, const char *before, const char *s, const char *after)
{
	char copy[TEXT_SIZE];

	if (!*s)
		return;
	(void)text_copy(copy, sizeof(copy), s);
	text_sanitize(copy);
	for (char *p = copy; *p; p++) {
		if (*p == '|')
			*p = '/';
	}
	fprintf(out, "%s%s%s", before, copy, after);
}

/* A remedy of several lines, as they are to be pasted. */
static void say_lines(FILE *out, const char *s)
{
	char line[TEXT_SIZE];

	if (!strchr(s, '\n'))
		return;
	fputs("what helps:\n", out);
	while (text_line(&s, line, sizeof(line)))
		say(out, "", line, "\n");
}

static enum verdict verdict_of(const json_t *service)
{
	const char *name = text_of(service, "verdict");

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
		const char *name = text_of(entry, "name");

		for (enum finding finding = FINDING_NONE + 1; finding < FINDING_COUNT; finding++) {
			if (finding_severity(finding) == SEVERITY_CRITICAL &&
			    strcmp(finding_name(finding), name) == 0)
				return true;
		}
	}
	return false;
}

static enum plugin_state state_of(const json_t *service)
{
	switch (verdict_of(service)) {
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

static bool is_unreadable(const json_t *source)
{
	return json_array_size(json_object_get(source, "findings")) > 0;
}

static void count(const json_t *status, struct tally *tally)
{
	size_t i;
	json_t *service, *source;

	json_array_foreach(json_object_get(status, "services"), i, service)
	{
		tally->verdicts[verdict_of(service)]++;
		tally->states[state_of(service)]++;
		tally->n++;
	}
	json_array_foreach(json_object_get(status, "sources"), i, source)
	{
		tally->unreadable += is_unreadable(source);
		tally->down += is_unreadable(source) && verdict_of(source) == VERDICT_DOWN;
	}
	tally->surplus = json_array_size(json_object_get(status, "surplus"));
	tally->conflicts = json_array_size(json_object_get(status, "conflicts"));
}

static void say_state(FILE *out, enum plugin_state state, bool color)
{
	fprintf(out, "%s%s%s - ", color ? states[state].color : "", states[state].name,
		color ? "\033[0m" : "");
}

/* "submission (587) missing: not-configured" */
static void say_short(FILE *out, const json_t *service, const char *separator)
{
	json_t *finding = json_array_get(json_object_get(service, "findings"), 0);
	const char *name = text_of(finding, "name");

	fputs(separator, out);
	say(out, "", text_of(service, "name"), "");
	fprintf(out, " (%" PRIdMAX ") ", number_of(service, "port"));
	say(out, "", *name ? name : verdict_name(verdict_of(service)), "");
	say(out, ": ", text_of(finding, "cause"), "");
	say(out, ": ", text_of(service, "reason"), "");
}

static void say_surplus_short(FILE *out, const json_t *status, const char *separator)
{
	size_t i;
	json_t *listener;

	json_array_foreach(json_object_get(status, "surplus"), i, listener)
	{
		fprintf(out, "%ssurplus listener on port %" PRIdMAX, separator,
			number_of(listener, "port"));
		separator = "; ";
	}
}

/* "dovecot (/etc/dovecot/dovecot.conf) is down and cannot be read: ..." */
static void say_sources_short(FILE *out, const json_t *status, bool down, const char **separator)
{
	size_t i;
	json_t *source;

	json_array_foreach(json_object_get(status, "sources"), i, source)
	{
		const json_t *finding = json_array_get(json_object_get(source, "findings"), 0);

		if (!is_unreadable(source) || (verdict_of(source) == VERDICT_DOWN) != down)
			continue;
		say(out, *separator, text_of(source, "kind"), "");
		say(out, " (", text_of(source, "path"), ")");
		fputs(down ? " does not listen, and its configuration cannot be read"
			   : " cannot be read, so what it expects is not known",
		      out);
		say(out, ": ", text_of(finding, "detail"), "");
		*separator = "; ";
	}
}

/* What is wrong, the worst first; the numbers when all is well. */
static void say_summary(FILE *out, const json_t *status, const struct tally *tally)
{
	static const enum plugin_state order[] = { PLUGIN_CRITICAL, PLUGIN_WARNING,
						   PLUGIN_UNKNOWN };
	const char *separator = "";
	size_t i;
	json_t *service;

	say_sources_short(out, status, true, &separator);
	for (size_t j = 0; j < ARRAY_SIZE(order); j++) {
		json_array_foreach(json_object_get(status, "services"), i, service)
		{
			if (state_of(service) != order[j])
				continue;
			say_short(out, service, separator);
			separator = "; ";
		}
	}
	say_sources_short(out, status, false, &separator);
	say_surplus_short(out, status, separator);
	if (tally->surplus)
		separator = "; ";
	if (tally->conflicts)
		fprintf(out, "%ssources disagree on %zu point%s", separator, tally->conflicts,
			tally->conflicts == 1 ? "" : "s");
	if (!*separator && tally->conflicts == 0)
		fprintf(out, "%zu service%s up", tally->n, tally->n == 1 ? "" : "s");
}

static void say_performance(FILE *out, const struct tally *tally)
{
	fprintf(out,
		" | 'up'=%zu;;;0 'degraded'=%zu;;;0 'down'=%zu;;;0 'unknown'=%zu;;;0 "
		"'surplus'=%zu;;;0\n",
		tally->verdicts[VERDICT_UP], tally->verdicts[VERDICT_DEGRADED],
		tally->verdicts[VERDICT_DOWN], tally->verdicts[VERDICT_UNKNOWN], tally->surplus);
}

static void say_listener(FILE *out, const json_t *listener)
{
	const char *unit = text_of(listener, "unit");
	json_t *pid = json_array_get(json_object_get(listener, "pids"), 0);
	bool is_ipv6 = strchr(text_of(listener, "address"), ':') != NULL;
	char container[CONTAINER_NAME_SIZE];

	container_show(text_of(listener, "container"), text_of(listener, "container_name"),
		       container);
	say(out, is_ipv6 ? "; listens on [" : "; listens on ", text_of(listener, "address"),
	    is_ipv6 ? "]" : "");
	say(out, " by ", *unit ? unit : text_of(listener, "command"), "");
	say(out, " in container ", container, "");
	if (json_is_integer(pid))
		fprintf(out, " (pid %" PRIdMAX ")", (intmax_t)json_integer_value(pid));
	if (number_of(listener, "queued") > 0)
		fprintf(out, ", %" PRIdMAX " waiting to be accepted (limit %" PRIdMAX ")",
			number_of(listener, "queued"), number_of(listener, "backlog"));
}

static void say_probe(FILE *out, const json_t *probe)
{
	say(out, "; ", text_of(probe, "tls_version"), "");
	say(out, " ", text_of(probe, "cipher"), "");
	say(out, ", certificate ", text_of(probe, "subject"), "");
	say(out, " until ", text_of(probe, "not_after"), "");
}

static void say_service(FILE *out, const json_t *service, bool color)
{
	enum plugin_state state = state_of(service);
	size_t i;
	json_t *entry, *incident = json_object_get(service, "incident");

	say(out, "", text_of(service, "name"), "");
	fprintf(out, " %" PRIdMAX, number_of(service, "port"));
	say(out, " ", text_of(service, "protocol"), "");
	say(out, "/", text_of(service, "tls"), "");
	fprintf(out, ": %s%s%s", color ? states[state].color : "",
		verdict_name(verdict_of(service)), color ? "\033[0m" : "");
	say(out, " (", text_of(service, "reason"), ")");
	say(out, " since ", text_of(service, "since"), "");
	json_array_foreach(json_object_get(service, "findings"), i, entry)
	{
		say(out, "; ", text_of(entry, "name"), "");
		say(out, " (", text_of(entry, "cause"), ")");
		say(out, ": ", text_of(entry, "detail"), "");
		if (!strchr(text_of(entry, "remedy"), '\n'))
			say(out, "; what helps: ", text_of(entry, "remedy"), "");
	}
	json_array_foreach(json_object_get(service, "notices"), i, entry)
	{
		say(out, "; notice: ", text_of(entry, "name"), "");
		say(out, ": ", text_of(entry, "detail"), "");
	}
	json_array_foreach(json_object_get(service, "listeners"), i, entry)
		say_listener(out, entry);
	json_array_foreach(json_object_get(service, "probes"), i, entry) say_probe(out, entry);
	say(out, "; incident ", text_of(incident, "id"), "");
	say(out, " since ", text_of(incident, "opened"), "");
	if (strcmp(text_of(service, "repair"), "idle") != 0)
		say(out, "; repair ", text_of(service, "repair"), "");
	fputc('\n', out);
	json_array_foreach(json_object_get(service, "findings"), i, entry)
		say_lines(out, text_of(entry, "remedy"));
}

static void say_opened(FILE *out, const json_t *listener)
{
	const char *opened = text_of(listener, "opened");

	say(out, " since ", *opened ? opened : "before Hearken looked", "");
}

static void say_details(FILE *out, const json_t *status, bool color)
{
	size_t i;
	json_t *entry;

	json_array_foreach(json_object_get(status, "services"), i, entry)
		say_service(out, entry, color);
	json_array_foreach(json_object_get(status, "surplus"), i, entry)
	{
		fprintf(out, "port %" PRIdMAX ": surplus, no source expects it",
			number_of(entry, "port"));
		say_listener(out, entry);
		say_opened(out, entry);
		fputc('\n', out);
	}
	json_array_foreach(json_object_get(status, "sources"), i, entry)
	{
		if (!is_unreadable(entry))
			continue;
		say(out, "source ", text_of(entry, "kind"), "");
		say(out, " ", text_of(entry, "path"), "");
		say(out, ": ", text_of(entry, "state"), "; source-unreadable");
		say(out, ": ",
		    text_of(json_array_get(json_object_get(entry, "findings"), 0), "detail"), "\n");
	}
	json_array_foreach(json_object_get(status, "conflicts"), i, entry)
		say(out, "sources disagree on ", text_of(entry, "detail"), "\n");
	say(out, "note: ", text_of(status, "degraded"), "\n");
	say(out, "note: ", text_of(status, "notice"), "\n");
}

static bool is_old(const json_t *status, int64_t now)
{
	const char *text = text_of(status, "time"), *end;
	struct tm tm = { 0 };

	end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	/* A file from the future, after the clock was set back, is not old. */
	return !end || *end || now - (int64_t)timegm(&tm) > SHOW_STALE_SEC;
}

const char *show_distrust(const json_t *status, int64_t now)
{
	if (!json_is_object(status))
		return "the status is not a JSON object";
	if (*text_of(status, "unknown"))
		return text_of(status, "unknown");
	if (number_of(status, "version") != STATUS_VERSION)
		return "the status is of another version of Hearken; restart the daemon, or use "
		       "its own hearken";
	if (!json_is_array(json_object_get(status, "services")))
		return "the status has no list of services";
	if (now && is_old(status, now))
		return "the status is old, the daemon no longer writes it: is hearken.service "
		       "running?";
	return NULL;
}

static bool is_blind(const json_t *status)
{
	return *text_of(status, "degraded") && strcmp(text_of(status, "mode"), "none") == 0;
}

static enum plugin_state state_by(const json_t *status, const struct tally *tally)
{
	return is_blind(status) || (tally->n == 0 && !tally->down) ? PLUGIN_UNKNOWN : worst(tally);
}

enum plugin_state show_state(const json_t *status, int64_t now)
{
	struct tally tally = { 0 };

	if (show_distrust(status, now))
		return PLUGIN_UNKNOWN;
	count(status, &tally);
	return state_by(status, &tally);
}

enum plugin_state show_status(const json_t *status, int64_t now, FILE *out, bool color)
{
	const char *why = show_distrust(status, now);
	struct tally tally = { 0 };
	enum plugin_state state;

	if (why) {
		say_state(out, PLUGIN_UNKNOWN, color);
		say(out, "", why, "\n");
		return PLUGIN_UNKNOWN;
	}
	count(status, &tally);
	state = state_by(status, &tally);
	say_state(out, state, color);
	if (is_blind(status)) {
		say(out, "listeners cannot be seen: ", text_of(status, "degraded"), "");
	} else if (tally.n == 0 && !tally.unreadable) {
		const char *notice = text_of(status, "notice");

		say(out, "nothing is expected yet: ",
		    *notice ? notice : "say what this host serves in /etc/hearken/hearken.conf",
		    "");
	} else {
		say_summary(out, status, &tally);
	}
	say_performance(out, &tally);
	say_details(out, status, color);
	return state;
}
