// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/config_json.h"

#include <stdlib.h>

#include "base/text.h"

const char *rendered_name(enum rendered rendered)
{
	static const char *const names[] = {
		[RENDERED_UNKNOWN] = "unknown", [RENDERED_NO] = "no", [RENDERED_YES] = "yes"
	};

	return names[rendered];
}

static json_t *json_addresses(const struct address *addresses, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		char address[ADDRESS_TEXT_SIZE];

		address_show(&addresses[i], address);
		json_array_append_new(list, json_string(address));
	}
	return list;
}

static json_t *json_sources_of(const struct service *service)
{
	json_t *list = json_array();

	for (enum source_kind k = 0; k < SOURCE_KIND_COUNT; k++)
		if (service->provenance.sources & 1U << k)
			json_array_append_new(list, json_string(source_name(k)));
	return list;
}

static const char *path_of(const struct intent *intent, const struct statement *statement)
{
	if (statement->source < 0 || (size_t)statement->source >= intent->n_sources)
		return "";
	return intent->sources[statement->source].path;
}

/* Paths are bytes that somebody chose, and jansson takes UTF-8 alone. */
static json_t *json_text(const char *s)
{
	char copy[SOURCE_PATH_SIZE + COMPLAINT_SIZE];

	(void)text_copy(copy, sizeof(copy), s);
	text_sanitize(copy);
	return json_string(copy);
}

static json_t *json_said(const struct intent *intent, uint16_t port)
{
	json_t *list = json_array();

	for (size_t i = 0; i < intent->statements.n; i++) {
		const struct statement *statement = &intent->statements.list[i];

		if (statement->port != port)
			continue;
		json_array_append_new(
			list,
			json_pack("{s:s, s:o, s:s, s:s, s:o, s:b, s:b}", "source",
				  source_name(statement->kind), "path",
				  json_text(path_of(intent, statement)), "protocol",
				  protocol_name(statement->protocol), "tls",
				  tls_mode_name(statement->tls), "addresses",
				  json_addresses(statement->addresses, statement->n_addresses),
				  "proxy_header", statement->proxy_header, "expected",
				  statement->expected));
	}
	return list;
}

static json_t *json_services(const struct intent *intent)
{
	json_t *list = json_array();

	for (size_t i = 0; i < intent->services.n; i++) {
		const struct service *service = &intent->services.list[i];

		json_array_append_new(
			list, json_pack("{s:s, s:i, s:s, s:s, s:o, s:s, s:o, s:b, s:s, s:b, s:o}",
					"name", service->name, "port", service->want.port,
					"protocol", protocol_name(service->want.protocol), "tls",
					tls_mode_name(service->want.tls), "addresses",
					json_addresses(service->want.addresses,
						       service->want.n_addresses),
					"unit", service->server.unit, "sources",
					json_sources_of(service), "expected", service->expected,
					"rendered", rendered_name(service->provenance.rendered),
					"proxy_header", service->want.proxy_header, "said",
					json_said(intent, service->want.port)));
	}
	return list;
}

static json_t *json_complaints(const struct complaints *complaints)
{
	json_t *list = json_array();

	for (size_t i = 0; i < complaints->n; i++)
		json_array_append_new(list, json_text(complaints->list[i].text));
	return list;
}

static json_t *json_sources(const struct intent *intent)
{
	json_t *list = json_array();

	for (size_t i = 0; i < intent->n_sources; i++) {
		const struct source *source = &intent->sources[i];

		json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:o, s:o}", "kind",
						      source_name(source->kind), "path",
						      json_text(source->path), "state",
						      source_state_name(source->state), "why",
						      json_text(source->why), "warnings",
						      json_complaints(&source->complaints)));
	}
	return list;
}

static json_t *json_names(const struct server_names *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:b}", "name", names->list[i].name, "said",
						server_name_is_said(&names->list[i])));
	return list;
}

static json_t *json_conflicts(const struct intent *intent)
{
	json_t *list = json_array();

	for (size_t i = 0; i < intent->conflicts.n; i++) {
		const struct conflict *conflict = &intent->conflicts.list[i];

		json_array_append_new(list, json_pack("{s:s, s:i, s:o}", "name",
						      conflict_kind_name(conflict->kind), "port",
						      conflict->port, "detail",
						      json_text(conflict->text)));
	}
	return list;
}

json_t *config_json(const struct intent *intent, const struct complaints *own)
{
	json_t *warnings = json_complaints(own);

	json_array_extend(warnings, json_complaints(&intent->complaints));
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "names", json_names(&intent->names),
			 "services", json_services(intent), "sources", json_sources(intent),
			 "conflicts", json_conflicts(intent), "warnings", warnings);
}
