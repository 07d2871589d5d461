// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/rendered_sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/merge/left_out.h"
#include "intent/merge/placing.h"
#include "intent/rendered/server_read.h"
#include "intent/rendered/servers.h"

static bool serves(const struct service_set *set, enum protocol protocol)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->list[i].want.protocol == protocol)
			return true;
	return false;
}

/* @set: what clients of the host see of it. */
static void hear(struct merging *merging, const struct server_kind *server,
		 const struct rendering *rendering, const struct service_set *set)
{
	/* An nginx for web pages alone says nothing about mail, nor does a server that only sends.
	 */
	if (set->n == 0 && (server->forwards || !rendering->tls_on))
		return;
	default_set_hear(&merging->facts, rendering->tls_on,
			 service_set_find(set, 465) || service_set_find(set, 587),
			 serves(set, PROTOCOL_IMAP), serves(set, PROTOCOL_POP3));
}

/* Two servers, or two instances of one, may share a port at different addresses, and at no other.
 */
static void compare(struct merging *merging, const struct rendered_result *fresh,
		    struct source *source)
{
	for (size_t i = 0; i + 1 < merging->rendered.n; i++) {
		const struct rendered_result *other = &merging->rendered.list[i];

		if (other->container != fresh->container)
			continue;
		for (size_t j = 0; j < fresh->rendering.services.n; j++) {
			const struct service *service = &fresh->rendering.services.list[j];
			const struct service *theirs =
				service_set_find(&other->rendering.services, service->want.port);

			if (theirs && rendering_collides(service, theirs))
				complain_warning(&source->complaints,
						 "%s: port %u is also opened by %s; only the one "
						 "that starts first "
						 "can have it",
						 source->path, service->want.port,
						 source_name(other->server->kind));
		}
	}
}

/* Those whose servers live in containers. */
static const uint32_t declared =
	1u << SOURCE_MAILU | 1u << SOURCE_MAILCOW | 1u << SOURCE_DOCKER_MAILSERVER;

/* Whether @service is of containers: declared so, or by the policy because of what was; or one
 * publishes it. */
static bool is_of_containers(const struct merging *merging, const struct service *service)
{
	const struct service_set *set = &merging->intent->services;
	uint16_t port;

	if (service->provenance.sources & declared)
		return true;
	if (!*service->server.unit &&
	    container_set_publisher(&merging->containers, service->want.port, &port))
		return true;
	for (size_t i = 0; i < set->n && service->provenance.sources == 1u << SOURCE_POLICY; i++)
		if (set->list[i].provenance.sources & declared)
			return true;
	return false;
}

/* What stronger sources left open is filled in by the first; the addresses are those of all. */
static void unite(struct merging *merging, const struct rendering *rendering)
{
	for (size_t i = 0; i < rendering->services.n; i++) {
		const struct service *more = &rendering->services.list[i];
		struct service *service =
			service_set_find(&merging->intent->services, more->want.port);

		if (!service || service->provenance.sources & declared ||
		    service->want.n_addresses == 0)
			continue;
		if (more->want.n_addresses == 0)
			service->want.n_addresses = 0;
		for (size_t j = 0; j < more->want.n_addresses; j++)
			(void)rendering_add_address(service, &more->want.addresses[j]);
	}
}

/* A server that auto found on the host beside a container's product is another one: a local Exim at
 * 127.0.0.1:25 says nothing about the port 25 that docker publishes, but may stand in its way.
 * Moves what it has besides those ports to @ret. Returns 0 or -ENOMEM. */
static int leave_to_containers(const struct merging *merging, const struct rendering *rendering,
			       struct source *source, struct service_set *ret)
{
	for (size_t i = 0; i < rendering->services.n; i++) {
		const struct service *service = &rendering->services.list[i];
		const struct service *theirs =
			service_set_find(&merging->intent->services, service->want.port);
		struct service *copy;

		if (theirs && is_of_containers(merging, theirs)) {
			if (!theirs->want.n_addresses || rendering_collides(service, theirs))
				complain_warning(&source->complaints,
						 "%s: port %u is opened here and published by a "
						 "container too, by what was "
						 "declared; at the same address only the one that "
						 "starts first can have it",
						 source->path, service->want.port);
			continue;
		}
		copy = service_set_add(ret);
		if (!copy)
			return -ENOMEM;
		*copy = *service;
	}
	return 0;
}

static int take(struct merging *merging, const struct rendered_result *result,
		const struct service_set *on_host, struct source *source)
{
	cleanup(service_set_clear) struct service_set own = { 0 };
	int r;

	if (result->container)
		return merging_take(merging, source, on_host);
	if (!result->found)
		return merging_take(merging, source, &result->rendering.services);
	r = leave_to_containers(merging, &result->rendering, source, &own);
	return r < 0 ? r : merging_take(merging, source, &own);
}

/* The first line of each. */
static void note_files(struct server_traits *traits, const struct service *service)
{
	(void)text_format(traits->certificate, sizeof(traits->certificate), "%.*s",
			  (int)strcspn(service->server.certificate, "\n"),
			  service->server.certificate);
	(void)text_format(traits->key, sizeof(traits->key), "%.*s",
			  (int)strcspn(service->server.key, "\n"), service->server.key);
}

static void note_traits(struct server_traits *traits, const struct rendering *rendering)
{
	traits->is_read = true;
	traits->is_new_syntax |= rendering->is_new_syntax;
	if (rendering->has_submission)
		traits->serves |= SERVER_CAN(PROTOCOL_SUBMISSION);
	for (size_t i = 0; i < rendering->services.n; i++)
		traits->serves |= SERVER_CAN(rendering->services.list[i].want.protocol);
	for (size_t i = 0; i < rendering->services.n && !*traits->certificate; i++)
		note_files(traits, &rendering->services.list[i]);
	if (*rendering->pki)
		(void)text_copy(traits->pki, sizeof(traits->pki), rendering->pki);
}

static int keep(struct merging *merging, const struct rendered_server *said,
		const struct rendering *rendering, struct source *source)
{
	cleanup(service_set_clear) struct service_set on_host = { 0 };
	const struct server_kind *server = said->server;
	struct rendered_set *rendered = &merging->rendered;
	struct rendered_result *list = realloc(rendered->list, (rendered->n + 1) * sizeof(*list)),
			       *fresh;
	int r;

	if (!list)
		return -ENOMEM;
	rendered->list = list;
	fresh = &list[rendered->n++];
	fresh->server = server;
	fresh->inside = said->inside;
	fresh->container = said->container;
	fresh->found = !said->said;
	fresh->rendering = *rendering;
	compare(merging, fresh, source);
	if (said->container) {
		r = placing_to_host(said->container, &fresh->rendering.services, &on_host);
		if (r < 0)
			return r;
	} else {
		unite(merging, &fresh->rendering);
	}
	hear(merging, server, &fresh->rendering,
	     said->container ? &on_host : &fresh->rendering.services);
	r = take(merging, fresh, &on_host, source);
	note_traits(&merging->intent->servers[server->kind], &fresh->rendering);
	return r;
}

static int read_socket(struct merging *merging, const struct rendered_server *server)
{
	struct rendering rendering = { 0 };
	struct source *source;
	int r;

	if (!server_has_socket(server))
		return 0;
	source = merging_add_source(merging, SOURCE_SYSTEMD, server->server->socket);
	if (!source)
		return 0;
	source->state = SOURCE_BROKEN;
	r = server_read_socket(server, &rendering, &source->complaints);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	source->state = SOURCE_READ;
	r = merging_take(merging, source, &rendering.services);
	rendering_clear(&rendering);
	return r;
}

/* What @server says now, or said when it could last be read. Returns 0, -EINVAL: nothing is known,
 * or -ENOMEM. */
static int read_or_recall(struct merging *merging, const struct rendered_server *server,
			  struct source *source, struct rendering *ret)
{
	const struct last_word *word;
	int r = server_read(server, server->inside, ret, &source->complaints);

	for (size_t i = 0; server->inside && r >= 0 && i < ret->services.n; i++) {
		ret->services.list[i].server.files_pid = server->inside->pid;
		ret->services.list[i].server.files_mntns = enter_mntns(server->inside->pid);
	}
	if (r >= 0) {
		source->state = SOURCE_READ;
		r = last_good_put_rendering(merging->memory, source, ret);
		if (r < 0)
			rendering_clear(ret);
		return r;
	}
	word = r == -EINVAL ? last_good_find(merging->memory, source) : NULL;
	if (!word || !word->rendering)
		return r;
	merging_tell_last_word(source);
	return rendering_copy(word->rendering, ret);
}

/* Clients of these ports speak TLS from the first byte, or by STARTTLS, whatever a server is told
 * (RFC 8314): such a service is asked as they will ask it. */
static bool is_other_mode(const struct service *service)
{
	static const uint16_t held[] = { 25, 110, 143, 465, 587, 993, 995 };
	const struct well_known *known = well_known_port(service->want.port);
	bool is_held = false;

	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		is_held = is_held || held[i] == service->want.port;
	return is_held && service->want.protocol == known->protocol &&
	       (service->want.tls == TLS_IMPLICIT) != (known->tls == TLS_IMPLICIT);
}

static void hold_to_port(struct service *service, struct complaints *complaints, const char *path)
{
	const struct well_known *known = well_known_port(service->want.port);

	if (!is_other_mode(service))
		return;
	complain_warning(
		complaints,
		"%s: port %u is configured with tls %s, and its clients speak %s (RFC 8314)", path,
		known->port, tls_mode_name(service->want.tls),
		known->tls == TLS_IMPLICIT ? "TLS from the first byte" : "TLS by STARTTLS");
	service->want.tls = known->tls;
}

/* What only servers say of a port's TLS; a declaration is what somebody wants. */
static void hold_to_ports(struct merging *merging)
{
	struct intent *intent = merging->intent;

	for (size_t i = 0; i < intent->services.n; i++) {
		struct service *service = &intent->services.list[i];

		for (size_t j = 0; j < intent->statements.n; j++) {
			const struct statement *statement = &intent->statements.list[j];

			if (statement->port != service->want.port || statement->source < 0)
				continue;
			if (source_is_rendered(statement->kind))
				hold_to_port(service,
					     &intent->sources[statement->source].complaints,
					     intent->sources[statement->source].path);
			break; /* the strongest word is the first */
		}
	}
}

/* A server in a container that does not run now, or in one where it does not, is a source as long
 * as somebody remembers what it said. */
static bool is_unheard(struct merging *merging, const struct rendered_server *server,
		       const char *path)
{
	struct source source = { .kind = server->server->kind };

	(void)text_copy(source.path, sizeof(source.path), path);
	return server->container && server->inside->pidfd < 0 &&
	       !last_good_find(merging->memory, &source);
}

/* What it is called: in a container the same file is another. */
static void name_source(const struct rendered_server *server, char to[static SOURCE_PATH_SIZE])
{
	if (server->container)
		(void)text_format(to, SOURCE_PATH_SIZE, "%s:%s", server->container->name,
				  server->path);
	else
		(void)text_copy(to, SOURCE_PATH_SIZE, server->path);
}

static void explain(const struct rendered_server *server, struct source *source)
{
	if (server->container)
		(void)text_format(source->why, sizeof(source->why),
				  "container %s publishes mail ports, and runs it",
				  server->container->name);
	else if (!server->said)
		(void)server_explain(server->server, source->why);
}

static int read_one(struct merging *merging, const struct rendered_server *server)
{
	struct rendering rendering = { 0 };
	char path[SOURCE_PATH_SIZE];
	struct source *source;
	int r;

	name_source(server, path);
	if (is_unheard(merging, server, path))
		return 0;
	source = merging_add_source(merging, server->server->kind, path);
	if (!source)
		return 0;
	explain(server, source);
	source->state = server->absent ? SOURCE_ABSENT : SOURCE_BROKEN;
	if (server->absent)
		return 0;
	r = read_or_recall(merging, server, source, &rendering);
	if (r == -EINVAL)
		return 0;
	if (r >= 0)
		r = keep(merging, server, &rendering, source);
	return r < 0 ? r : read_socket(merging, server);
}

int rendered_read(struct merging *merging, const struct intent_tools *tools)
{
	int r = 0;

	for (size_t i = 0; tools && i < tools->n && r >= 0; i++)
		r = read_one(merging, &tools->list[i]);
	if (r >= 0)
		hold_to_ports(merging);
	return r;
}

/* ---- whose is it ---- */

/* Would this server be the one to open it? Submission may be any of them's. */
static bool is_its(const struct rendered_result *result, const struct service *service)
{
	const struct server_kind *server = result->server;
	struct server_traits traits = { 0 };

	if (service->server.unit[0])
		return server_owns_unit(server, service->server.unit);
	note_traits(&traits, &result->rendering);
	/* In a container another server may be the one, which nobody has read. */
	if (result->container)
		return traits.serves & SERVER_CAN(service->want.protocol);
	return server_would(server, &traits, service->want.protocol) ||
	       (server_can(server, service->want.protocol) &&
		service->provenance.sources & server->chosen_by);
}

void rendered_find(const struct merging *merging, struct service *service, bool may_name_unit)
{
	service->provenance.rendered =
		left_out_is(merging->intent, service) ? RENDERED_NO : RENDERED_UNKNOWN;
	for (size_t i = 0; i < merging->rendered.n; i++) {
		const struct rendered_result *result = &merging->rendered.list[i];

		uint16_t port = service->want.port;

		if (result->container
			    ? !container_publishes(result->container, service->want.port, &port)
			    : result->found && !service->server.unit[0] &&
				      is_of_containers(merging, service))
			continue;
		if (!service_set_find(&result->rendering.services, port)) {
			if (is_its(result, service))
				service->provenance.rendered = RENDERED_NO;
			continue;
		}
		service->provenance.rendered = RENDERED_YES;
		if (may_name_unit && !service->server.unit[0] && !result->inside) {
			(void)text_copy(service->server.unit, sizeof(service->server.unit),
					result->server->unit());
			service->server.unit_is_guess = true;
		}
		return;
	}
}
