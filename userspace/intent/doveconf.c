// SPDX-License-Identifier: LGPL-2.1-or-later
#include "doveconf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "text.h"

#define VALUE_SIZE 512
#define DEPTH_MAX  32

static const struct {
	const char *service;
	enum protocol protocol;
} dovecot_services[] = {
	{ "submission-login", PROTOCOL_SUBMISSION }, { "imap-login", PROTOCOL_IMAP },
	{ "pop3-login", PROTOCOL_POP3 },	     { "managesieve-login", PROTOCOL_SIEVE },
	{ "lmtp", PROTOCOL_LMTP },
};

struct listener_block {
	char name[SERVICE_NAME_SIZE];
	char address[VALUE_SIZE];
	char port[8];
	bool ssl;
	bool haproxy;
	enum protocol protocol;
};

struct parsing {
	const char *path;
	struct complaints *complaints;
	char listen[VALUE_SIZE];
	char protocols[VALUE_SIZE];
	char ssl[16];
	bool has_listen;
	bool has_protocols;
	struct listener_block *blocks;
	size_t n_blocks;
	size_t depth;
	bool in_service; /* one of ours */
	enum protocol protocol;
	bool in_listener;
	bool enabled[PROTOCOL_COUNT];
};

/* Cuts "key = value" in place; values that begin or end with a blank are printed in quotes. */
static bool cut_setting(char *line, char **ret_value)
{
	char *equals = strstr(line, " =");
	size_t n;

	if (!equals || (equals[2] && equals[2] != ' '))
		return false;
	*equals = '\0';
	*ret_value = text_trim(equals + 2);
	n = strlen(*ret_value);
	if (n >= 2 && (*ret_value)[0] == '"' && (*ret_value)[n - 1] == '"') {
		(*ret_value)[n - 1] = '\0';
		(*ret_value)++;
	}
	return true;
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = list; *s; s += strcspn(s, " \t,")) {
		s += strspn(s, " \t,");
		if (strcspn(s, " \t,") == n && memcmp(s, word, n) == 0)
			return true;
	}
	return false;
}

static void read_global(struct parsing *parsing, const char *key, const char *value)
{
	if (strcmp(key, "listen") == 0) {
		parsing->has_listen = text_copy(parsing->listen, sizeof(parsing->listen), value) == 0;
	} else if (strcmp(key, "protocols") == 0) {
		parsing->has_protocols =
			text_copy(parsing->protocols, sizeof(parsing->protocols), value) == 0;
	} else if (strcmp(key, "ssl") == 0) {
		(void)text_copy(parsing->ssl, sizeof(parsing->ssl), value);
	}
}

static void read_listener(struct listener_block *block, const char *key, const char *value)
{
	if (strcmp(key, "address") == 0)
		(void)text_copy(block->address, sizeof(block->address), value);
	else if (strcmp(key, "port") == 0)
		(void)text_copy(block->port, sizeof(block->port), value);
	else if (strcmp(key, "ssl") == 0)
		block->ssl = strcmp(value, "yes") == 0;
	else if (strcmp(key, "haproxy") == 0)
		block->haproxy = strcmp(value, "yes") == 0;
}

/* Whether @name is one of those that serve mail. */
static bool enter_service(struct parsing *parsing, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(dovecot_services); i++) {
		if (strcmp(dovecot_services[i].service, name) == 0) {
			parsing->protocol = dovecot_services[i].protocol;
			return true;
		}
	}
	return false;
}

static int add_block(struct parsing *parsing, char *name)
{
	struct listener_block *block;
	size_t n = strlen(name);

	if (parsing->n_blocks == DOVECONF_LISTENERS_MAX) {
		complain_error(parsing->complaints, "%s: Dovecot has more than %d listeners", parsing->path,
			       DOVECONF_LISTENERS_MAX);
		return -EINVAL;
	}
	if (n >= 2 && name[0] == '"' && name[n - 1] == '"') {
		name[n - 1] = '\0';
		name++;
	}
	block = &parsing->blocks[parsing->n_blocks++];
	*block = (struct listener_block){ .protocol = parsing->protocol };
	(void)text_copy(block->name, sizeof(block->name) - sizeof("-65535"), name);
	text_sanitize(block->name);
	return 0;
}

static int open_block(struct parsing *parsing, char *line)
{
	char *name = line, *word = text_word(&name);
	int r = 0;

	if (!word)
		word = line;
	name = text_trim(name);
	if (parsing->depth == 0 && strcmp(word, "service") == 0) {
		parsing->in_service = enter_service(parsing, name);
	} else if (parsing->depth == 1 && parsing->in_service && strcmp(word, "inet_listener") == 0) {
		r = add_block(parsing, name);
		parsing->in_listener = r == 0;
	}
	if (++parsing->depth > DEPTH_MAX) {
		complain_error(parsing->complaints, "%s: doveconf's blocks are nested too deep", parsing->path);
		return -EINVAL;
	}
	return r;
}

static int read_line(struct parsing *parsing, char *line)
{
	size_t n;
	char *value;

	line = text_trim(line);
	n = strlen(line);
	if (n == 0 || *line == '#')
		return 0;
	if (strcmp(line, "}") == 0) {
		if (parsing->depth > 0)
			parsing->depth--;
		if (parsing->depth < 2)
			parsing->in_listener = false;
		if (parsing->depth < 1)
			parsing->in_service = false;
		return 0;
	}
	if (n > 2 && strcmp(line + n - 2, " {") == 0 && !strstr(line, " = ")) {
		line[n - 2] = '\0';
		return open_block(parsing, line);
	}
	if (!cut_setting(line, &value))
		return 0;
	if (parsing->depth == 0)
		read_global(parsing, line, value);
	else if (parsing->depth == 2 && parsing->in_listener)
		read_listener(&parsing->blocks[parsing->n_blocks - 1], line, value);
	return 0;
}

/* "*" is every IPv4 address, "::" every IPv6 one. What is no number (a name, an interface) cannot be
 * compared with a socket: then any address will do. */
static void add_addresses(struct parsing *parsing, const struct listener_block *block, struct service *service)
{
	char words[VALUE_SIZE], *rest = words, *word;

	(void)text_copy(words, sizeof(words), *block->address ? block->address : parsing->listen);
	while ((word = strsep(&rest, " \t,"))) {
		struct address address = { .family = AF_INET };
		bool known = false;

		if (!*word)
			continue;
		if (strcmp(word, "*") != 0 && address_parse(word, &address) < 0) {
			complain_warning(parsing->complaints,
					 "%s: inet_listener %s: \"%.60s\" is no numeric address; any address "
					 "is taken for right",
					 parsing->path, block->name, word);
			service->n_addresses = 0;
			return;
		}
		for (size_t i = 0; i < service->n_addresses; i++)
			known = known || address_equal(&service->addresses[i], &address);
		if (known)
			continue;
		if (service->n_addresses == SERVICE_ADDRESSES_MAX) {
			complain_warning(parsing->complaints, "%s: inet_listener %s: only %d addresses are kept",
					 parsing->path, block->name, SERVICE_ADDRESSES_MAX);
			return;
		}
		service->addresses[service->n_addresses++] = address;
	}
}

static enum tls_mode tls_of(const struct parsing *parsing, const struct listener_block *block)
{
	if (block->ssl)
		return TLS_IMPLICIT;
	if (strcmp(parsing->ssl, "no") == 0)
		return TLS_NONE;
	/* LMTP offers STARTTLS and demands it of nobody. */
	if (strcmp(parsing->ssl, "required") == 0 && block->protocol != PROTOCOL_LMTP)
		return TLS_STARTTLS;
	return TLS_STARTTLS_OPTIONAL;
}

static int add_service(struct parsing *parsing, const struct listener_block *block, struct service_set *set)
{
	const struct well_known *known;
	struct service *service;
	uint16_t port;

	if (!parsing->enabled[block->protocol] || strcmp(block->port, "0") == 0)
		return 0;
	if (block->ssl && strcmp(parsing->ssl, "no") == 0)
		return 0;
	if (text_port(block->port, &port) < 0) {
		complain_warning(parsing->complaints, "%s: inet_listener %s: no port can be read in \"%s\"",
				 parsing->path, block->name, block->port);
		return 0;
	}
	service = service_set_find(set, port);
	if (service) { /* the same port at another address */
		if (service->n_addresses > 0)
			add_addresses(parsing, block, service);
		return 0;
	}
	service = service_set_add(set);
	if (!service)
		return -ENOMEM;
	known = well_known_port(port);
	if (known && known->protocol == block->protocol)
		(void)text_copy(service->name, sizeof(service->name), known->name);
	else
		(void)text_format(service->name, sizeof(service->name), "%s-%u", block->name, port);
	service->port = port;
	service->protocol = block->protocol;
	service->tls = tls_of(parsing, block);
	service->proxy_header = block->haproxy;
	service->expected = true;
	service->rendered = RENDERED_YES;
	service->sources = 1u << SOURCE_DOVECOT;
	add_addresses(parsing, block, service);
	return 0;
}

static int read_all(struct parsing *parsing, char *text)
{
	while (text) {
		int r = read_line(parsing, strsep(&text, "\n"));

		if (r < 0)
			return r;
	}
	if (parsing->has_protocols && parsing->has_listen && parsing->ssl[0])
		return 0;
	complain_error(parsing->complaints,
		       "%s: doveconf did not print protocols, listen and ssl; is this Dovecot 2.3?", parsing->path);
	return -EINVAL;
}

int doveconf_parse(const char *text, const char *path, struct doveconf *ret, struct complaints *complaints)
{
	cleanup(doveconf_clear) struct doveconf doveconf = { 0 };
	cleanup(memory_freep) struct listener_block *blocks = calloc(DOVECONF_LISTENERS_MAX, sizeof(*blocks));
	cleanup(memory_freep) char *copy = NULL;
	struct parsing parsing = { .path = path, .complaints = complaints, .blocks = blocks };
	int r;

	if (strnlen(text, DOVECONF_OUTPUT_MAX + 1) > DOVECONF_OUTPUT_MAX) {
		complain_error(complaints, "%s: doveconf printed more than 4 MiB", path);
		return -EINVAL;
	}
	copy = strdup(text);
	if (!blocks || !copy)
		return -ENOMEM;
	r = read_all(&parsing, copy);
	if (r < 0)
		return r;
	/* The words of "protocols" are our protocols' names. */
	for (int i = PROTOCOL_UNSET + 1; i < PROTOCOL_COUNT; i++)
		parsing.enabled[i] = has_word(parsing.protocols, protocol_name((enum protocol)i));
	for (size_t i = 0; i < parsing.n_blocks; i++) {
		r = add_service(&parsing, &blocks[i], &doveconf.services);
		if (r < 0)
			return r;
	}
	service_set_sort(&doveconf.services);
	doveconf.tls_on = strcmp(parsing.ssl, "no") != 0;
	doveconf.has_submission = parsing.enabled[PROTOCOL_SUBMISSION];
	*ret = doveconf;
	doveconf = (struct doveconf){ 0 };
	return 0;
}

void doveconf_clear(struct doveconf *doveconf)
{
	service_set_clear(&doveconf->services);
	*doveconf = (struct doveconf){ 0 };
}

const char *doveconf_service_name(enum protocol protocol)
{
	for (size_t i = 0; i < ARRAY_SIZE(dovecot_services); i++)
		if (dovecot_services[i].protocol == protocol)
			return dovecot_services[i].service;
	return NULL;
}
