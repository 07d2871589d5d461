// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/broken.h"

#include <string.h>

#include "intent/rendered/servers.h"

bool broken_is(const struct source *source)
{
	return source->state == SOURCE_BROKEN ||
	       (source->state == SOURCE_READ && source->complaints.n_errors);
}

const char *broken_why(const struct source *source)
{
	const struct complaints *complaints = &source->complaints;

	if (complaints->n_errors)
		return complaints_first_error(complaints);
	return complaints->n ? complaints->list[0].text : source->path;
}

static bool opened_it(const struct intent *intent, int source, const struct service *service)
{
	for (size_t i = 0; i < intent->statements.n; i++)
		if (intent->statements.list[i].source == source &&
		    intent->statements.list[i].port == service->want.port)
			return true;
	return false;
}

static bool is_its(const struct source *source, const struct service *service)
{
	const struct server_kind *server = servers_find(source->kind);
	bool of_containers =
		service->provenance.sources &
		(1u << SOURCE_MAILU | 1u << SOURCE_MAILCOW | 1u << SOURCE_DOCKER_MAILSERVER);

	if (!server)
		return false;
	if (service->server.unit[0])
		return strcmp(server->unit(), service->server.unit) == 0;
	/* One that auto found on the host is not that of the containers. */
	if (service->provenance.rendered == RENDERED_YES || (of_containers && source->why[0]))
		return false;
	return !server->forwards && server_can(server, service->want.protocol);
}

const struct source *broken_find(const struct intent *intent, const struct service *service)
{
	for (size_t i = 0; i < intent->n_sources; i++) {
		const struct source *source = &intent->sources[i];

		if (broken_is(source) && source_is_rendered(source->kind) &&
		    (opened_it(intent, (int)i, service) || is_its(source, service)))
			return source;
	}
	return NULL;
}

static bool is_unreadable(const struct source *source)
{
	if (!*source->why)
		return source->state != SOURCE_READ;
	return source->state == SOURCE_BROKEN && source->complaints.n_errors > 0;
}

void broken_judge(const struct source *source, bool is_down, struct source_view *ret)
{
	*ret = (struct source_view){ .source = source, .verdict = VERDICT_UP, .why = "" };
	if (!is_unreadable(source))
		return;
	ret->why = source->state == SOURCE_ABSENT ? "it is not there" : broken_why(source);
	ret->verdict = is_down ? VERDICT_DOWN : VERDICT_UNKNOWN;
}
