// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/show_details.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "model/listener.h"

/* A remedy of several lines, as they are to be pasted. */
static void say_lines(FILE *out, const char *s)
{
	char line[ENTRY_TEXT_SIZE];

	if (!strchr(s, '\n'))
		return;
	fputs("what helps:\n", out);
	while (text_line(&s, line, sizeof(line)))
		entry_say(out, "", line, "\n");
}

static void say_listener(FILE *out, const json_t *listener)
{
	const char *unit = entry_text(listener, "unit");
	json_t *pid = json_array_get(json_object_get(listener, "pids"), 0);
	bool is_ipv6 = strchr(entry_text(listener, "address"), ':') != NULL;
	char container[CONTAINER_NAME_SIZE];

	container_show(entry_text(listener, "container"), entry_text(listener, "container_name"),
		       container);
	entry_say(out, is_ipv6 ? "; listens on [" : "; listens on ",
		  entry_text(listener, "address"), is_ipv6 ? "]" : "");
	entry_say(out, " by ", *unit ? unit : entry_text(listener, "command"), "");
	entry_say(out, " in container ", container, "");
	if (json_is_integer(pid))
		fprintf(out, " (pid %" PRIdMAX ")", (intmax_t)json_integer_value(pid));
	if (entry_number(listener, "queued") > 0)
		fprintf(out, ", %" PRIdMAX " waiting to be accepted (limit %" PRIdMAX ")",
			entry_number(listener, "queued"), entry_number(listener, "backlog"));
}

static void say_probe(FILE *out, const json_t *probe)
{
	entry_say(out, "; ", entry_text(probe, "tls_version"), "");
	entry_say(out, " ", entry_text(probe, "cipher"), "");
	entry_say(out, ", certificate ", entry_text(probe, "subject"), "");
	entry_say(out, " until ", entry_text(probe, "not_after"), "");
}

static void say_service(FILE *out, const json_t *service, const struct show_style *style)
{
	enum plugin_state state = entry_state(service);
	size_t i;
	json_t *entry, *incident = json_object_get(service, "incident");

	entry_say(out, "", entry_text(service, "name"), "");
	fprintf(out, " %" PRIdMAX, entry_number(service, "port"));
	entry_say(out, " ", entry_text(service, "protocol"), "");
	entry_say(out, "/", entry_text(service, "tls"), "");
	fprintf(out, ": %s%s%s", show_style_color(style, state),
		verdict_name(entry_verdict(service)), show_style_plain(style));
	entry_say(out, " (", entry_text(service, "reason"), ")");
	entry_say(out, " since ", entry_text(service, "since"), "");
	json_array_foreach(json_object_get(service, "findings"), i, entry)
	{
		entry_say(out, "; ", entry_text(entry, "name"), "");
		entry_say(out, " (", entry_text(entry, "cause"), ")");
		entry_say(out, ": ", entry_text(entry, "detail"), "");
		if (!strchr(entry_text(entry, "remedy"), '\n'))
			entry_say(out, "; what helps: ", entry_text(entry, "remedy"), "");
	}
	json_array_foreach(json_object_get(service, "notices"), i, entry)
	{
		entry_say(out, "; notice: ", entry_text(entry, "name"), "");
		entry_say(out, ": ", entry_text(entry, "detail"), "");
	}
	json_array_foreach(json_object_get(service, "listeners"), i, entry)
		say_listener(out, entry);
	json_array_foreach(json_object_get(service, "probes"), i, entry) say_probe(out, entry);
	entry_say(out, "; incident ", entry_text(incident, "id"), "");
	entry_say(out, " since ", entry_text(incident, "opened"), "");
	entry_say(out, "; silenced until ",
		  entry_text(json_object_get(service, "silence"), "until"), "");
	if (strcmp(entry_text(service, "repair"), "idle") != 0)
		entry_say(out, "; repair ", entry_text(service, "repair"), "");
	fputc('\n', out);
	json_array_foreach(json_object_get(service, "findings"), i, entry)
		say_lines(out, entry_text(entry, "remedy"));
}

static void say_opened(FILE *out, const json_t *listener)
{
	const char *opened = entry_text(listener, "opened");

	entry_say(out, " since ", *opened ? opened : "before Hearken looked", "");
}

/* "port 4190: surplus, no source expects it; listens on ..." */
static void say_surplus(FILE *out, const json_t *listener)
{
	fprintf(out, "port %" PRIdMAX ": surplus, no source expects it",
		entry_number(listener, "port"));
	say_listener(out, listener);
	say_opened(out, listener);
	fputc('\n', out);
}

void show_details(FILE *out, const json_t *status, const struct show_style *style)
{
	size_t i;
	json_t *entry;

	json_array_foreach(json_object_get(status, "services"), i, entry)
		say_service(out, entry, style);
	json_array_foreach(json_object_get(status, "surplus"), i, entry) say_surplus(out, entry);
}

void show_others(FILE *out, const json_t *status)
{
	size_t i;
	json_t *entry;

	json_array_foreach(json_object_get(status, "sources"), i, entry)
	{
		const json_t *finding = entry_first(entry, "findings");

		if (!finding)
			continue;
		entry_say(out, "source ", entry_text(entry, "kind"), "");
		entry_say(out, " ", entry_text(entry, "path"), "");
		entry_say(out, ": ", entry_text(entry, "state"), "; source-unreadable");
		entry_say(out, ": ", entry_text(finding, "detail"), "");
		fputc('\n', out);
	}
	json_array_foreach(json_object_get(status, "conflicts"), i, entry)
		entry_say(out, "sources disagree on ", entry_text(entry, "detail"), "\n");
	entry_say(out, "note: ", entry_text(status, "degraded"), "\n");
	entry_say(out, "note: ", entry_text(status, "notice"), "\n");
}
