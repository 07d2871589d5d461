// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/preflight.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static const struct {
	const char *name;
	enum severity severity;
	const char *text;
} outcomes[PREFLIGHT_COUNT] = {
	[PREFLIGHT_KEEPS] = { "keeps", SEVERITY_NONE,
			      "listens, and is in the configuration on disk" },
	[PREFLIGHT_COMES] = { "comes", SEVERITY_NONE,
			      "does not listen now; the configuration on disk opens it" },
	[PREFLIGHT_UNTOLD] = { "untold", SEVERITY_NONE,
			       "no source can tell whether the configuration on disk opens it" },
	[PREFLIGHT_LOSES] = { "loses", SEVERITY_CRITICAL,
			      "listens now, and a reload or restart drops it: the configuration on "
			      "disk does not open it" },
	[PREFLIGHT_STAYS_MISSING] = { "stays-missing", SEVERITY_WARNING,
				      "does not listen, and the configuration on disk does not "
				      "open it either" },
	[PREFLIGHT_COLLIDES] = { "collides", SEVERITY_CRITICAL,
				 "would be opened by the configuration on disk, but the port is "
				 "taken" },
	[PREFLIGHT_DROPS] = { "drops", SEVERITY_WARNING,
			      "listens now, and a reload or restart drops it: the configuration on "
			      "disk does not open it, "
			      "and nothing else asks for it" },
	[PREFLIGHT_NARROWS] = { "narrows", SEVERITY_WARNING,
				"listens, and a reload or restart drops some of its addresses" },
	[PREFLIGHT_LOSES_CLIENTS] = { "loses-clients", SEVERITY_CRITICAL,
				      "listens, and a reload or restart locks clients out" },
};

const char *preflight_name(enum preflight_outcome outcome)
{
	return outcomes[outcome].name;
}

const char *preflight_text(enum preflight_outcome outcome)
{
	return outcomes[outcome].text;
}

enum severity preflight_severity(enum preflight_outcome outcome)
{
	return outcomes[outcome].severity;
}

static enum preflight_outcome judge(const struct service *service, enum coverage coverage)
{
	switch (service->provenance.rendered) {
	case RENDERED_UNKNOWN:
		return PREFLIGHT_UNTOLD;
	case RENDERED_NO:
		return coverage == COVERAGE_NONE || coverage == COVERAGE_FOREIGN
			       ? PREFLIGHT_STAYS_MISSING
			       : PREFLIGHT_LOSES;
	case RENDERED_YES:
		break;
	}
	switch (coverage) {
	case COVERAGE_NONE:
	case COVERAGE_PARTIAL:
		return PREFLIGHT_COMES;
	case COVERAGE_FOREIGN:
		return PREFLIGHT_COLLIDES;
	case COVERAGE_FULL:
		break;
	}
	return PREFLIGHT_KEEPS;
}

/* Who has them in another unit (supervisord, a second instance, by hand) has the server that is
 * asked about all the same. */
static bool looks_like_its_own(const char *const *processes, const struct listener *listener)
{
	for (size_t i = 0; i < listener->n_holders; i++)
		for (size_t j = 0; processes && processes[j]; j++)
			if (text_starts_with(listener->holders[i].command, processes[j]))
				return true;
	return false;
}

bool preflight_is_of(const char *unit, const char *const *processes,
		     const struct listener *listener)
{
	return (*listener->unit && strcmp(listener->unit, unit) == 0) ||
	       looks_like_its_own(processes, listener);
}

static bool is_there(const struct preflight_question *question, const struct listener *listener)
{
	return listener->port == question->service->want.port && listener->netns == question->netns;
}

static bool any_looks_like_its_own(const struct preflight_question *question)
{
	for (size_t i = 0; i < question->n; i++)
		if (is_there(question, question->listeners[i]) &&
		    looks_like_its_own(question->processes, question->listeners[i]))
			return true;
	return false;
}

/* ---- addresses ---- */

struct narrowing {
	char lost[FACT_DETAIL_SIZE / 2], kept[FACT_DETAIL_SIZE / 2];
	size_t n_lost;
	bool wanted; /* one that is lost is what somebody asks for */
	bool was_open_to_others, is_open_to_others;
};

static bool is_loopback(const struct address *address)
{
	static const struct address v6 = { .family = AF_INET6, .bytes = { [15] = 1 } };

	return address->family == AF_INET ? address->bytes[0] == 127 : address_equal(address, &v6);
}

/* Whether whoever reaches @there also reaches @opens. Of a socket for both families each is looked
 * at by itself. */
static bool covers(const struct address *opens, const struct address *there)
{
	if (opens->family && opens->family != there->family)
		return false;
	return address_is_wildcard(opens) || address_equal(opens, there);
}

static bool is_opened(const struct preflight_question *question, const struct address *there)
{
	for (size_t i = 0; i < question->n_opens; i++)
		if (covers(&question->opens[i], there))
			return true;
	return false;
}

/* Somebody asks for an address that @there serves, and nothing will. */
static bool is_wanted(const struct preflight_question *question, const struct address *there)
{
	const struct want *want = &question->service->want;

	for (size_t i = 0; i < want->n_addresses; i++)
		if (covers(there, &want->addresses[i]) && !is_opened(question, &want->addresses[i]))
			return true;
	return false;
}

static void add_word(char *list, size_t size, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_show(address, text);
	if (strstr(list, text) == NULL)
		(void)text_append(list, size, "%s%s", *list ? ", " : "", text);
}

static void look_at(const struct preflight_question *question, const struct address *there,
		    struct narrowing *narrowing)
{
	narrowing->was_open_to_others |= !is_loopback(there);
	if (is_opened(question, there))
		return;
	narrowing->n_lost++;
	narrowing->wanted |= is_wanted(question, there);
	add_word(narrowing->lost, sizeof(narrowing->lost), there);
}

/* What listens now and is in the configuration on disk no more. */
static void find_narrowing(const struct preflight_question *question, struct narrowing *narrowing)
{
	static const struct address any_v4 = { .family = AF_INET };

	for (size_t i = 0; i < question->n && question->n_opens; i++) {
		const struct listener *listener = question->listeners[i];

		if (!is_there(question, listener))
			continue;
		look_at(question, &listener->address, narrowing);
		if (listener->address.family == AF_INET6 && !listener->v6only &&
		    address_is_wildcard(&listener->address))
			look_at(question, &any_v4, narrowing);
	}
	for (size_t i = 0; i < question->n_opens; i++) {
		narrowing->is_open_to_others |= !is_loopback(&question->opens[i]);
		add_word(narrowing->kept, sizeof(narrowing->kept), &question->opens[i]);
	}
}

static void tell_narrowing(const struct preflight_question *question, struct preflight *ret)
{
	struct narrowing narrowing = { 0 };
	bool locks_out;

	find_narrowing(question, &narrowing);
	if (!narrowing.n_lost)
		return;
	locks_out =
		narrowing.wanted || (narrowing.was_open_to_others && !narrowing.is_open_to_others);
	ret->outcome = locks_out ? PREFLIGHT_LOSES_CLIENTS : PREFLIGHT_NARROWS;
	(void)text_format(ret->text, sizeof(ret->text),
			  "listens at %s now, and a %s drops that: the configuration on disk opens "
			  "it at %s",
			  narrowing.lost, question->restart_for ? "restart" : "reload or restart",
			  narrowing.kept);
}

void preflight_service(const struct preflight_question *question, struct preflight *ret)
{
	struct service asked = *question->service;
	char detail[FACT_DETAIL_SIZE];
	enum coverage coverage;

	/* A guess at the unit is no ground for an alarm, but for a question before a reload it is,
	 * unless what holds the port looks like the server itself. */
	asked.server.unit_is_guess = asked.server.unit_is_guess && any_looks_like_its_own(question);
	coverage = match_service(&asked, question->netns, question->listeners, question->n, detail);
	ret->outcome = judge(&asked, coverage);
	(void)text_copy(ret->text, sizeof(ret->text), outcomes[ret->outcome].text);
	if (ret->outcome == PREFLIGHT_COMES && coverage == COVERAGE_PARTIAL)
		(void)text_format(ret->text, sizeof(ret->text),
				  "listens in part (%s); the configuration on disk opens it",
				  detail);
	if (ret->outcome == PREFLIGHT_COMES && coverage == COVERAGE_PARTIAL &&
	    question->restart_for)
		(void)text_append(ret->text, sizeof(ret->text),
				  " at a restart: a reload does not take up %s",
				  question->restart_for);
	else if (ret->outcome == PREFLIGHT_COLLIDES)
		(void)text_append(ret->text, sizeof(ret->text), ": %s", detail);
	if (ret->outcome == PREFLIGHT_KEEPS || ret->outcome == PREFLIGHT_COMES)
		tell_narrowing(question, ret);
}
