// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/show_table.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/columns.h"
#include "base/text.h"
#include "model/service.h"

#define WIDE_COLUMNS  110 /* from here on there is room for TLS and certificates */
#define NAME_COLUMNS  24  /* longer names push the rest of their line */
#define LEAST_COLUMNS 20  /* of what is wrong, however narrow it is */
#define LINE_SIZE     4096
#define AGE_SIZE      24
#define COLUMNS_SIZE  256 /* all but what is wrong, with escape sequences */

struct table {
	FILE *out;
	const struct show_style *style;
	int64_t now;
	int name_width;
	bool is_wide;
};

/* "4 min", "2 d": one unit, as people say it. */
static void show_age(int64_t seconds, char to[static AGE_SIZE])
{
	static const struct {
		int64_t most, unit;
		const char *name;
	} units[] = { { 60, 1, "s" }, { 3600, 60, "min" }, { 2 * 86400, 3600, "h" } };

	if (seconds < 0)
		seconds = 0; /* the clock was set back */
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (seconds >= units[i].most)
			continue;
		(void)text_format(to, AGE_SIZE, "%" PRId64 " %s", seconds / units[i].unit,
				  units[i].name);
		return;
	}
	(void)text_format(to, AGE_SIZE, "%" PRId64 " d", seconds / 86400);
}

static void show_since(const struct table *table, const json_t *object, const char *key,
		       char to[static AGE_SIZE])
{
	int64_t since = entry_time(object, key);

	if (since < 0)
		(void)text_copy(to, AGE_SIZE, "-");
	else
		show_age(table->now - since, to);
}

/* The version spoken last, and the days that the certificate which ends first has left. */
static void show_tls(const struct table *table, const json_t *service, const char **ret_version,
		     char days[static AGE_SIZE])
{
	int64_t first = -1;
	size_t i;
	json_t *probe;

	*ret_version = "-";
	json_array_foreach(json_object_get(service, "probes"), i, probe)
	{
		int64_t ends = entry_time(probe, "not_after");

		if (*entry_text(probe, "tls_version"))
			*ret_version = entry_text(probe, "tls_version");
		if (ends >= 0 && (first < 0 || ends < first))
			first = ends;
	}
	if (first < 0)
		(void)text_copy(days, AGE_SIZE, "-");
	else if (first <= table->now)
		(void)text_copy(days, AGE_SIZE, "ended");
	else
		(void)text_format(days, AGE_SIZE, "%" PRId64 " d", (first - table->now) / 86400);
}

static void say_queues(FILE *out, const json_t *service)
{
	intmax_t queued = 0;
	size_t i;
	json_t *listener;

	json_array_foreach(json_object_get(service, "listeners"), i, listener) queued +=
		entry_number(listener, "queued");
	if (queued > 0)
		fprintf(out, "; %" PRIdMAX " waiting to be accepted", queued);
}

/* "missing (not-configured): why; what helps: ..."; where there is little room, what helps instead
 * of why. */
static void say_what(FILE *out, const json_t *service, bool is_brief)
{
	const json_t *findings = json_object_get(service, "findings");
	const json_t *finding = json_array_get(findings, 0);
	const json_t *notice = entry_first(service, "notices");
	const char *remedy = entry_text(finding, "remedy");

	if (strchr(remedy, '\n'))
		remedy = "";
	entry_say(out, "", entry_text(finding, "name"), "");
	entry_say(out, " (", entry_text(finding, "cause"), ")");
	if (!is_brief || !*remedy)
		entry_say(out, ": ", entry_text(finding, "detail"), "");
	entry_say(out, is_brief ? "; " : "; what helps: ", remedy, "");
	if (finding && !is_brief)
		say_queues(out, service);
	if (json_array_size(findings) > 1)
		fprintf(out, "; and %zu more", json_array_size(findings) - 1);
	if (finding && strcmp(entry_text(service, "repair"), "idle") != 0)
		entry_say(out, "; repair ", entry_text(service, "repair"), "");
	entry_say(out, "", entry_text(service, "reason"), "");
	if (!finding) {
		entry_say(out, "notice: ", entry_text(notice, "name"), "");
		entry_say(out, notice ? ": " : "", entry_text(notice, "detail"), "");
	}
}

static void say_surplus(FILE *out, const json_t *listener, bool is_brief)
{
	const char *unit = entry_text(listener, "unit");

	fputs("no source expects it", out);
	entry_say(out, "; listens on ", entry_text(listener, "address"), "");
	entry_say(out, " by ", *unit ? unit : entry_text(listener, "command"), "");
}

struct row {
	const char *state;
	enum plugin_state color;
	char port[8];
	const char *name;
	char since[AGE_SIZE];
	const char *tls;
	char days[AGE_SIZE];
};

/* What is left of the line, or all of it where nobody looks at a terminal. */
static void say_line(const struct table *table, const char *columns, size_t used, const char *what)
{
	size_t width = table->style->columns;
	size_t room = width > used + LEAST_COLUMNS ? width - used : LEAST_COLUMNS;
	char line[LINE_SIZE];

	(void)text_copy(line, sizeof(line), what);
	if (width)
		(void)columns_cut(line, sizeof(line), room);
	fprintf(table->out, "%s%s%s\n", columns, *line ? "  " : "", line);
}

/* Returns the columns used, with the gap that follows. */
static size_t show_columns(const struct table *table, const struct row *row, bool is_head,
			   char to[static COLUMNS_SIZE])
{
	const struct show_style *style = table->style;
	int pad = table->name_width;
	char name[SERVICE_NAME_SIZE];
	size_t used = 8 + 2 + 5 + 2 + 2 + 6 + 2;

	(void)text_copy(name, sizeof(name), row->name);
	text_sanitize(name);
	pad -= (int)columns_of(name);
	used += columns_of(name) + (size_t)(pad > 0 ? pad : 0);
	(void)text_format(to, COLUMNS_SIZE, "%s%-8s%s  %5s  %s%*s  %-6s",
			  is_head ? "" : show_style_color(style, row->color), row->state,
			  is_head ? "" : show_style_plain(style), row->port, name,
			  pad > 0 ? pad : 0, "", row->since);
	if (!table->is_wide)
		return used;
	(void)text_append(to, COLUMNS_SIZE, "  %-7s  %-6s", row->tls, row->days);
	return used + 2 + 7 + 2 + 6;
}

static void trim_end(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == ' ')
		s[--n] = '\0';
}

static void say_head(const struct table *table)
{
	static const struct row head = { .state = "STATE",
					 .port = "PORT",
					 .name = "SERVICE",
					 .since = "SINCE",
					 .tls = "TLS",
					 .days = "CERT" };
	char columns[COLUMNS_SIZE];
	size_t used = show_columns(table, &head, true, columns);

	say_line(table, columns, used, "WHAT");
}

/* The end of the line is what @say says of @object. */
static void say_row(const struct table *table, const struct row *row, const json_t *object,
		    void (*say)(FILE *out, const json_t *object, bool is_brief))
{
	char columns[COLUMNS_SIZE];
	size_t used;
	cleanup(memory_freep) char *what = NULL;
	size_t size;
	FILE *out = open_memstream(&what, &size);

	if (!out)
		return;
	say(out, object, table->style->columns > 0);
	if (fclose(out) != 0)
		return;
	used = show_columns(table, row, false, columns);
	if (!*what)
		trim_end(columns);
	say_line(table, columns, used, what);
}

static void say_service_row(const struct table *table, const json_t *service)
{
	struct row row = { .state = verdict_name(entry_verdict(service)),
			   .color = entry_state(service),
			   .name = entry_text(service, "name") };

	(void)text_format(row.port, sizeof(row.port), "%" PRIdMAX, entry_number(service, "port"));
	show_since(table, service, "since", row.since);
	show_tls(table, service, &row.tls, row.days);
	say_row(table, &row, service, say_what);
}

static void say_surplus_row(const struct table *table, const json_t *listener)
{
	uint16_t port = (uint16_t)entry_number(listener, "port");
	const struct well_known *known = well_known_port(port);
	struct row row = { .state = "surplus",
			   .color = PLUGIN_WARNING,
			   .name = known ? known->name : "-",
			   .tls = "-",
			   .days = "-" };

	(void)text_format(row.port, sizeof(row.port), "%u", port);
	show_since(table, listener, "opened", row.since);
	say_row(table, &row, listener, say_surplus);
}

static int width_of_names(const json_t *services)
{
	size_t i, width = strlen("SERVICE");
	json_t *service;

	json_array_foreach(services, i, service)
	{
		size_t columns = columns_of(entry_text(service, "name"));

		if (columns > width)
			width = columns;
	}
	return (int)(width < NAME_COLUMNS ? width : NAME_COLUMNS);
}

void show_table(FILE *out, const json_t *status, int64_t now, const struct show_style *style)
{
	static const enum plugin_state order[] = { PLUGIN_CRITICAL, PLUGIN_WARNING, PLUGIN_UNKNOWN,
						   PLUGIN_OK };
	const json_t *services = json_object_get(status, "services");
	const json_t *surplus = json_object_get(status, "surplus");
	struct table table = { .out = out,
			       .style = style,
			       .now = now ? now : entry_time(status, "time"),
			       .name_width = width_of_names(services),
			       .is_wide = !style->columns || style->columns >= WIDE_COLUMNS };
	size_t i;
	json_t *entry;

	if (json_array_size(services) + json_array_size(surplus) == 0)
		return;
	say_head(&table);
	for (size_t j = 0; j < ARRAY_SIZE(order); j++) {
		json_array_foreach(services, i, entry)
		{
			if (entry_state(entry) == order[j])
				say_service_row(&table, entry);
		}
		if (order[j] == PLUGIN_WARNING) {
			json_array_foreach(surplus, i, entry) say_surplus_row(&table, entry);
		}
	}
}
