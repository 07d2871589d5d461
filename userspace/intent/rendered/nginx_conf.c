// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/nginx_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/include.h"
#include "intent/rendered/nginx_listen.h"
#include "intent/rendered/nginx_settings.h"
#include "intent/rendered/nginx_stream.h"

#define WORD_SIZE    512
#define WORDS_MAX    24 /* of one statement; more are dropped */
#define DEPTH_MAX    16
#define LISTENS_MAX  32 /* of one server */
#define INCLUDES_MAX 1024
#define PASSINGS_MAX 64

enum block { BLOCK_OTHER, BLOCK_MAIL, BLOCK_SERVER, BLOCK_STREAM, BLOCK_PASSING, BLOCK_UPSTREAM };

struct passing { /* one listen of a server in stream { } */
	struct nginx_listen listen;
	struct nginx_settings settings;
	char pass[NGINX_STREAM_NAME_SIZE];
	bool speaks_tls; /* to whom it passes on */
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
	struct nginx_settings mail, server;
	struct nginx_listen listens[LISTENS_MAX];
	size_t n_listens;
	struct nginx_stream stream;
	struct passing *passings; /* PASSINGS_MAX of them */
	size_t n_passings;
	char pass[NGINX_STREAM_NAME_SIZE]; /* of the server in stream { } */
	bool pass_speaks_tls;
};

static void read_listen(struct parsing *parsing)
{
	struct nginx_listen *listen;

	if (parsing->n_listens == LISTENS_MAX || parsing->n_words < 2)
		return;
	listen = &parsing->listens[parsing->n_listens++];
	*listen = (struct nginx_listen){ 0 };
	(void)text_copy(listen->address, sizeof(listen->address), parsing->words[1]);
	for (size_t i = 2; i < parsing->n_words; i++) {
		const char *word = parsing->words[i];

		listen->ssl |= strcmp(word, "ssl") == 0;
		listen->proxy_protocol |= strcmp(word, "proxy_protocol") == 0;
		listen->both_families |= strcmp(word, "ipv6only=off") == 0;
		listen->is_udp |= strcmp(word, "udp") == 0;
	}
}

/* ---- services ---- */

/* Where none is said, nginx takes the first port of the server that it knows, for all of them. */
static enum protocol guess_protocol(const struct parsing *parsing)
{
	static const struct {
		uint16_t port;
		enum protocol protocol;
	} ports[] = {
		{ 25, PROTOCOL_SMTP },	{ 465, PROTOCOL_SMTP }, { 587, PROTOCOL_SMTP },
		{ 143, PROTOCOL_IMAP }, { 993, PROTOCOL_IMAP }, { 110, PROTOCOL_POP3 },
		{ 995, PROTOCOL_POP3 },
	};

	for (size_t i = 0; i < parsing->n_listens; i++) {
		const char *colon = strrchr(parsing->listens[i].address, ':');
		uint16_t port = 0;

		(void)text_port(colon ? colon + 1 : parsing->listens[i].address, &port);
		for (size_t j = 0; j < ARRAY_SIZE(ports); j++)
			if (ports[j].port == port)
				return ports[j].protocol;
	}
	return PROTOCOL_UNSET;
}

static enum protocol protocol_of(const struct nginx_settings *settings, uint16_t port)
{
	if (settings->protocol != PROTOCOL_SMTP || port == 25 || settings->no_auth)
		return settings->protocol;
	return PROTOCOL_SUBMISSION;
}

static void complain_twice(const struct parsing *parsing, const struct nginx_listen *listen)
{
	complain_error(parsing->complaints,
		       "%s: listen %.60s is there twice; nginx cannot start so", parsing->path,
		       listen->address);
}

static int add_listen(struct parsing *parsing, const struct nginx_listen *listen)
{
	const struct nginx_settings *settings = &parsing->server;
	struct service service = { .want.proxy_header = listen->proxy_protocol };
	int r;

	if (!nginx_listen_place(listen, parsing->path, parsing->complaints, &service))
		return 0;
	service.want.protocol = protocol_of(settings, service.want.port);
	service.want.tls = listen->ssl || settings->ssl	     ? TLS_IMPLICIT
			   : settings->starttls != TLS_UNSET ? settings->starttls
							     : TLS_NONE;
	if (service.want.tls == TLS_STARTTLS_OPTIONAL)
		service.want.tls = rendering_offered(service.want.protocol);
	if (service.want.protocol == PROTOCOL_UNSET) {
		complain_error(parsing->complaints,
			       "%s: listen %.60s: a server in mail { } without \"protocol\"; nginx "
			       "cannot start so",
			       parsing->path, listen->address);
		return 0;
	}
	if (service.want.tls != TLS_NONE) {
		nginx_settings_name_files(settings, &service);
		parsing->rendering->tls_on = true;
	}
	parsing->rendering->has_submission |= service.want.protocol == PROTOCOL_SUBMISSION;
	r = nginx_listen_add(parsing->rendering, &service);
	if (r == -EADDRINUSE)
		complain_twice(parsing, listen);
	return r == -ENOMEM ? r : 0;
}

static int end_server(struct parsing *parsing)
{
	if (parsing->server.protocol == PROTOCOL_UNSET)
		parsing->server.protocol = guess_protocol(parsing);
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

/* ---- stream { } ---- */

static void end_passing(struct parsing *parsing)
{
	if (!*parsing->pass) /* it answers itself, which is no mail */
		return;
	for (size_t i = 0; i < parsing->n_listens && parsing->n_passings < PASSINGS_MAX; i++) {
		struct passing *passing = &parsing->passings[parsing->n_passings];

		if (parsing->listens[i].is_udp)
			continue;
		*passing = (struct passing){ .listen = parsing->listens[i],
					     .settings = parsing->server,
					     .speaks_tls = parsing->pass_speaks_tls };
		memcpy(passing->pass, parsing->pass, sizeof(passing->pass));
		parsing->n_passings++;
	}
}

/* Where it ends TLS itself, its clients begin with it; else they speak as with whom is behind. */
static int add_passing(struct parsing *parsing, const struct passing *passing)
{
	struct service service = { .want.proxy_header = passing->listen.proxy_protocol };
	const struct well_known *known;
	int r;

	if (!nginx_listen_place(&passing->listen, parsing->path, parsing->complaints, &service))
		return 0;
	known = nginx_stream_known(&parsing->stream, service.want.port, passing->pass);
	if (!known)
		return 0;
	service.want.protocol = known->protocol;
	service.want.tls = passing->listen.ssl	 ? TLS_IMPLICIT
			   : passing->speaks_tls ? TLS_NONE
						 : known->tls;
	if (passing->listen.ssl)
		nginx_settings_name_files(&passing->settings, &service);
	parsing->rendering->tls_on |= service.want.tls != TLS_NONE;
	parsing->rendering->has_submission |= service.want.protocol == PROTOCOL_SUBMISSION;
	r = nginx_listen_add(parsing->rendering, &service);
	if (r == -EADDRINUSE)
		complain_twice(parsing, &passing->listen);
	return r == -ENOMEM ? r : 0;
}

/* What is one port's within mail { } or stream { } collides between them. */
static int add_passings(struct parsing *parsing)
{
	cleanup(rendering_clear) struct rendering streams = { 0 };
	struct rendering *rendering = parsing->rendering;
	int r = 0;

	parsing->rendering = &streams;
	for (size_t i = 0; i < parsing->n_passings && r >= 0; i++)
		r = add_passing(parsing, &parsing->passings[i]);
	parsing->rendering = rendering;
	rendering->tls_on |= streams.tls_on;
	rendering->has_submission |= streams.has_submission;
	for (size_t i = 0; i < streams.services.n && r >= 0; i++) {
		const struct service *service = &streams.services.list[i];

		r = rendering_add(rendering, SOURCE_NGINX, service->name, service);
		if (r != -EADDRINUSE)
			continue;
		complain_error(parsing->complaints,
			       "%s: port %u is opened in mail { } and in stream { }, at the same "
			       "address; nginx cannot start so",
			       parsing->path, service->want.port);
		r = 0;
	}
	return r < 0 ? r : 0;
}

static void read_passing(struct parsing *parsing, const char *name, const char *value)
{
	if (strcmp(name, "listen") == 0)
		read_listen(parsing);
	else if (strcmp(name, "proxy_pass") == 0)
		(void)text_copy(parsing->pass, sizeof(parsing->pass), value);
	else if (strcmp(name, "proxy_ssl") == 0)
		parsing->pass_speaks_tls = strcmp(value, "on") == 0;
	else
		nginx_settings_read(&parsing->server, &parsing->mail, name, value);
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
	if (current(parsing) == BLOCK_MAIL && strcmp(name, "protocol") == 0)
		complain_error(parsing->complaints,
			       "%s: \"protocol\" stands outside of a server in mail { }; nginx "
			       "cannot start so",
			       parsing->path);
	else if (current(parsing) == BLOCK_MAIL || current(parsing) == BLOCK_STREAM)
		nginx_settings_read(&parsing->mail, NULL, name, value);
	else if (current(parsing) == BLOCK_PASSING)
		read_passing(parsing, name, value);
	else if (current(parsing) == BLOCK_UPSTREAM && strcmp(name, "server") == 0)
		nginx_stream_add_server(&parsing->stream, value);
	else if (current(parsing) == BLOCK_SERVER && strcmp(name, "listen") == 0)
		read_listen(parsing);
	else if (current(parsing) == BLOCK_SERVER)
		nginx_settings_read(&parsing->server, &parsing->mail, name, value);
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
		parsing->mail = (struct nginx_settings){ 0 };
	} else if (parsing->depth == 0 && strcmp(name, "stream") == 0) {
		block = BLOCK_STREAM;
		parsing->mail = (struct nginx_settings){ 0 };
	} else if (current(parsing) == BLOCK_STREAM && strcmp(name, "upstream") == 0) {
		block = BLOCK_UPSTREAM;
		nginx_stream_begin_upstream(&parsing->stream,
					    parsing->n_words > 1 ? parsing->words[1] : "");
	} else if ((current(parsing) == BLOCK_MAIL || current(parsing) == BLOCK_STREAM) &&
		   strcmp(name, "server") == 0) {
		block = current(parsing) == BLOCK_MAIL ? BLOCK_SERVER : BLOCK_PASSING;
		parsing->server = parsing->mail;
		parsing->n_listens = 0;
		parsing->pass[0] = '\0';
		parsing->pass_speaks_tls = false;
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
	if (current(parsing) == BLOCK_PASSING)
		end_passing(parsing);
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
	return r < 0 ? r : add_passings(parsing);
}

int nginx_conf_parse(const char *text, size_t size, const char *path, struct rendering *ret,
		     struct complaints *complaints)
{
	cleanup(rendering_clear) struct rendering rendering = { 0 };
	cleanup(memory_freep) struct include_map *map = calloc(1, sizeof(*map));
	cleanup(memory_freep) struct parsing *parsing = calloc(1, sizeof(*parsing));
	cleanup(memory_freep) struct passing *passings = calloc(PASSINGS_MAX, sizeof(*passings));
	int r;

	if (!map || !parsing || !passings)
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
	parsing->passings = passings;
	r = read_all(parsing);
	if (r < 0)
		return r;
	service_set_sort(&rendering.services);
	*ret = rendering;
	rendering = (struct rendering){ 0 };
	return 0;
}
