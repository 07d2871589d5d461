// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/story.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/record.h"
#include "report/entry.h"
#include "report/times.h"

#define LINE_SIZE    1024
#define TIMELINE_MAX 8 /* the latest; the first is always told */
#define WORDS_MAX    4
#define LOG_MAX	     5

__attribute__((format(printf, 2, 3))) static void say(json_t *words, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	(void)json_array_append_new(words, json_string(line));
}

static json_t *truth(const char *value, json_t *words)
{
	return json_pack("{s:s, s:o}", "value", value, "words", words);
}

/* ---- declared and rendered ---- */

/* A product's file, hearken.conf or the policy; else it is a server's own configuration. */
static bool is_declaration(const char *source)
{
	static const char *const kinds[] = { "hearken.conf", "mailu", "mailcow",
					     "docker-mailserver", "policy" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(source, kinds[i]) == 0)
			return true;
	return false;
}

/* "mailu (/mailu/mailu.env): submission, tls starttls". */
static void say_statement(json_t *words, const json_t *said)
{
	const char *path = entry_text(said, "path"), *tls = entry_text(said, "tls");
	bool expected = json_is_true(json_object_get(said, "expected"));

	say(words, "%s%s%s%s: %s%s%s", entry_text(said, "source"), *path ? " (" : "", path,
	    *path ? ")" : "",
	    !expected			    ? "takes it off"
	    : *entry_text(said, "protocol") ? entry_text(said, "protocol")
					    : "wants it",
	    expected && *tls ? ", tls " : "", expected ? tls : "");
}

static json_t *say_all(const json_t *expected, bool declarations)
{
	json_t *words = json_array();
	const json_t *said;
	size_t i;

	json_array_foreach(json_object_get(expected, "said"), i,
			   said) if (is_declaration(entry_text(said, "source")) == declarations)
		say_statement(words, said);
	return words;
}

static json_t *declared(const json_t *expected)
{
	json_t *words = say_all(expected, true);

	if (!expected)
		say(words, "no source speaks of it");
	else if (!json_array_size(words))
		say(words, "nobody declares it; a server's own configuration has it");
	return truth(json_is_true(json_object_get(expected, "expected")) ? "yes" : "no", words);
}

static json_t *rendered(const json_t *expected)
{
	const char *value = entry_text(expected, "rendered");
	json_t *words = say_all(expected, false);

	if (json_array_size(words))
		return truth(value, words);
	if (strcmp(value, "no") == 0)
		say(words, "no configuration of a server here opens it");
	else
		say(words, "no configuration can be read that would tell");
	return truth(*value ? value : "unknown", words);
}

/* ---- observed and working ---- */

static void say_listener(json_t *words, const json_t *listener)
{
	const json_t *pids = json_object_get(listener, "pids");
	const char *container = entry_text(listener, "container_name");
	const char *opened = entry_text(listener, "opened");
	char who[256] = "";

	(void)text_format(who, sizeof(who), "%s", entry_text(listener, "command"));
	if (json_array_size(pids))
		(void)text_append(who, sizeof(who), " (pid %d)",
				  (int)json_integer_value(json_array_get(pids, 0)));
	if (*entry_text(listener, "unit"))
		(void)text_append(who, sizeof(who), " of %s", entry_text(listener, "unit"));
	if (*container)
		(void)text_append(who, sizeof(who), " in container %s", container);
	say(words, "%s port %d, %s%s%s", entry_text(listener, "address"),
	    (int)json_integer_value(json_object_get(listener, "port")),
	    *who ? who : "owner unknown", *opened ? ", since " : "", opened);
}

static json_t *observed(const struct story_sources *sources)
{
	const json_t *listeners = json_object_get(sources->status, "listeners"), *listener;
	json_t *words = json_array();
	size_t i;

	if (sources->blind || !sources->status) {
		say(words, "%s",
		    sources->blind ? "nobody looks" : "the daemon does not watch this service");
		return truth("unknown", words);
	}
	json_array_foreach(listeners, i, listener) say_listener(words, listener);
	if (!json_array_size(listeners))
		say(words, "nobody listens");
	return truth(json_array_size(listeners) ? "yes" : "no", words);
}

static bool say_probe(json_t *words, const json_t *probe)
{
	const char *finding = entry_text(probe, "finding"), *tls = entry_text(probe, "tls_version");
	const char *detail = entry_text(probe, "detail"), *until = entry_text(probe, "not_after");

	if (!json_is_true(json_object_get(probe, "complete"))) {
		say(words, "%s: could not be asked%s%s", entry_text(probe, "address"),
		    *detail ? ": " : "", detail);
		return false;
	}
	if (*finding) {
		say(words, "%s: %s%s%s", entry_text(probe, "address"), finding, *detail ? ": " : "",
		    detail);
		return false;
	}
	say(words, "%s: a whole conversation%s%s%s%.10s", entry_text(probe, "address"),
	    *tls ? ", " : "", tls, *until ? ", certificate until " : "", until);
	return true;
}

static json_t *working(const struct story_sources *sources)
{
	const json_t *probes = json_object_get(sources->status, "probes"), *probe;
	const json_t *listeners = json_object_get(sources->status, "listeners");
	json_t *words = json_array();
	bool all = true;
	size_t i;

	if (sources->blind || !sources->status) {
		say(words, "nobody has asked");
		return truth("unknown", words);
	}
	if (!json_array_size(listeners)) {
		say(words, "nobody to ask");
		return truth("no", words);
	}
	json_array_foreach(probes, i, probe) all &= say_probe(words, probe);
	if (!json_array_size(words))
		say(words, "nobody has been asked yet");
	return truth(!json_array_size(probes) ? "unknown" : all ? "yes" : "no", words);
}

/* ---- what was done ---- */

static json_t *timeline_of(const json_t *records)
{
	json_t *list = json_array();
	const json_t *record;
	size_t i;

	json_array_foreach(records, i, record)(void) json_array_append_new(
		list, json_pack("{s:s, s:s}", "time", entry_text(record, "time"), "text",
				entry_text(record, "message")));
	return list;
}

/* Each reason once, with the sentence that told it. */
static json_t *withheld_of(const json_t *records)
{
	cleanup(json_decrefp) json_t *seen = json_object();
	json_t *list = json_array();
	const json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		const char *reason = entry_text(record, "reason");

		if (strcmp(entry_text(record, "event"), "repair-withheld") != 0 ||
		    json_object_get(seen, reason))
			continue;
		(void)json_object_set_new(seen, reason, json_true());
		(void)json_array_append_new(list, json_pack("{s:s, s:s}", "reason", reason, "text",
							    withheld_text(reason)));
	}
	return list;
}

/* The last that was begun, and how it ended. */
static json_t *repair_of(const json_t *records, const json_t *status)
{
	const json_t *record, *last = NULL;
	char text[LINE_SIZE];
	size_t i;

	json_array_foreach(records, i,
			   record) if (text_starts_with(entry_text(record, "event"), "repair-") &&
				       strcmp(entry_text(record, "event"), "repair-withheld") != 0)
		last = record;
	if (!last)
		return json_string(*entry_text(status, "repair") &&
						   strcmp(entry_text(status, "repair"), "idle") != 0
					   ? entry_text(status, "repair")
					   : "");
	(void)text_format(text, sizeof(text), "%s %s%s%s", entry_text(last, "action"),
			  *entry_text(last, "result") ? entry_text(last, "result") : "begun",
			  *entry_text(last, "detail") ? ": " : "", entry_text(last, "detail"));
	return json_string(text);
}

/* An incident that is over has its own words; what is so now is the status file's. */
static json_t *findings_of(const struct story_sources *sources)
{
	const json_t *record, *last = NULL;
	json_t *list = json_array();
	size_t i;

	if (!sources->incident && json_array_size(json_object_get(sources->status, "findings"))) {
		(void)json_array_extend(list, json_object_get(sources->status, "findings"));
		return list;
	}
	json_array_foreach(sources->records, i, record)
	{
		const char *event = entry_text(record, "event");

		if (strcmp(event, "incident-opened") == 0 || strcmp(event, "incident-changed") == 0)
			last = record;
	}
	if (last && (sources->incident || sources->blind))
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "name",
							    entry_text(last, "finding"), "cause",
							    entry_text(last, "cause"), "detail",
							    entry_text(last, "detail"), "remedy",
							    entry_text(last, "remedy"), "since",
							    entry_text(last, "time")));
	return list;
}

static json_t *copy_of(const json_t *array)
{
	return array ? json_copy((json_t *)array) : json_array();
}

static json_t *silence_of(const json_t *status)
{
	json_t *silence = json_object_get(status, "silence");

	return json_is_object(silence) ? json_copy(silence) : json_null();
}

static const char *incident_of(const struct story_sources *sources)
{
	const json_t *incident = json_object_get(sources->status, "incident");

	if (sources->incident)
		return sources->incident;
	if (*entry_text(incident, "id"))
		return entry_text(incident, "id");
	return entry_text(json_array_get(sources->records, 0), "incident");
}

json_t *story_build(const struct story_sources *sources)
{
	const json_t *status = sources->status;
	const json_t *any = status ? status : sources->expected;

	if (!any)
		return NULL;
	return json_pack(
		"{s:s, s:O, s:s, s:s, s:s, s:b, s:s, s:{s:o, s:o, s:o, s:o}, s:o, s:o, s:o, s:o, "
		"s:o, "
		"s:o, s:o}",
		"service", entry_text(any, "name"), "port", json_object_get(any, "port"), "verdict",
		sources->blind || !status ? "unknown" : entry_text(status, "verdict"), "since",
		sources->blind ? "" : entry_text(status, "since"), "incident", incident_of(sources),
		"past", sources->incident != NULL, "reason",
		sources->blind ? sources->blind : entry_text(status, "reason"), "truths",
		"declared", declared(sources->expected), "rendered", rendered(sources->expected),
		"observed", observed(sources), "working", working(sources), "findings",
		findings_of(sources), "notices", copy_of(json_object_get(status, "notices")),
		"repair", repair_of(sources->records, status), "withheld",
		withheld_of(sources->records), "timeline", timeline_of(sources->records), "log",
		copy_of(sources->log), "silence", silence_of(status));
}

/* ---- for people ---- */

/* What servers and files say is input; nothing of it moves the cursor. */
static void put(const char *head, const char *text, FILE *out)
{
	char line[LINE_SIZE];

	(void)text_copy(line, sizeof(line), text);
	text_sanitize(line);
	fprintf(out, "  %-9s  %s\n", head, line);
}

/* Several lines under one word, the word at the first. */
static void print_words(const char *name, const char *value, const json_t *words, FILE *out)
{
	const json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
	{
		char line[LINE_SIZE];

		if (i == WORDS_MAX)
			(void)text_format(line, sizeof(line), "%-8s and %zu more", "",
					  json_array_size(words) - i);
		else
			(void)text_format(line, sizeof(line), "%-8s %s", i ? "" : value,
					  json_string_value(word));
		put(i ? "" : name, line, out);
		if (i == WORDS_MAX)
			break;
	}
}

static void print_truths(const json_t *truths, FILE *out)
{
	static const char *const names[] = { "declared", "rendered", "observed", "working" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const json_t *one = json_object_get(truths, names[i]);

		print_words(names[i], entry_text(one, "value"), json_object_get(one, "words"), out);
	}
}

/* A remedy may have lines, to be pasted as they are. */
static void print_lines(const char *name, const char *text, FILE *out)
{
	char line[LINE_SIZE];

	for (bool first = true; text_line(&text, line, sizeof(line)); first = false)
		put(first ? name : "", line, out);
}

static void print_findings(const json_t *findings, const char *name, FILE *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(findings, i, one)
	{
		const char *cause = entry_text(one, "cause"), *detail = entry_text(one, "detail");
		char line[LINE_SIZE];

		(void)text_format(line, sizeof(line), "%s%s%s%s%s%s", entry_text(one, "name"),
				  *cause ? " (" : "", cause, *cause ? ")" : "", *detail ? ": " : "",
				  detail);
		put(i ? "" : name, line, out);
		if (*entry_text(one, "remedy"))
			print_lines("helps", entry_text(one, "remedy"), out);
	}
}

static void print_timeline(const json_t *timeline, FILE *out)
{
	size_t n = json_array_size(timeline), left_out = n > TIMELINE_MAX ? n - TIMELINE_MAX : 0;
	const json_t *one;
	size_t i;

	json_array_foreach(timeline, i, one)
	{
		char line[LINE_SIZE], when[TIMES_SHOWN_SIZE];
		const char *text = entry_text(one, "text");

		if (i > 0 && i <= left_out)
			continue;
		(void)text_line(&text, line, sizeof(line));
		text_sanitize(line);
		if (i == left_out + 1 && left_out)
			fprintf(out, "  %-9s  %zu more\n", "", left_out);
		times_show(entry_text(one, "time"), when);
		fprintf(out, "  %s  %s\n", when, line);
	}
}

static void print_silence(const json_t *silence, FILE *out)
{
	const char *reason = entry_text(silence, "reason");
	char line[LINE_SIZE], until[TIMES_SHOWN_SIZE];

	if (!json_is_object(silence))
		return;
	times_show(entry_text(silence, "until"), until);
	(void)text_format(line, sizeof(line), "until %s UTC%s%s%s", until, *reason ? ": " : "",
			  reason, *reason ? "" : "; no alerts and no repair");
	put("silenced", line, out);
}

static void print_head(const json_t *story, int64_t now, FILE *out)
{
	const char *since = entry_text(story, "since"), *incident = entry_text(story, "incident");
	char ago[TIMES_AGO_SIZE];

	times_ago(since, now, ago);
	fprintf(out, "%d %s is %s%s%s%s%s%s\n",
		(int)json_integer_value(json_object_get(story, "port")),
		entry_text(story, "service"), entry_text(story, "verdict"), *since ? " since " : "",
		since, ago, *incident ? ", incident " : "", incident);
	if (*entry_text(story, "reason"))
		put("reason", entry_text(story, "reason"), out);
}

void story_print(const json_t *story, int64_t now, FILE *out)
{
	const json_t *withheld = json_object_get(story, "withheld"), *one;
	const json_t *log = json_object_get(story, "log");
	size_t i, n = json_array_size(log);
	bool is_first = true;

	print_head(story, now, out);
	print_silence(json_object_get(story, "silence"), out);
	print_truths(json_object_get(story, "truths"), out);
	print_findings(json_object_get(story, "findings"),
		       json_is_true(json_object_get(story, "past")) ? "it was" : "why", out);
	print_findings(json_object_get(story, "notices"), "notice", out);
	if (*entry_text(story, "repair"))
		put("repair", entry_text(story, "repair"), out);
	json_array_foreach(withheld, i, one)
	{
		char line[LINE_SIZE];

		(void)text_format(line, sizeof(line), "%s: %s", entry_text(one, "reason"),
				  entry_text(one, "text"));
		put(i ? "" : "withheld", line, out);
	}
	print_timeline(json_object_get(story, "timeline"), out);
	for (i = n > LOG_MAX ? n - LOG_MAX : 0; i < n; i++) {
		put(is_first ? "its log" : "", json_string_value(json_array_get(log, i)), out);
		is_first = false;
	}
}
