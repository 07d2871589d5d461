// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/show.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/columns.h"
#include "base/text.h"
#include "report/show_details.h"
#include "report/show_table.h"
#include "report/status.h"

#define SUMMARY_BYTES 700 /* what is wrong, in the first line; more of it is only counted */
#define ITEM_BYTES    500 /* of one service */

struct tally {
	size_t verdicts[VERDICT_COUNT];
	size_t states[PLUGIN_UNKNOWN + 1];
	size_t n, surplus, conflicts, unreadable, down; /* the last two: sources */
	bool is_blind;
};

/* Without a threshold, one is too many. */
static bool is_too_many(const struct range *range, size_t n)
{
	return range->is_set ? range_alerts(range, (double)n) : n > 0;
}

/* A proven fault outranks what we cannot see, which outranks good news. */
static enum plugin_state worst(const struct tally *tally, const struct show_style *style)
{
	size_t critical = tally->states[PLUGIN_CRITICAL];
	size_t sick = critical + tally->states[PLUGIN_WARNING];

	if (is_too_many(&style->critical, critical) || tally->down)
		return PLUGIN_CRITICAL;
	/* Whoever cannot read what is expected does not know whether it is served. */
	if (tally->unreadable)
		return PLUGIN_UNKNOWN;
	if (is_too_many(&style->warning, sick) || tally->surplus || tally->conflicts)
		return PLUGIN_WARNING;
	return tally->states[PLUGIN_UNKNOWN] ? PLUGIN_UNKNOWN : PLUGIN_OK;
}

static bool is_unreadable(const json_t *source)
{
	return json_array_size(json_object_get(source, "findings")) > 0;
}

/* Of a surplus listener: one before it is at the same port, at another address. */
static bool is_known_port(const json_t *status, size_t i)
{
	const json_t *list = json_object_get(status, "surplus");
	intmax_t port = entry_number(json_array_get(list, i), "port");

	while (i > 0)
		if (entry_number(json_array_get(list, --i), "port") == port)
			return true;
	return false;
}

static void count(const json_t *status, struct tally *tally)
{
	size_t i;
	json_t *service, *source, *entry;

	json_array_foreach(json_object_get(status, "services"), i, service)
	{
		tally->verdicts[entry_verdict(service)]++;
		tally->states[entry_state(service)]++;
		tally->n++;
	}
	json_array_foreach(json_object_get(status, "sources"), i, source)
	{
		tally->unreadable += is_unreadable(source);
		tally->down += is_unreadable(source) && entry_verdict(source) == VERDICT_DOWN;
	}
	json_array_foreach(json_object_get(status, "surplus"), i, entry) tally->surplus +=
		!is_known_port(status, i);
	tally->conflicts = json_array_size(json_object_get(status, "conflicts"));
	tally->is_blind =
		*entry_text(status, "degraded") && strcmp(entry_text(status, "mode"), "none") == 0;
}

/* "submission (587) missing: not-configured" */
static void say_short(FILE *out, const json_t *service)
{
	const json_t *finding = entry_first(service, "findings");
	const char *name = entry_text(finding, "name");

	entry_say(out, "", entry_text(service, "name"), "");
	fprintf(out, " (%" PRIdMAX ") ", entry_number(service, "port"));
	entry_say(out, "", *name ? name : verdict_name(entry_verdict(service)), "");
	entry_say(out, ": ", entry_text(finding, "cause"), "");
	entry_say(out, ": ", entry_text(service, "reason"), "");
	fputc('\n', out);
}

/* "dovecot (/etc/dovecot/dovecot.conf) is down and cannot be read: ..." */
static void say_sources_short(FILE *out, const json_t *status, bool down)
{
	size_t i;
	json_t *source;

	json_array_foreach(json_object_get(status, "sources"), i, source)
	{
		const json_t *finding = entry_first(source, "findings");

		if (!is_unreadable(source) || (entry_verdict(source) == VERDICT_DOWN) != down)
			continue;
		entry_say(out, "", entry_text(source, "kind"), "");
		entry_say(out, " (", entry_text(source, "path"), ")");
		fputs(down ? " does not listen, and its configuration cannot be read"
			   : " cannot be read, so what it expects is not known",
		      out);
		entry_say(out, ": ", entry_text(finding, "detail"), "");
		fputc('\n', out);
	}
}

/* What is wrong, a line each, the worst first. */
static void say_wrong(FILE *out, const json_t *status, const struct tally *tally)
{
	static const enum plugin_state order[] = { PLUGIN_CRITICAL, PLUGIN_WARNING,
						   PLUGIN_UNKNOWN };
	size_t i;
	json_t *entry;

	say_sources_short(out, status, true);
	for (size_t j = 0; j < ARRAY_SIZE(order); j++) {
		json_array_foreach(json_object_get(status, "services"), i, entry)
		{
			if (entry_state(entry) == order[j])
				say_short(out, entry);
		}
	}
	say_sources_short(out, status, false);
	json_array_foreach(json_object_get(status, "surplus"), i, entry)
	{
		if (!is_known_port(status, i))
			fprintf(out, "surplus listener on port %" PRIdMAX "\n",
				entry_number(entry, "port"));
	}
	if (tally->conflicts)
		fprintf(out, "sources disagree on %zu point%s\n", tally->conflicts,
			tally->conflicts == 1 ? "" : "s");
}

/* One line out of many: what has no room is counted. */
static void join(const char *lines, char to[static SUMMARY_BYTES + 64])
{
	char item[SUMMARY_BYTES * 4];
	size_t left_out = 0;

	*to = '\0';
	while (text_line(&lines, item, sizeof(item))) {
		if (!*item)
			continue;
		(void)columns_cut_bytes(item, ITEM_BYTES);
		if (*to && (left_out || strlen(to) + strlen(item) + 2 > SUMMARY_BYTES))
			left_out++;
		else
			(void)text_append(to, SUMMARY_BYTES + 64, "%s%s", *to ? "; " : "", item);
	}
	if (left_out)
		(void)text_append(to, SUMMARY_BYTES + 64, "; and %zu more", left_out);
}

static int summarize(const json_t *status, const struct tally *tally,
		     char to[static SUMMARY_BYTES + 64])
{
	cleanup(memory_freep) char *lines = NULL;
	const char *notice = entry_text(status, "notice");
	size_t size;
	FILE *out = open_memstream(&lines, &size);

	if (!out)
		return -1;
	if (tally->is_blind)
		entry_say(out, "listeners cannot be seen: ", entry_text(status, "degraded"), "");
	else if (tally->n == 0 && !tally->unreadable)
		entry_say(out, "nothing is expected yet: ",
			  *notice ? notice
				  : "say what this host serves in /etc/hearken/hearken.conf",
			  "");
	else
		say_wrong(out, status, tally);
	if (fclose(out) != 0)
		return -1;
	join(lines, to);
	if (!*to)
		(void)text_format(to, SUMMARY_BYTES + 64, "%zu service%s up", tally->n,
				  tally->n == 1 ? "" : "s");
	return 0;
}

/* A threshold that was not said is the default, which is none at all. */
static const char *threshold(const struct range *range)
{
	return range->is_set ? range->text : "0";
}

/* Whoever is blind does not know how many are up: "U", as the guidelines have it. */
static void say_performance(FILE *out, const struct tally *tally, const struct show_style *style)
{
	const size_t *n = tally->verdicts;

	if (tally->is_blind) {
		fputs(" | 'up'=U 'degraded'=U 'down'=U 'unknown'=U 'surplus'=U", out);
		return;
	}
	fprintf(out,
		" | 'up'=%zu;;;0;%zu 'degraded'=%zu;%s;;0;%zu 'down'=%zu;;%s;0;%zu "
		"'unknown'=%zu;;;0;%zu 'surplus'=%zu;0;;0",
		n[VERDICT_UP], tally->n, n[VERDICT_DEGRADED], threshold(&style->warning), tally->n,
		n[VERDICT_DOWN], threshold(&style->critical), tally->n, n[VERDICT_UNKNOWN],
		tally->n, tally->surplus);
}

/* Of what fits a terminal: the table below has the rest. */
static void say_line(FILE *out, enum plugin_state state, const char *summary,
		     const struct tally *tally, const struct show_style *style)
{
	char line[SHOW_LINE_BYTES];
	size_t used = strlen(show_style_word(state)) + strlen(" - ");

	(void)text_copy(line, sizeof(line), summary);
	if (style->columns)
		(void)columns_cut(line, sizeof(line),
				  style->columns > used ? style->columns - used : 1);
	fprintf(out, "%s%s%s - %s", show_style_color(style, state), show_style_word(state),
		show_style_plain(style), line);
	if (!style->columns)
		say_performance(out, tally, style);
	fputc('\n', out);
}

/* Nothing follows this line, so a terminal gets all of it. */
static void say_unknown(FILE *out, const char *why, const struct show_style *style)
{
	fprintf(out, "%s%s%s - ", show_style_color(style, PLUGIN_UNKNOWN),
		show_style_word(PLUGIN_UNKNOWN), show_style_plain(style));
	entry_say(out, "", why, "\n");
}

/* Long lines of a terminal are folded behind a word, with a margin. */
static void fold(FILE *out, const char *text, const struct show_style *style)
{
	static const char margin[] = "    ";
	char line[4 * ENTRY_TEXT_SIZE];

	while (text_line(&text, line, sizeof(line))) {
		const char *rest = line;
		size_t columns = style->columns > 2 * strlen(margin) ? style->columns : SIZE_MAX;

		while (columns_of(rest) > columns) {
			size_t at = columns_break(rest, columns);

			fprintf(out, "%.*s\n%s", (int)at, rest, margin);
			rest += at + (rest[at] == ' ');
			columns = style->columns - strlen(margin);
		}
		fprintf(out, "%s\n", rest);
	}
}

static void say_others(FILE *out, const json_t *status, const struct show_style *style)
{
	cleanup(memory_freep) char *text = NULL;
	size_t size;
	FILE *others = open_memstream(&text, &size);

	if (!others)
		return;
	show_others(others, status);
	if (fclose(others) == 0)
		fold(out, text, style);
}

/* For who reads this at a terminal: where the rest of the first one's story is. */
static void say_more(FILE *out, const json_t *status, const struct show_style *style)
{
	enum plugin_state worst_yet = PLUGIN_OK;
	intmax_t port = 0;
	size_t i;
	json_t *service;

	json_array_foreach(json_object_get(status, "services"), i, service)
	{
		enum plugin_state state = entry_state(service);

		if (state == PLUGIN_OK || worst_yet == PLUGIN_CRITICAL ||
		    (worst_yet != PLUGIN_OK && state != PLUGIN_CRITICAL))
			continue;
		worst_yet = state;
		port = entry_number(service, "port");
	}
	if (port && style->columns)
		fprintf(out, "\"hearken explain %" PRIdMAX "\" tells the whole story.\n", port);
}

static bool is_old(const json_t *status, int64_t now)
{
	int64_t written = entry_time(status, "time");

	/* A file from the future, after the clock was set back, is not old. */
	return written < 0 || now - written > SHOW_STALE_SEC;
}

const char *show_distrust(const json_t *status, int64_t now)
{
	if (!json_is_object(status))
		return "the status is not a JSON object";
	if (*entry_text(status, "unknown"))
		return entry_text(status, "unknown");
	if (entry_number(status, "version") != STATUS_VERSION)
		return "the status is of another version of Hearken; restart the daemon, or use "
		       "its own hearken";
	if (!json_is_array(json_object_get(status, "services")))
		return "the status has no list of services";
	if (now && is_old(status, now))
		return "the status is old, the daemon no longer writes it: is hearken.service "
		       "running?";
	return NULL;
}

static enum plugin_state state_by(const struct tally *tally, const struct show_style *style)
{
	return tally->is_blind || (tally->n == 0 && !tally->down) ? PLUGIN_UNKNOWN
								  : worst(tally, style);
}

enum plugin_state show_state(const json_t *status, int64_t now, const struct show_style *style)
{
	struct tally tally = { 0 };

	if (show_distrust(status, now))
		return PLUGIN_UNKNOWN;
	count(status, &tally);
	return state_by(&tally, style);
}

static enum plugin_state show(const json_t *status, int64_t now, const char *why, FILE *out,
			      const struct show_style *style)
{
	char summary[SUMMARY_BYTES + 64];
	struct tally tally = { 0 };
	enum plugin_state state;

	if (!why)
		why = show_distrust(status, now);
	if (why) {
		say_unknown(out, why, style);
		return PLUGIN_UNKNOWN;
	}
	count(status, &tally);
	state = state_by(&tally, style);
	if (summarize(status, &tally, summary) < 0) {
		say_unknown(out, "memory is short", style);
		return PLUGIN_UNKNOWN;
	}
	say_line(out, state, summary, &tally, style);
	if (style->form == SHOW_DETAILS)
		show_details(out, status, style);
	else
		show_table(out, status, now, style);
	say_others(out, status, style);
	if (style->form == SHOW_TABLE)
		say_more(out, status, style);
	return state;
}

enum plugin_state show_status(const json_t *status, int64_t now, const char *why, FILE *out,
			      const struct show_style *style)
{
	cleanup(memory_freep) char *text = NULL;
	enum plugin_state state;
	size_t size;
	FILE *page = style->ascii ? open_memstream(&text, &size) : NULL;

	state = show(status, now, why, page ? page : out, style);
	if (!page)
		return state;
	if (fclose(page) != 0)
		return PLUGIN_UNKNOWN;
	columns_ascii(text);
	fputs(text, out);
	return state;
}
