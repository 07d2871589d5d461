// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/record.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

static const char *const kinds[RECORD_KIND_COUNT] = {
	[RECORD_INCIDENT_OPENED] = "incident-opened",
	[RECORD_INCIDENT_CHANGED] = "incident-changed",
	[RECORD_INCIDENT_CLOSED] = "incident-closed",
	[RECORD_REPAIR_STARTED] = "repair-started",
	[RECORD_REPAIR_FINISHED] = "repair-finished",
	[RECORD_REPAIR_WITHHELD] = "repair-withheld",
	[RECORD_OBSERVER_DEGRADED] = "observer-degraded",
	[RECORD_OBSERVER_RESTORED] = "observer-restored",
	[RECORD_SILENCED] = "silenced",
	[RECORD_EXPECTATION_CHANGED] = "expectation-changed",
};

static const struct {
	const char *name;
	const char *text;
} reasons[WITHHELD_COUNT] = {
	[WITHHELD_NO] = { "", "" },
	[WITHHELD_FUTILE] = { "futile", "it cannot help" },
	[WITHHELD_OFF] = { "off", "repair is off in the configuration" },
	[WITHHELD_NO_MEANS] = { "no-means",
				"neither a unit nor a restart-command is known for it" },
	[WITHHELD_STOPPED_BY_OPERATOR] = { "stopped-by-operator", "the operator stopped the unit" },
	[WITHHELD_BEGINNING_NOT_SEEN] = { "beginning-not-seen", "it was already so when Hearken "
								"started, perhaps on purpose" },
	[WITHHELD_CONFIGURATION] = { "configuration", "with the configuration on disk the server "
						      "would not come back" },
	[WITHHELD_PORT_HELD] = { "port-held", "another process holds a port, and a restart would "
					      "lose the others too" },
	[WITHHELD_BACKOFF] = { "backoff", "the last attempt was too short a time ago" },
	[WITHHELD_BUDGET] = { "budget", "the repair-limit is used up" },
	[WITHHELD_SILENCED] = { "silenced", "somebody wants none for a while (hearken silence)" },
};

void record_add_service(struct record *record, const char *name, uint16_t port)
{
	size_t ports = strlen(record->ports), names = strlen(record->names);
	const char *blank = ports ? " " : "";

	if (text_append(record->ports, sizeof(record->ports), "%s%u", blank, port) >= 0 &&
	    text_append(record->names, sizeof(record->names), "%s%s", blank, name) >= 0)
		return;
	record->ports[ports] = record->names[names] = '\0'; /* both, or the order is lost */
}

const char *record_kind_name(enum record_kind kind)
{
	return kinds[kind];
}

const char *rung_name(enum rung rung)
{
	switch (rung) {
	case RUNG_NONE:
		return "none";
	case RUNG_RELOAD:
		return "reload";
	case RUNG_RESTART:
		return "restart";
	}
	return "";
}

const char *withheld_name(enum withheld withheld)
{
	return reasons[withheld].name;
}

const char *withheld_text(const char *name)
{
	for (int i = WITHHELD_NO + 1; i < WITHHELD_COUNT; i++)
		if (strcmp(reasons[i].name, name) == 0)
			return reasons[i].text;
	return "";
}

/* The last that is said. Its lines stay: they are there to be pasted; those of no other text do. */
static void say_remedy(const struct record *record, char *to, size_t size)
{
	text_sanitize(to);
	if (*record->remedy)
		(void)text_append(to, size, " What helps:%c%s",
				  strchr(record->remedy, '\n') ? '\n' : ' ', record->remedy);
}

static void say_fault(const struct record *record, char *to, size_t size)
{
	(void)text_append(to, size, "%s", finding_text(record->finding));
	if (record->cause != CAUSE_NONE)
		(void)text_append(to, size, " (%s)", cause_name(record->cause));
	if (*record->detail)
		(void)text_append(to, size, ": %s", record->detail);
	(void)text_append(to, size, ".");
	say_remedy(record, to, size);
}

/* Whether @at, a full stop within @s, ends what has ended: ".." and "....", "?." and "!.", but
 * neither "..." nor the ".." of a path. */
static bool ends_again(const char *s, const char *at)
{
	size_t before = 0;

	while (at - before > s && at[-1 - (ptrdiff_t)before] == '.')
		before++;
	if (before == 0)
		return at > s && strchr("!?", at[-1]);
	return before != 2 && at - before > s && !strchr(" /", at[-1 - (ptrdiff_t)before]);
}

/* A detail may be a sentence of somebody else's, with its own full stop. */
static void end_once(char *s)
{
	char *to = s;

	for (const char *p = s; *p; p++) {
		bool ends = *p == '.' && (!p[1] || strchr(" ;\n", p[1]));

		if (!ends || !ends_again(s, p))
			*to++ = *p;
	}
	*to = '\0';
}

static void say_next(const struct record *record, char *to, size_t size)
{
	char when[32];

	if (!record->next_usec || text_show_time((int64_t)(record->next_usec / 1000000),
						 "%H:%M:%S UTC", when, sizeof(when)) < 0)
		return;
	(void)text_append(to, size, "%s The next try is at %s.",
			  record->withheld == WITHHELD_BUDGET ? " A human is needed." : "", when);
}

/* Several ports of one server are one thing that happened. */
static void say_subject(const struct record *record, char *to, size_t size)
{
	if (strchr(record->ports, ' '))
		(void)text_append(to, size, "%s%s %s: ", record->unit,
				  *record->unit ? ", ports" : "Ports", record->ports);
	else if (record->port)
		(void)text_append(to, size, "Port %u (%s): ", record->port, record->service);
}

void record_message(const struct record *record, char *to, size_t size)
{
	char duration[32];

	(void)text_copy(to, size, record->silenced ? "(silenced) " : "");
	say_subject(record, to, size);
	switch (record->kind) {
	case RECORD_INCIDENT_OPENED:
		say_fault(record, to, size);
		break;
	case RECORD_INCIDENT_CHANGED:
		(void)text_append(to, size, record->joined ? "in the same incident, " : "now ");
		say_fault(record, to, size);
		break;
	case RECORD_INCIDENT_CLOSED:
		if (record->finding != FINDING_NONE && record->downtime_usec == 0 &&
		    finding_verdict(record->finding) != VERDICT_DOWN) {
			(void)text_append(
				to, size,
				"all is well again, proven by a conversation; it was never down.");
			break;
		}
		text_show_duration(record->downtime_usec, duration, sizeof(duration));
		(void)text_append(to, size,
				  "serves again, proven by a listener and a conversation; it was "
				  "down for %s.",
				  duration);
		break;
	case RECORD_REPAIR_STARTED:
		(void)text_append(to, size, "repair by %s%s%s.", rung_name(record->rung),
				  *record->unit ? " of " : "", record->unit);
		break;
	case RECORD_REPAIR_FINISHED:
		(void)text_append(to, size, "the %s %s%s%s; the port must still prove itself.",
				  rung_name(record->rung),
				  record->repair_error ? "failed" : "was carried out",
				  *record->detail ? ": " : "", record->detail);
		break;
	case RECORD_REPAIR_WITHHELD:
		(void)text_append(to, size, "no repair (%s): %s.", withheld_name(record->withheld),
				  reasons[record->withheld].text);
		if (record->withheld == WITHHELD_CONFIGURATION && *record->detail)
			(void)text_append(to, size, " %s.", record->detail);
		say_next(record, to, size);
		say_remedy(record, to, size);
		break;
	case RECORD_OBSERVER_DEGRADED:
		(void)text_append(to, size, "Hearken sees less than it should: %s.",
				  record->detail);
		break;
	case RECORD_OBSERVER_RESTORED:
		(void)text_append(to, size, "Hearken sees more again: %s.", record->detail);
		break;
	case RECORD_SILENCED:
		(void)text_append(to, size, "silenced: %s.", record->detail);
		break;
	case RECORD_EXPECTATION_CHANGED:
		(void)text_append(to, size, "what is expected has changed: %s.", record->detail);
		break;
	case RECORD_KIND_COUNT:
		break;
	}
	end_once(to);
	if (*record->remedy)
		text_sanitize_lines(to);
	else
		text_sanitize(to);
}
