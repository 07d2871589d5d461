// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/nginx_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/include.h"

#define WORD_SIZE    512
#define WORDS_MAX    24 /* of one statement; more are dropped */
#define DEPTH_MAX    16
#define LISTENS_MAX  32 /* of one server */
#define INCLUDES_MAX 1024

enum block { BLOCK_OTHER, BLOCK_MAIL, BLOCK_SERVER };

/* What mail { } says, and each server { } in it may say anew. */
struct mail_settings {
	enum protocol protocol;
	enum tls_mode starttls;
	bool ssl;
	bool no_auth;			      /* smtp_auth none: not for clients */
	char certificate[SERVICE_FILES_SIZE]; /* each ends with a newline */
	char key[SERVICE_FILES_SIZE];
};

struct listen {
	char address[128];
	bool ssl, proxy_protocol, both_families;
};

struct parsing {
	const char *path;
	struct complaints *complaints;
	struct rendering *rendering;
	const struct include_map *map;
	char words[WORDS_MAX][WORD_SIZE];
	size_t n_words;
	enum block stack[DEPTH_MAX];
	size_t depth;
	size_t n_includes, included_bytes;
	struct mail_settings mail, server;
	struct listen listens[LISTENS_MAX];
	size_t n_listens;
};

/* ---- settings ---- */

/* Each of them is a line, be it no path that we could read: certificates and keys go by their
 * places. */
static void add_line(char *to, const char *word)
{
	if (strchr(word, '\n'))
		word = "-";
	if (strlen(to) + strlen(word) + 2 <= SERVICE_FILES_SIZE)
		(void)text_append(to, SERVICE_FILES_SIZE, "%s\n", word);
}

static void name_files(const struct mail_settings *settings, struct service *service)
{
	char certificates[SERVICE_FILES_SIZE], keys[SERVICE_FILES_SIZE];
	char *rest = certificates, *rest_of_keys = keys, *certificate;

	memcpy(certificates, settings->certificate, sizeof(certificates));
	memcpy(keys, settings->key, sizeof(keys));
	while ((certificate = strsep(&rest, "\n")) && *certificate) {
		const char *key = strsep(&rest_of_keys, "\n");

		rendering_add_files(service->server.certificate, service->server.key, certificate,
				    key ? key : "");
	}
}

static void read_setting(struct mail_settings *settings, struct mail_settings *around,
			 const char *name, const char *value)
{
	if (strcmp(name, "protocol") == 0) {
		settings->protocol = strcmp(value, "smtp") == 0	  ? PROTOCOL_SMTP
				     : strcmp(value, "imap") == 0 ? PROTOCOL_IMAP
				     : strcmp(value, "pop3") == 0 ? PROTOCOL_POP3
								  : PROTOCOL_UNSET;
	} else if (strcmp(name, "starttls") == 0) {
		settings->starttls = strcmp(value, "on") == 0	  ? TLS_STARTTLS_OPTIONAL
				     : strcmp(value, "only") == 0 ? TLS_STARTTLS
								  : TLS_NONE;
	} else if (strcmp(name, "ssl") == 0) {
		settings->ssl = strcmp(value, "on") == 0;
	} else if (strcmp(name, "smtp_auth") == 0) {
		settings->no_auth = strcmp(value, "none") == 0;
	} else if (strcmp(name, "ssl_certificate") == 0) {
		/* A server that names one of its own does not inherit. */
		if (around && strcmp(settings->certificate, around->certificate) == 0)
			settings->certificate[0] = '\0';
		add_line(settings->certificate, value);
	} else if (strcmp(name, "ssl_certificate_key") == 0) {
		if (around && strcmp(settings->key, around->key) == 0)
			settings->key[0] = '\0';
		add_line(settings->key, value);
	}
}

static void read_listen(struct parsing *parsing)
{
	struct listen *listen;

	if (parsing->n_listens == LISTENS_MAX || parsing->n_words < 2)
		return;
	listen = &parsing->listens[parsing->n_listens++];
	*listen = (struct listen){ 0 };
	(void)text_copy(listen->address, sizeof(listen->address), parsing->words[1]);
	for (size_t i = 2; i < parsing->n_words; i++) {
		const char *word = parsing->words[i];

		listen->ssl |= strcmp(word, "ssl") == 0;
		listen->proxy_protocol |= strcmp(word, "proxy_protocol") == 0;
		listen->both_families |= strcmp(word, "ipv6only=off") == 0;
	}
}

/* ---- services ---- */

/* "587", "*:587", "192.0.2.1:587", "[::]:587", "localhost:587". Returns false when it is no TCP
 * port. */
static bool place(const struct parsing *parsing, const struct listen *listen,
		  struct service *service)
{
	struct address address = { .family = AF_INET };
	const char *colon = strrchr(listen->address, ':');
	char host[128] = "*";

	if (text_starts_with(listen->address, "unix:"))
		return false;
	if (text_port(colon ? colon + 1 : listen->address, &service->want.port) < 0) {
		complain_warning(parsing->complaints,
				 "%s: listen %.60s: no single port can be read in that",
				 parsing->path, listen->address);
		return false;
	}
	if (colon)
		(void)text_format(host, sizeof(host), "%.*s", (int)(colon - listen->address),
				  listen->address);
	if (strcmp(host, "*") != 0 && address_parse(host, &address) < 0) {
		complain_warning(parsing->complaints,
				 "%s: listen %.60s: that is no numeric address; any address is "
				 "taken for right",
				 parsing->path, listen->address);
		return true;
	}
	if (listen->both_families && address.family == AF_INET6 && address_is_wildcard(&address))
		address.family = 0;
	(void)rendering_add_address(service, &address);
	return true;
}

/* nginx too guesses the protocol from the port where none is said. */
static enum protocol protocol_of(const struct mail_settings *settings, uint16_t port)
{
	const struct well_known *known = well_known_port(port);
	enum protocol protocol = settings->protocol;

	if (protocol == PROTOCOL_UNSET)
		return known ? known->protocol : PROTOCOL_UNSET;
	if (protocol != PROTOCOL_SMTP || port == 25 || settings->no_auth)
		return protocol;
	return PROTOCOL_SUBMISSION;
}

static int add_listen(struct parsing *parsing, const struct listen *listen)
{
	const struct mail_settings *settings = &parsing->server;
	struct service service = { .want.proxy_header = listen->proxy_protocol };
	int r;

	if (!place(parsing, listen, &service))
		return 0;
	service.want.protocol = protocol_of(settings, service.want.port);
	service.want.tls = listen->ssl || settings->ssl	     ? TLS_IMPLICIT
			   : settings->starttls != TLS_UNSET ? settings->starttls
							     : TLS_NONE;
	if (service.want.tls == TLS_STARTTLS_OPTIONAL)
		service.want.tls = rendering_offered(service.want.protocol);
	if (service.want.protocol == PROTOCOL_UNSET) {
		complain_warning(parsing->complaints,
				 "%s: listen %.60s: a server in mail { } without \"protocol\"",
				 parsing->path, listen->address);
		return 0;
	}
	if (service.want.tls != TLS_NONE) {
		name_files(settings, &service);
		parsing->rendering->tls_on = true;
	}
	parsing->rendering->has_submission |= service.want.protocol == PROTOCOL_SUBMISSION;
	r = rendering_add(parsing->rendering, SOURCE_NGINX, protocol_name(service.want.protocol),
			  &service);
	if (r == -EADDRINUSE)
		complain_error(parsing->complaints,
			       "%s: listen %.60s is there twice; nginx cannot start so",
			       parsing->path, listen->address);
	return r == -ENOMEM ? r : 0;
}

static int end_server(struct parsing *parsing)
{
	for (size_t i = 0; i < parsing->n_listens; i++) {
		int r;

		if (parsing->rendering->services.n >= RENDERING_LISTENERS_MAX) {
			complain_error(parsing->complaints,
				       "%s: nginx has more than %d listeners for mail",
				       parsing->path, RENDERING_LISTENERS_MAX);
			return -EINVAL;
		}
		r = add_listen(parsing, &parsing->listens[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- statements and blocks ---- */

static int read_file(struct parsing *parsing, const struct include_file *file, size_t depth);

static enum block current(const struct parsing *parsing)
{
	return parsing->depth ? parsing->stack[parsing->depth - 1] : BLOCK_OTHER;
}

static int include(struct parsing *parsing, const char *pattern, size_t depth)
{
	if (!*pattern) {
		complain_error(parsing->complaints,
			       "%s: an include names no file; nginx cannot start so",
			       parsing->path);
		return -EINVAL;
	}
	if (depth == INCLUDE_DEPTH_MAX) {
		complain_error(parsing->complaints,
			       "%s: include %.100s: includes are nested too deep, or in a loop",
			       parsing->path, pattern);
		return -EINVAL;
	}
	for (int i = include_map_find(parsing->map, pattern, 0); i >= 0;
	     i = include_map_find(parsing->map, pattern, (size_t)i + 1)) {
		int r;

		if (parsing->n_includes++ == INCLUDES_MAX) {
			complain_error(parsing->complaints, "%s: more than %d includes",
				       parsing->path, INCLUDES_MAX);
			return -EINVAL;
		}
		parsing->included_bytes += parsing->map->list[i].size;
		if (parsing->included_bytes > INCLUDE_BYTES_MAX) {
			complain_error(parsing->complaints,
				       "%s: what it includes is more than 16 MiB in all",
				       parsing->path);
			return -EINVAL;
		}
		r = read_file(parsing, &parsing->map->list[i], depth + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

static int end_statement(struct parsing *parsing, size_t depth)
{
	const char *name = parsing->words[0];
	const char *value = parsing->n_words > 1 ? parsing->words[1] : "";
	char pattern[WORD_SIZE];

	if (parsing->n_words == 0)
		return 0;
	if (strcmp(name, "include") == 0) {
		(void)text_copy(pattern, sizeof(pattern),
				value); /* the words are used again in there */
		parsing->n_words = 0;
		return include(parsing, pattern, depth);
	}
	if (current(parsing) == BLOCK_MAIL)
		read_setting(&parsing->mail, NULL, name, value);
	else if (current(parsing) == BLOCK_SERVER && strcmp(name, "listen") == 0)
		read_listen(parsing);
	else if (current(parsing) == BLOCK_SERVER)
		read_setting(&parsing->server, &parsing->mail, name, value);
	parsing->n_words = 0;
	return 0;
}

static int begin_block(struct parsing *parsing)
{
	const char *name = parsing->n_words ? parsing->words[0] : "";
	enum block block = BLOCK_OTHER;

	if (parsing->depth == DEPTH_MAX) {
		complain_error(parsing->complaints, "%s: blocks are nested too deep",
			       parsing->path);
		return -EINVAL;
	}
	if (parsing->depth == 0 && strcmp(name, "mail") == 0) {
		block = BLOCK_MAIL;
		parsing->mail = (struct mail_settings){ 0 };
	} else if (current(parsing) == BLOCK_MAIL && strcmp(name, "server") == 0) {
		block = BLOCK_SERVER;
		parsing->server = parsing->mail;
		parsing->n_listens = 0;
	}
	parsing->stack[parsing->depth++] = block;
	parsing->n_words = 0;
	return 0;
}

static int end_block(struct parsing *parsing)
{
	int r = 0;

	if (parsing->depth == 0) {
		complain_error(parsing->complaints, "%s: a \"}\" closes nothing", parsing->path);
		return -EINVAL;
	}
	if (current(parsing) == BLOCK_SERVER)
		r = end_server(parsing);
	parsing->depth--;
	parsing->n_words = 0;
	return r;
}

/* Takes a word, perhaps in quotes, from @s; returns where it ends. */
static const char *take_word(struct parsing *parsing, const char *s, const char *end)
{
	char quote = *s == '"' || *s == '\'' ? *s++ : '\0';
	char *word = parsing->n_words < WORDS_MAX ? parsing->words[parsing->n_words++] : NULL;
	size_t n = 0;

	for (; s < end; s++) {
		if (*s == '\\' && s + 1 < end)
			s++;
		else if (quote ? *s == quote : strchr(" \t\r\n;{}", *s) != NULL)
			break;
		if (word && n + 1 < WORD_SIZE)
			word[n++] = *s;
	}
	if (word)
		word[n] = '\0';
	return s < end && quote ? s + 1 : s;
}

static int read_file(struct parsing *parsing, const struct include_file *file, size_t depth)
{
	const char *s = file->text, *end = s + file->size;

	while (s < end) {
		int r = 0;

		switch (*s) {
		case ' ':
		case '\t':
		case '\r':
		case '\n':
		case '\0':
			s++;
			break;
		case '#':
			s = memchr(s, '\n', (size_t)(end - s));
			s = s ? s : end;
			break;
		case ';':
			s++;
			r = end_statement(parsing, depth);
			break;
		case '{':
			s++;
			r = begin_block(parsing);
			break;
		case '}':
			s++;
			r = end_block(parsing);
			break;
		default:
			s = take_word(parsing, s, end);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_all(struct parsing *parsing)
{
	int r = parsing->map->n ? read_file(parsing, &parsing->map->list[0], 0) : 0;

	if (r >= 0 && (parsing->depth > 0 || parsing->n_words > 0)) {
		complain_error(parsing->complaints, "%s: it ends within a block or a statement",
			       parsing->path);
		return -EINVAL;
	}
	return r;
}

int nginx_conf_parse(const char *text, size_t size, const char *path, struct rendering *ret,
		     struct complaints *complaints)
{
	cleanup(rendering_clear) struct rendering rendering = { 0 };
	cleanup(memory_freep) struct include_map *map = calloc(1, sizeof(*map));
	cleanup(memory_freep) struct parsing *parsing = calloc(1, sizeof(*parsing));
	int r;

	if (!map || !parsing)
		return -ENOMEM;
	if (size > RENDERING_TEXT_MAX) {
		complain_error(complaints, "%s: it is more than 4 MiB", path);
		return -EINVAL;
	}
	include_map_parse(text, size, map);
	parsing->path = path;
	parsing->complaints = complaints;
	parsing->rendering = &rendering;
	parsing->map = map;
	r = read_all(parsing);
	if (r < 0)
		return r;
	service_set_sort(&rendering.services);
	*ret = rendering;
	rendering = (struct rendering){ 0 };
	return 0;
}
