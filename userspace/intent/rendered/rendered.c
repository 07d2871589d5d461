// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/rendered.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/text.h"
#include "intent/merge/left_out.h"
#include "intent/rendered/doveconf.h"
#include "intent/rendered/dovecot_socket.h"
#include "intent/rendered/exim.h"
#include "intent/rendered/include.h"
#include "intent/rendered/netservices.h"
#include "intent/rendered/nginx.h"
#include "intent/rendered/postconf.h"
#include "intent/rendered/smtpd_conf.h"

/* ---- what the programs said ---- */

static const struct intent_tool *find_tool(const struct rendered_server *server,
					   enum tool_kind kind)
{
	for (size_t i = 0; i < server->n_tools; i++)
		if (server->tools[i].kind == kind)
			return &server->tools[i];
	return NULL;
}

static const char *output_of(const struct rendered_server *server, enum tool_kind kind)
{
	const struct intent_tool *tool = find_tool(server, kind);

	return tool && tool->output ? tool->output : "";
}

/* The last line of what a failed program said, if it is about the failure: it may have failed while
 * it printed settings, passwords among them. */
static const char *last_words(const struct intent_tool *tool, const char *name, char *to,
			      size_t size)
{
	size_t n;
	const char *line = text_last_line(tool->output ? tool->output : "", &n);

	(void)text_format(to, size, "%.*s", (int)n, line);
	if (!text_starts_with(to, name) && (WIFSIGNALED(tool->result) || strstr(to, " =")))
		*to = '\0';
	return to;
}

/* Whether @tool printed something to read; else says why not. */
static bool is_good(const struct intent_tool *tool, const char *name, const char *path,
		    struct complaints *complaints)
{
	char text[256], why[64];

	if (tool->state != TOOL_RAN) {
		complain_error(complaints, "%s: %s could not be run: nobody tried", path, name);
	} else if (tool->result == -ENOENT) {
		complain_error(complaints, "%s: there is no %s to read it with", path, name);
	} else if (tool->result == -ETIMEDOUT) {
		complain_error(complaints, "%s: %s did not end in time", path, name);
	} else if (tool->result == -EFBIG) {
		complain_error(complaints, "%s: %s printed more than 4 MiB", path, name);
	} else if (tool->result == -EOPNOTSUPP) {
		complain_error(
			complaints,
			"%s: %s cannot be run in a container with a user namespace of its own",
			path, name);
	} else if (tool->result < 0) {
		complain_error(complaints, "%s: %s could not be run: %s", path, name,
			       strerror(-tool->result));
	} else if (tool->result > 0) {
		spawn_show_status(tool->result, why, sizeof(why));
		complain_error(complaints, "%s: %s %s: %s", path, name, why,
			       last_words(tool, name, text, sizeof(text)));
	} else {
		return true;
	}
	return false;
}

static bool are_good(const struct rendered_server *server, struct complaints *complaints)
{
	for (size_t i = 0; i < server->n_tools; i++)
		if (server->tools[i].kind != TOOL_DOVECOT_SOCKET &&
		    !is_good(&server->tools[i], server->server->name, server->path, complaints))
			return false;
	return true;
}

/* ---- one reader a server ---- */

/* A file that helps to understand what the programs said; NULL when it cannot be had. In a
 * container, too, it is text to read, wherever a link may lead. */
static char *read_beside(pid_t inside, const char *path, size_t max)
{
	char whole[SOURCE_PATH_SIZE + 64];
	char *text = NULL;

	if (inside)
		(void)text_format(whole, sizeof(whole), "/proc/%d/root%s", (int)inside, path);
	(void)file_read(inside ? whole : path, max, &text, NULL);
	return text;
}

static int read_dovecot(const struct rendered_server *server, struct rendering *ret,
			struct complaints *complaints)
{
	const char *output = output_of(server, TOOL_DOVECONF);

	return doveconf_parse(output, strlen(output), server->path, ret, complaints);
}

static int read_postfix(const struct rendered_server *server, pid_t inside, struct rendering *ret,
			struct complaints *complaints)
{
	cleanup(memory_freep) char *services =
		read_beside(inside, "/etc/services", NETSERVICES_TEXT_MAX);
	cleanup(memory_freep) char *master_cf = NULL;
	struct postconf_text text = {
		.master = output_of(server, TOOL_POSTCONF_MASTER),
		.options = output_of(server, TOOL_POSTCONF_OPTIONS),
		.main = output_of(server, TOOL_POSTCONF_MAIN),
	};
	char path[SOURCE_PATH_SIZE + sizeof("/master.cf")];

	(void)text_format(path, sizeof(path), "%s/master.cf", server->path);
	master_cf = read_beside(inside, path, RENDERING_TEXT_MAX);
	text.services = services;
	text.master_cf = master_cf;
	return postconf_parse(&text, server->path, ret, complaints);
}

static int read_exim(const struct rendered_server *server, pid_t inside, struct rendering *ret,
		     struct complaints *complaints)
{
	cleanup(memory_freep) char *services =
		read_beside(inside, "/etc/services", NETSERVICES_TEXT_MAX);
	cleanup(memory_freep) char *defaults =
		read_beside(inside, "/etc/default/exim4", RENDERING_TEXT_MAX);
	struct exim_text text = { .options = output_of(server, TOOL_EXIM) };

	text.services = services;
	text.defaults = defaults;
	return exim_parse(&text, server->path, ret, complaints);
}

static int read_files(const struct rendered_server *server, struct rendering *ret,
		      struct complaints *complaints)
{
	bool nginx = server->server->kind == SOURCE_NGINX;
	cleanup(memory_freep) char *services = NULL;
	cleanup(memory_freep) char *text = NULL;
	int r = include_read(server->path, &text, complaints);

	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	if (nginx)
		return nginx_parse(text, strlen(text), server->path, ret, complaints);
	(void)file_read("/etc/services", NETSERVICES_TEXT_MAX, &services, NULL);
	return smtpd_conf_parse(text, strlen(text), services, server->path, ret, complaints);
}

static int read_server(const struct rendered_server *server, pid_t inside, struct rendering *ret,
		       struct complaints *complaints)
{
	if (!are_good(server, complaints))
		return -EINVAL;
	switch (server->server->kind) {
	case SOURCE_DOVECOT:
		return read_dovecot(server, ret, complaints);
	case SOURCE_POSTFIX:
		return read_postfix(server, inside, ret, complaints);
	case SOURCE_EXIM:
		return read_exim(server, inside, ret, complaints);
	case SOURCE_OPENSMTPD:
	case SOURCE_NGINX:
		if (!inside)
			return read_files(server, ret, complaints);
		complain_error(complaints, "%s: files of a container are not read by this version",
			       server->path);
		return -EINVAL;
	case SOURCE_CONFIG:
	case SOURCE_MAILU:
	case SOURCE_MAILCOW:
	case SOURCE_DOCKER_MAILSERVER:
	case SOURCE_SYSTEMD:
	case SOURCE_POLICY:
	case SOURCE_KIND_COUNT:
		break;
	}
	return -EINVAL;
}

/* ---- merging ---- */

static bool serves(const struct service_set *set, enum protocol protocol)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->list[i].want.protocol == protocol)
			return true;
	return false;
}

static void hear(struct merging *merging, const struct server_kind *server,
		 const struct rendering *rendering)
{
	const struct service_set *set = &rendering->services;

	/* An nginx for web pages alone says nothing about mail. */
	if (server->kind != SOURCE_DOVECOT && set->n == 0)
		return;
	policy_hear(&merging->facts, rendering->tls_on,
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

		if (theirs && theirs->provenance.sources & declared) {
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
		struct source *source)
{
	cleanup(service_set_clear) struct service_set own = { 0 };
	int r;

	if (!result->found)
		return merging_take(merging, source, &result->rendering.services);
	r = leave_to_containers(merging, &result->rendering, source, &own);
	return r < 0 ? r : merging_take(merging, source, &own);
}

static int keep(struct merging *merging, const struct rendered_server *said, pid_t inside,
		const struct rendering *rendering, struct source *source)
{
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
	fresh->inside = inside;
	fresh->found = !said->said;
	fresh->rendering = *rendering;
	hear(merging, server, &fresh->rendering);
	compare(merging, fresh, source);
	unite(merging, &fresh->rendering);
	r = take(merging, fresh, source);
	merging->intent->rendered |= 1u << server->kind;
	if (server->kind == SOURCE_DOVECOT) {
		merging->intent->has_dovecot = true;
		merging->intent->dovecot_has_submission |= fresh->rendering.has_submission;
	}
	return r;
}

static int read_socket(struct merging *merging, const struct rendered_server *server)
{
	const struct intent_tool *tool = find_tool(server, TOOL_DOVECOT_SOCKET);
	struct rendering rendering = { 0 };
	struct source *source;
	int r;

	if (!tool)
		return 0;
	source = merging_add_source(merging, SOURCE_SYSTEMD, DOVECOT_SOCKET_UNIT);
	if (!source)
		return 0;
	source->state = SOURCE_BROKEN;
	if (!is_good(tool, "systemctl", DOVECOT_SOCKET_UNIT, &source->complaints))
		return 0;
	r = dovecot_socket_parse(tool->output ? tool->output : "", &rendering, &source->complaints);
	if (r < 0)
		return r;
	source->state = SOURCE_READ;
	r = merging_take(merging, source, &rendering.services);
	rendering_clear(&rendering);
	return r;
}

/* What @server says now, or said when it could last be read. Returns 0, -EINVAL: nothing is known,
 * or -ENOMEM. */
static int read_or_recall(struct merging *merging, const struct rendered_server *server,
			  pid_t inside, struct source *source, struct rendering *ret)
{
	const struct last_word *word;
	int r = read_server(server, inside, ret, &source->complaints);

	/* In a container these are other files, behind links that would lead out of it. */
	for (size_t i = 0; inside && r >= 0 && i < ret->services.n; i++)
		*ret->services.list[i].server.certificate = *ret->services.list[i].server.key =
			'\0';
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

int rendered_read(struct merging *merging, const struct intent_tools *tools)
{
	for (size_t i = 0; tools && i < tools->n; i++) {
		const struct rendered_server *server = &tools->list[i];
		struct source *source =
			merging_add_source(merging, server->server->kind, server->path);
		struct rendering rendering = { 0 };
		int r;

		if (!source)
			return 0;
		if (!server->said)
			(void)server_explain(server->server, source->why);
		source->state = server->absent ? SOURCE_ABSENT : SOURCE_BROKEN;
		if (server->absent)
			continue;
		r = read_or_recall(merging, server, tools->inside, source, &rendering);
		if (r == -EINVAL)
			continue;
		if (r >= 0)
			r = keep(merging, server, tools->inside, &rendering, source);
		if (r >= 0)
			r = read_socket(merging, server);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- whose is it ---- */

/* Whether @service is of containers: declared so, or by the policy because of what was. */
static bool is_of_containers(const struct merging *merging, const struct service *service)
{
	const struct service_set *set = &merging->intent->services;

	if (service->provenance.sources & declared)
		return true;
	for (size_t i = 0; i < set->n && service->provenance.sources == 1u << SOURCE_POLICY; i++)
		if (set->list[i].provenance.sources & declared)
			return true;
	return false;
}

/* Would this server be the one to open it? Submission may be any of them's. */
static bool is_its(const struct merging *merging, const struct rendered_result *result,
		   const struct service *service)
{
	bool submission = service->want.protocol == PROTOCOL_SUBMISSION;

	if (service->server.unit[0])
		return server_owns_unit(result->server, service->server.unit);
	switch (result->server->kind) {
	case SOURCE_DOVECOT:
		if (submission)
			return result->rendering.has_submission ||
			       service->provenance.sources & 1u << SOURCE_MAILU;
		return doveconf_service_name(service->want.protocol) != NULL;
	case SOURCE_POSTFIX:
	case SOURCE_EXIM:
	case SOURCE_OPENSMTPD:
		return service->want.protocol == PROTOCOL_SMTP || submission;
	case SOURCE_NGINX:
		return serves(&result->rendering.services, service->want.protocol);
	case SOURCE_CONFIG:
	case SOURCE_MAILU:
	case SOURCE_MAILCOW:
	case SOURCE_DOCKER_MAILSERVER:
	case SOURCE_SYSTEMD:
	case SOURCE_POLICY:
	case SOURCE_KIND_COUNT:
		break;
	}
	return false;
}

void rendered_find(const struct merging *merging, struct service *service, bool may_name_unit)
{
	service->provenance.rendered =
		left_out_is(merging->intent, service) ? RENDERED_NO : RENDERED_UNKNOWN;
	for (size_t i = 0; i < merging->rendered.n; i++) {
		const struct rendered_result *result = &merging->rendered.list[i];

		if (result->found && !service->server.unit[0] && is_of_containers(merging, service))
			continue;
		if (!service_set_find(&result->rendering.services, service->want.port)) {
			if (is_its(merging, result, service))
				service->provenance.rendered = RENDERED_NO;
			continue;
		}
		service->provenance.rendered = RENDERED_YES;
		if (may_name_unit && !service->server.unit[0] && !result->inside) {
			(void)text_copy(service->server.unit, sizeof(service->server.unit),
					server_unit(result->server));
			service->server.unit_is_guess = true;
		}
		return;
	}
}
