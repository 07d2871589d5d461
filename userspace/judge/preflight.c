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
	[PREFLIGHT_STAYS_MISSING] = { "stays-missing", SEVERITY_CRITICAL,
				      "does not listen, and the configuration on disk does not "
				      "open it either" },
	[PREFLIGHT_COLLIDES] = { "collides", SEVERITY_CRITICAL,
				 "would be opened by the configuration on disk, but the port is "
				 "taken" },
	[PREFLIGHT_DROPS] = { "drops", SEVERITY_WARNING,
			      "listens now, and a reload or restart drops it: the configuration on "
			      "disk does not open it, "
			      "and nothing else asks for it" },
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

static bool any_looks_like_its_own(const struct service *service, const char *const *processes,
				   uint32_t netns, struct listener *const *listeners, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (listeners[i]->port == service->want.port && listeners[i]->netns == netns &&
		    looks_like_its_own(processes, listeners[i]))
			return true;
	return false;
}

void preflight_service(const struct service *service, const char *const *processes, uint32_t netns,
		       struct listener *const *listeners, size_t n, struct preflight *ret)
{
	struct service asked = *service;
	char detail[FACT_DETAIL_SIZE];
	enum coverage coverage;

	/* A guess at the unit is no ground for an alarm, but for a question before a reload it is,
	 * unless what holds the port looks like the server itself. */
	asked.server.unit_is_guess =
		service->server.unit_is_guess &&
		any_looks_like_its_own(service, processes, netns, listeners, n);
	coverage = match_service(&asked, netns, listeners, n, detail);
	ret->outcome = judge(service, coverage);
	(void)text_copy(ret->text, sizeof(ret->text), outcomes[ret->outcome].text);
	if (ret->outcome == PREFLIGHT_COMES && coverage == COVERAGE_PARTIAL)
		(void)text_format(ret->text, sizeof(ret->text),
				  "listens in part (%s); the configuration on disk opens it",
				  detail);
	else if (ret->outcome == PREFLIGHT_COLLIDES)
		(void)text_append(ret->text, sizeof(ret->text), ": %s", detail);
}
