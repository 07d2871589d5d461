// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define SERVICES_ROOM 4 /* to begin with */

/* clang-format off */
static const char *const protocol_names[PROTOCOL_COUNT] = {
	[PROTOCOL_UNSET] = "",
#define PROTOCOL_NAME(NAME, word) [PROTOCOL_##NAME] = #word,
	PROTOCOLS(PROTOCOL_NAME)
#undef PROTOCOL_NAME
};

static const char *const source_names[SOURCE_KIND_COUNT] = {
#define SOURCE_NAME(NAME, word) [SOURCE_##NAME] = word,
	SOURCE_KINDS(SOURCE_NAME)
#undef SOURCE_NAME
};
/* clang-format on */

static const char *const tls_mode_names[TLS_MODE_COUNT] = {
	[TLS_UNSET] = "",
	[TLS_STARTTLS] = "starttls",
	[TLS_STARTTLS_OPTIONAL] = "starttls-optional",
	[TLS_IMPLICIT] = "implicit",
	[TLS_NONE] = "none",
};

static const struct well_known well_known_ports[] = {
	{ 24, "lmtp", PROTOCOL_LMTP, TLS_STARTTLS_OPTIONAL },
	{ 25, "smtp", PROTOCOL_SMTP, TLS_STARTTLS_OPTIONAL },
	{ 110, "pop3", PROTOCOL_POP3, TLS_STARTTLS },
	{ 143, "imap", PROTOCOL_IMAP, TLS_STARTTLS },
	{ 443, "https", PROTOCOL_HTTPS, TLS_IMPLICIT },
	{ 465, "submissions", PROTOCOL_SUBMISSION, TLS_IMPLICIT },
	{ 587, "submission", PROTOCOL_SUBMISSION, TLS_STARTTLS },
	{ 993, "imaps", PROTOCOL_IMAP, TLS_IMPLICIT },
	{ 995, "pop3s", PROTOCOL_POP3, TLS_IMPLICIT },
	{ 4190, "sieve", PROTOCOL_SIEVE, TLS_STARTTLS },
};

uint16_t service_port_inside(const struct service *service)
{
	return service->server.container_port ? service->server.container_port : service->want.port;
}

void service_set_clear(struct service_set *set)
{
	free(set->list);
	*set = (struct service_set){ 0 };
}

struct service *service_set_add(struct service_set *set)
{
	size_t room = set->n < SERVICES_ROOM ? SERVICES_ROOM : 2 * set->n;
	struct service *list = set->list;

	if (set->n == SERVICES_MAX)
		return NULL;
	if (set->n >= set->room) {
		list = realloc(set->list, room * sizeof(*list));
		if (!list)
			return NULL;
		set->list = list;
		set->room = room;
	}
	memset(&list[set->n], 0, sizeof(*list));
	return &list[set->n++];
}

struct service *service_set_find(const struct service_set *set, uint16_t port)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->list[i].want.port == port)
			return &set->list[i];
	return NULL;
}

struct service *service_set_find_name(const struct service_set *set, const char *name)
{
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->list[i].name, name) == 0)
			return &set->list[i];
	return NULL;
}

static int by_port(const void *a, const void *b)
{
	const struct service *left = a, *right = b;

	if (left->want.port != right->want.port)
		return left->want.port < right->want.port ? -1 : 1;
	return strcmp(left->name, right->name);
}

struct service *service_set_find_same(const struct service_set *set, const struct service *service)
{
	for (size_t i = 0; i < set->n; i++)
		if (by_port(&set->list[i], service) == 0)
			return &set->list[i];
	return NULL;
}

void service_set_sort(struct service_set *set)
{
	if (set->n > 1)
		qsort(set->list, set->n, sizeof(*set->list), by_port);
}

const char *protocol_name(enum protocol protocol)
{
	return protocol_names[protocol];
}

const char *tls_mode_name(enum tls_mode tls)
{
	return tls_mode_names[tls];
}

const char *source_name(enum source_kind source)
{
	return source_names[source];
}

static int find_name(const char *s, const char *const *names, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (strcmp(s, names[i]) == 0)
			return (int)i;
	return -EINVAL;
}

int protocol_parse(const char *s, enum protocol *ret)
{
	int i = find_name(s, protocol_names, PROTOCOL_COUNT);

	if (i < 0)
		return i;
	*ret = (enum protocol)i;
	return 0;
}

int tls_mode_parse(const char *s, enum tls_mode *ret)
{
	int i = find_name(s, tls_mode_names, TLS_MODE_COUNT);

	if (i < 0)
		return i;
	*ret = (enum tls_mode)i;
	return 0;
}

int proxy_header_parse(const char *s, enum proxy_header *ret)
{
	bool wanted;

	if (strcmp(s, "v1") == 0) {
		*ret = PROXY_HEADER_V1;
		return 0;
	}
	if (strcmp(s, "v2") == 0)
		s = "yes";
	if (text_bool(s, &wanted) < 0)
		return -EINVAL;
	*ret = wanted ? PROXY_HEADER_V2 : PROXY_HEADER_NO;
	return 0;
}

const struct well_known *well_known_port(uint16_t port)
{
	for (size_t i = 0; i < ARRAY_SIZE(well_known_ports); i++)
		if (well_known_ports[i].port == port)
			return &well_known_ports[i];
	return NULL;
}

const char *service_target(const struct service *service)
{
	const struct server *server = &service->server;

	if (*server->restart_command)
		return server->restart_command;
	if (*server->unit && !server->unit_is_guess)
		return server->unit;
	return server->container;
}
