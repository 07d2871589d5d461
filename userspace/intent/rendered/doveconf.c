// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/doveconf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/dovecot_files.h"

#define VALUE_SIZE		DOVECOT_VALUE_SIZE
#define DEPTH_MAX		32
#define SERVICES_IN_DOVECOT_MAX 128

/* The programs that talk to clients. The built-in services that run them have their names. */
static const struct {
	const char *program;
	enum protocol protocol;
} dovecot_programs[] = {
	{ "submission-login", PROTOCOL_SUBMISSION },
	{ "imap-login", PROTOCOL_IMAP },
	{ "pop3-login", PROTOCOL_POP3 },
	{ "managesieve-login", PROTOCOL_SIEVE },
	{ "lmtp", PROTOCOL_LMTP },
};

struct listener_block {
	char name[SERVICE_NAME_SIZE];
	char listen[VALUE_SIZE]; /* 2.3: address */
	char port[8];
	bool ssl;
	bool haproxy;
	size_t service;
};

struct service_block {
	char program[32];
	char word[32]; /* in "protocols", or it is off; empty: it is on */
};

/* In which block a line stands, one for each level; what is not ours is BLOCK_OTHER. */
enum block {
	BLOCK_OTHER,
	BLOCK_SERVICE,
	BLOCK_LISTENER,
	BLOCK_PROTOCOLS,       /* 2.4: protocols { imap = yes } */
	BLOCK_LISTEN,	       /* 2.4: listen { * = yes } */
	BLOCK_LISTENER_LISTEN, /* and in a listener */
	BLOCK_FILTER,	       /* protocol imap, local_name NAME: other certificates */
};

struct parsing {
	const char *path;
	struct complaints *complaints;
	struct rendering *rendering;
	char listen[VALUE_SIZE];
	char protocols[VALUE_SIZE];
	char ssl[16];
	bool has_listen;
	bool has_protocols;
	bool takes_cleartext; /* passwords before TLS, unless ssl = required */
	struct listener_block *blocks;
	size_t n_blocks;
	struct service_block *services;
	size_t n_services;
	enum block stack[DEPTH_MAX];
	size_t depth;
	struct dovecot_files files[2]; /* everybody's; those of the filter we are in */
};

/* ---- lines ---- */

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

/* 2.4 prints a list as a block, "word = yes" a line. */
static void add_word(char *list, size_t size, const char *word, const char *value)
{
	if (strcmp(value, "yes") == 0)
		(void)text_append(list, size, "%s%s", list[0] ? " " : "", word);
}

static void read_global(struct parsing *parsing, const char *key, const char *value)
{
	if (strcmp(key, "listen") == 0) {
		parsing->has_listen =
			text_copy(parsing->listen, sizeof(parsing->listen), value) == 0;
	} else if (strcmp(key, "protocols") == 0) {
		parsing->has_protocols =
			text_copy(parsing->protocols, sizeof(parsing->protocols), value) == 0;
	} else if (strcmp(key, "hostname") == 0) {
		(void)text_copy(parsing->rendering->hostname, sizeof(parsing->rendering->hostname),
				value);
	} else if (strcmp(key, "ssl") == 0) {
		(void)text_copy(parsing->ssl, sizeof(parsing->ssl), value);
	} else if (strcmp(key, "disable_plaintext_auth") == 0) {
		parsing->takes_cleartext = strcmp(value, "no") == 0;
	} else if (strcmp(key, "auth_allow_cleartext") == 0) { /* 2.4 */
		parsing->takes_cleartext = strcmp(value, "yes") == 0;
	} else {
		dovecot_files_read(&parsing->files[0], key, value);
	}
}

static void read_service(struct service_block *service, const char *key, const char *value)
{
	if (strcmp(key, "executable") == 0 && *value) {
		const char *end = value + strcspn(value, " \t"),
			   *slash = memrchr(value, '/', (size_t)(end - value));

		if (slash)
			value = slash + 1;
		(void)text_format(service->program, sizeof(service->program), "%.*s",
				  (int)(end - value), value);
	} else if (strcmp(key, "protocol") == 0) {
		(void)text_copy(service->word, sizeof(service->word), value);
	}
}

static void read_listener(struct listener_block *block, const char *key, const char *value)
{
	if (strcmp(key, "address") == 0 || strcmp(key, "listen") == 0)
		(void)text_copy(block->listen, sizeof(block->listen), value);
	else if (strcmp(key, "port") == 0)
		(void)text_copy(block->port, sizeof(block->port), value);
	else if (strcmp(key, "ssl") == 0)
		block->ssl = strcmp(value, "yes") == 0;
	else if (strcmp(key, "haproxy") == 0)
		block->haproxy = strcmp(value, "yes") == 0;
}

static void read_setting(struct parsing *parsing, const char *key, const char *value)
{
	struct listener_block *listener =
		parsing->n_blocks ? &parsing->blocks[parsing->n_blocks - 1] : NULL;

	if (parsing->depth == 0) {
		read_global(parsing, key, value);
		return;
	}
	switch (parsing->stack[parsing->depth - 1]) {
	case BLOCK_OTHER:
		break;
	case BLOCK_SERVICE:
		read_service(&parsing->services[parsing->n_services - 1], key, value);
		break;
	case BLOCK_LISTENER:
		read_listener(listener, key, value);
		break;
	case BLOCK_PROTOCOLS:
		add_word(parsing->protocols, sizeof(parsing->protocols), key, value);
		break;
	case BLOCK_LISTEN:
		add_word(parsing->listen, sizeof(parsing->listen), key, value);
		break;
	case BLOCK_LISTENER_LISTEN:
		add_word(listener->listen, sizeof(listener->listen), key, value);
		break;
	case BLOCK_FILTER:
		dovecot_files_read(&parsing->files[1], key, value);
		break;
	}
}

/* ---- blocks ---- */

static char *unquote(char *name)
{
	size_t n = strlen(name);

	if (n < 2 || name[0] != '"' || name[n - 1] != '"')
		return name;
	name[n - 1] = '\0';
	return name + 1;
}

static int add_service_block(struct parsing *parsing, const char *name)
{
	struct service_block *service;

	if (parsing->n_services == SERVICES_IN_DOVECOT_MAX) {
		complain_error(parsing->complaints, "%s: Dovecot has more than %d services",
			       parsing->path, SERVICES_IN_DOVECOT_MAX);
		return -EINVAL;
	}
	service = &parsing->services[parsing->n_services++];
	*service = (struct service_block){ 0 };
	(void)text_copy(service->program, sizeof(service->program), name);
	/* Until "protocol =" says so. */
	for (size_t i = 0; i < ARRAY_SIZE(dovecot_programs); i++)
		if (strcmp(dovecot_programs[i].program, name) == 0)
			(void)text_copy(service->word, sizeof(service->word),
					protocol_name(dovecot_programs[i].protocol));
	return 0;
}

static int add_listener_block(struct parsing *parsing, char *name)
{
	struct listener_block *block;

	if (parsing->n_blocks == RENDERING_LISTENERS_MAX) {
		complain_error(parsing->complaints, "%s: Dovecot has more than %d listeners",
			       parsing->path, RENDERING_LISTENERS_MAX);
		return -EINVAL;
	}
	block = &parsing->blocks[parsing->n_blocks++];
	*block = (struct listener_block){ .service = parsing->n_services - 1 };
	(void)text_copy(block->name, sizeof(block->name), unquote(name));
	text_sanitize(block->name);
	return 0;
}

static void begin_filter(struct parsing *parsing, const char *word, char *name)
{
	struct dovecot_files *files = &parsing->files[1];

	*files = (struct dovecot_files){ 0 };
	if (strcmp(word, "protocol") == 0 && protocol_parse(name, &files->protocol) < 0)
		files->protocol = PROTOCOL_COUNT; /* none of ours */
	else if (strcmp(word, "local_name") == 0)
		(void)text_copy(files->name, sizeof(files->name), unquote(name));
}

static int enter(struct parsing *parsing, const char *word, char *name, enum block *ret)
{
	enum block around = parsing->depth ? parsing->stack[parsing->depth - 1] : BLOCK_OTHER;
	bool top = parsing->depth == 0;

	*ret = BLOCK_OTHER;
	if (top && strcmp(word, "service") == 0) {
		*ret = BLOCK_SERVICE;
		return add_service_block(parsing, name);
	}
	if (around == BLOCK_SERVICE && strcmp(word, "inet_listener") == 0) {
		*ret = BLOCK_LISTENER;
		return add_listener_block(parsing, name);
	}
	if (top && strcmp(word, "protocols") == 0) {
		*ret = BLOCK_PROTOCOLS;
		parsing->has_protocols = true;
		parsing->protocols[0] = '\0';
	} else if (top && strcmp(word, "listen") == 0) {
		*ret = BLOCK_LISTEN;
		parsing->has_listen = true;
		parsing->listen[0] = '\0';
	} else if (around == BLOCK_LISTENER && strcmp(word, "listen") == 0) {
		*ret = BLOCK_LISTENER_LISTEN;
	} else if (top && (strcmp(word, "protocol") == 0 || strcmp(word, "local_name") == 0)) {
		*ret = BLOCK_FILTER;
		begin_filter(parsing, word, name);
	}
	return 0;
}

static int open_block(struct parsing *parsing, char *line)
{
	char *name = line, *word = text_word(&name);
	enum block block;
	int r;

	if (parsing->depth == DEPTH_MAX) {
		complain_error(parsing->complaints, "%s: doveconf's blocks are nested too deep",
			       parsing->path);
		return -EINVAL;
	}
	r = enter(parsing, word ? word : "", name ? text_trim(name) : line, &block);
	parsing->stack[parsing->depth++] = block;
	return r;
}

static void close_block(struct parsing *parsing)
{
	if (parsing->depth == 0)
		return;
	if (parsing->stack[--parsing->depth] == BLOCK_FILTER)
		dovecot_files_keep(parsing->rendering, &parsing->files[1]);
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
		close_block(parsing);
		return 0;
	}
	if (n > 2 && strcmp(line + n - 2, " {") == 0 && !strstr(line, " = ")) {
		line[n - 2] = '\0';
		return open_block(parsing, line);
	}
	if (cut_setting(line, &value))
		read_setting(parsing, line, value);
	return 0;
}

/* ---- services ---- */

/* "*" is every IPv4 address, "::" every IPv6 one. What is no number (a name, an interface) cannot
 * be compared with a socket: then any address will do. */
static void add_addresses(struct parsing *parsing, const struct listener_block *block,
			  struct service *service)
{
	char words[VALUE_SIZE], *rest = words, *word;

	(void)text_copy(words, sizeof(words), *block->listen ? block->listen : parsing->listen);
	while ((word = strsep(&rest, " \t,"))) {
		struct address address = { .family = AF_INET };

		if (!*word)
			continue;
		if (strcmp(word, "*") != 0 && address_parse(word, &address) < 0) {
			complain_warning(parsing->complaints,
					 "%s: inet_listener %s: \"%.60s\" is no numeric address; "
					 "any address "
					 "is taken for right",
					 parsing->path, block->name, word);
			service->want.n_addresses = 0;
			return;
		}
		if (!rendering_add_address(service, &address)) {
			complain_warning(parsing->complaints,
					 "%s: inet_listener %s: only %d addresses are kept",
					 parsing->path, block->name, SERVICE_ADDRESSES_MAX);
			return;
		}
	}
}

static enum tls_mode tls_of(const struct parsing *parsing, const struct listener_block *block,
			    enum protocol protocol)
{
	if (block->ssl)
		return TLS_IMPLICIT;
	if (strcmp(parsing->ssl, "no") == 0)
		return TLS_NONE;
	return rendering_offered(
		protocol); /* "required" changes nothing: LMTP demands it of nobody even then */
}

static enum protocol protocol_of(const struct parsing *parsing, const struct service_block *service)
{
	/* The words of "protocols" are our protocols' names. */
	if (service->word[0] && !has_word(parsing->protocols, service->word))
		return PROTOCOL_UNSET;
	for (size_t i = 0; i < ARRAY_SIZE(dovecot_programs); i++)
		if (strcmp(dovecot_programs[i].program, service->program) == 0)
			return dovecot_programs[i].protocol;
	return PROTOCOL_UNSET;
}

static int add_service(struct parsing *parsing, const struct listener_block *block)
{
	struct service service = { .want.protocol = protocol_of(
					   parsing, &parsing->services[block->service]) };
	int r;

	if (service.want.protocol == PROTOCOL_UNSET || strcmp(block->port, "0") == 0)
		return 0;
	if (block->ssl && strcmp(parsing->ssl, "no") == 0)
		return 0;
	if (text_port(block->port, &service.want.port) < 0) {
		complain_warning(parsing->complaints,
				 "%s: inet_listener %s: no port can be read in \"%s\"",
				 parsing->path, block->name, block->port);
		return 0;
	}
	service.want.tls = tls_of(parsing, block, service.want.protocol);
	service.want.proxy_header = block->haproxy ? PROXY_HEADER_V2 : PROXY_HEADER_NO;
	add_addresses(parsing, block, &service);
	r = rendering_add(parsing->rendering, SOURCE_DOVECOT, block->name, &service);
	if (r != -EADDRINUSE)
		return r;
	complain_error(parsing->complaints,
		       "%s: inet_listener %s: another one has port %u at the same address; Dovecot "
		       "cannot start so",
		       parsing->path, block->name, service.want.port);
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
	complain_error(
		parsing->complaints,
		"%s: doveconf did not print protocols, listen and ssl; is this Dovecot 2.3 or 2.4?",
		parsing->path);
	return -EINVAL;
}

static int add_services(struct parsing *parsing)
{
	struct rendering *rendering = parsing->rendering;

	for (size_t i = 0; i < parsing->n_blocks; i++) {
		int r = add_service(parsing, &parsing->blocks[i]);

		if (r < 0)
			return r;
	}
	if (parsing->takes_cleartext && strcmp(parsing->ssl, "yes") == 0)
		complain_warning(
			parsing->complaints,
			"%s: passwords are taken before TLS (disable_plaintext_auth = no, in 2.4 "
			"auth_allow_cleartext = yes); write ssl = required, which forbids it",
			parsing->path);
	service_set_sort(&rendering->services);
	rendering->tls_on = strcmp(parsing->ssl, "no") != 0;
	rendering->has_submission =
		has_word(parsing->protocols, protocol_name(PROTOCOL_SUBMISSION));
	if (rendering->tls_on)
		dovecot_files_keep(rendering, &parsing->files[0]);
	rendering_assign_certificates(rendering);
	return 0;
}

int doveconf_parse(const char *text, size_t size, const char *path, struct rendering *ret,
		   struct complaints *complaints)
{
	cleanup(rendering_clear) struct rendering rendering = { 0 };
	cleanup(memory_freep) struct listener_block *blocks =
		calloc(RENDERING_LISTENERS_MAX, sizeof(*blocks));
	cleanup(memory_freep) struct service_block *services =
		calloc(SERVICES_IN_DOVECOT_MAX, sizeof(*services));
	cleanup(memory_freep) char *copy = NULL;
	struct parsing parsing = { .path = path,
				   .complaints = complaints,
				   .rendering = &rendering,
				   .blocks = blocks,
				   .services = services };
	int r;

	if (size > RENDERING_TEXT_MAX) {
		complain_error(complaints, "%s: doveconf printed more than 4 MiB", path);
		return -EINVAL;
	}
	copy = strndup(text, size);
	if (!blocks || !services || !copy)
		return -ENOMEM;
	r = read_all(&parsing, copy);
	if (r >= 0)
		r = add_services(&parsing);
	if (r < 0)
		return r;
	*ret = rendering;
	rendering = (struct rendering){ 0 };
	return 0;
}

const char *doveconf_service_name(enum protocol protocol)
{
	for (size_t i = 0; i < ARRAY_SIZE(dovecot_programs); i++)
		if (dovecot_programs[i].protocol == protocol)
			return dovecot_programs[i].program;
	return NULL;
}
