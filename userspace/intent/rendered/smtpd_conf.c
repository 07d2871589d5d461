// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/smtpd_conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/include.h"
#include "intent/rendered/netservices.h"

#define LINE_SIZE    2048 /* a longer one is complained about */
#define NAME_SIZE    64
#define VALUE_SIZE   256
#define MACROS_MAX   64
#define PKIS_MAX     32
#define INCLUDES_MAX 256

struct macro {
	char name[NAME_SIZE];
	char value[VALUE_SIZE];
};

struct pki {
	char name[NAME_SIZE * 2];
	char certificate[VALUE_SIZE];
	char key[VALUE_SIZE];
};

struct listen {
	char interface[VALUE_SIZE];
	char pki[NAME_SIZE * 2];
	uint16_t port; /* 0: not said */
	int family;    /* 0: both */
	bool tls, required, smtps, secure, auth, proxy;
};

struct parsing {
	const char *path;
	const char *services;
	struct complaints *complaints;
	const struct include_map *map;
	struct macro macros[MACROS_MAX];
	size_t n_macros;
	struct pki pkis[PKIS_MAX];
	size_t n_pkis;
	struct listen listens[RENDERING_LISTENERS_MAX];
	size_t n_listens;
	bool has_socket;
	size_t n_includes, included_bytes;
};

/* ---- words ---- */

static const char *macro_value(const struct parsing *parsing, const char *name, size_t n)
{
	for (size_t i = parsing->n_macros; i > 0; i--)
		if (strlen(parsing->macros[i - 1].name) == n &&
		    memcmp(parsing->macros[i - 1].name, name, n) == 0)
			return parsing->macros[i - 1].value;
	return NULL;
}

static void add_macro(struct parsing *parsing, const char *name, size_t n, const char *value)
{
	struct macro *macro;

	if (parsing->n_macros == MACROS_MAX || n >= NAME_SIZE)
		return;
	macro = &parsing->macros[parsing->n_macros++];
	(void)text_format(macro->name, sizeof(macro->name), "%.*s", (int)n, name);
	(void)text_copy(macro->value, sizeof(macro->value), value);
}

/* Takes the next word, in quotes or not, its macro put in; false at the end. */
static bool next_word(const struct parsing *parsing, char **cursor, char word[static VALUE_SIZE])
{
	char *s = *cursor + strspn(*cursor, " \t,");
	size_t n;
	const char *value;

	if (!*s)
		return false;
	if (*s == '"') {
		n = strcspn(++s, "\"");
		*cursor = s + n + (s[n] == '"');
	} else {
		n = strcspn(s, " \t,{}");
		n += n == 0; /* a brace is a word of its own */
		*cursor = s + n;
	}
	(void)text_format(word, VALUE_SIZE, "%.*s", (int)(n < VALUE_SIZE ? n : VALUE_SIZE - 1), s);
	value = word[0] == '$' ? macro_value(parsing, word + 1, strlen(word + 1)) : NULL;
	if (value)
		(void)text_copy(word, VALUE_SIZE, value);
	return true;
}

/* ---- statements ---- */

static struct pki *find_pki(struct parsing *parsing, const char *name)
{
	for (size_t i = 0; i < parsing->n_pkis; i++)
		if (strcmp(parsing->pkis[i].name, name) == 0)
			return &parsing->pkis[i];
	return NULL;
}

/* pki NAME cert "/file" */
static void read_pki(struct parsing *parsing, char *cursor)
{
	char name[VALUE_SIZE], what[VALUE_SIZE], file[VALUE_SIZE];
	struct pki *pki;

	if (!next_word(parsing, &cursor, name))
		return;
	while (next_word(parsing, &cursor, what) && next_word(parsing, &cursor, file)) {
		pki = find_pki(parsing, name);
		if (!pki && parsing->n_pkis < PKIS_MAX) {
			pki = &parsing->pkis[parsing->n_pkis++];
			(void)text_copy(pki->name, sizeof(pki->name), name);
		}
		if (!pki)
			return;
		/* Before 6.4: certificate. */
		if (strcmp(what, "cert") == 0 || strcmp(what, "certificate") == 0)
			memcpy(pki->certificate, file, sizeof(pki->certificate));
		else if (strcmp(what, "key") == 0)
			memcpy(pki->key, file, sizeof(pki->key));
	}
}

static void read_port(const struct parsing *parsing, struct listen *listen, const char *word)
{
	if (netservices_port(parsing->services, word, &listen->port) < 0)
		complain_error(parsing->complaints,
			       "%s: listen on %.60s: /etc/services has no TCP port \"%.60s\"; "
			       "OpenSMTPD cannot start so",
			       parsing->path, listen->interface, word);
}

static void read_listen_word(const struct parsing *parsing, struct listen *listen, const char *word,
			     char **cursor)
{
	static const char *const with_value[] = { "filter", "hostname", "hostnames", "ca",
						  "tag",    "senders",	"ciphers",   "protocols" };
	char value[VALUE_SIZE] = "";

	if (strcmp(word, "inet4") == 0)
		listen->family = AF_INET;
	else if (strcmp(word, "inet6") == 0)
		listen->family = AF_INET6;
	else if (strcmp(word, "port") == 0 && next_word(parsing, cursor, value))
		read_port(parsing, listen, value);
	else if (strcmp(word, "pki") == 0 && next_word(parsing, cursor, value))
		(void)text_copy(listen->pki, sizeof(listen->pki), value);
	for (size_t i = 0; i < ARRAY_SIZE(with_value); i++)
		if (strcmp(word, with_value[i]) == 0)
			(void)next_word(parsing, cursor, value);
	listen->tls |= strcmp(word, "tls") == 0 || strcmp(word, "tls-require") == 0;
	listen->required |= strcmp(word, "tls-require") == 0;
	listen->smtps |= strcmp(word, "smtps") == 0;
	listen->secure |= strcmp(word, "secure") == 0;
	listen->auth |= strcmp(word, "auth") == 0 || strcmp(word, "auth-optional") == 0;
	listen->proxy |= strcmp(word, "proxy-v2") == 0;
}

static int read_listen(struct parsing *parsing, char *cursor)
{
	char word[VALUE_SIZE];
	struct listen *listen;

	if (!next_word(parsing, &cursor, word) || strcmp(word, "on") != 0 ||
	    !next_word(parsing, &cursor, word))
		return 0;
	if (strcmp(word, "socket") == 0) {
		if (parsing->has_socket)
			complain_error(parsing->complaints,
				       "%s: \"listen on socket\" is there twice; OpenSMTPD cannot "
				       "start so",
				       parsing->path);
		parsing->has_socket = true;
		return 0;
	}
	if (parsing->n_listens == RENDERING_LISTENERS_MAX) {
		complain_error(parsing->complaints, "%s: more than %d \"listen on\"", parsing->path,
			       RENDERING_LISTENERS_MAX);
		return -EINVAL;
	}
	listen = &parsing->listens[parsing->n_listens++];
	*listen = (struct listen){ 0 };
	memcpy(listen->interface, word, sizeof(listen->interface));
	while (next_word(parsing, &cursor, word))
		read_listen_word(parsing, listen, word, &cursor);
	return 0;
}

static int read_file(struct parsing *parsing, size_t i, size_t depth);

static int include(struct parsing *parsing, char *cursor, size_t depth)
{
	char pattern[VALUE_SIZE];
	int i;

	if (!next_word(parsing, &cursor, pattern))
		return 0;
	if (depth == INCLUDE_DEPTH_MAX || parsing->n_includes++ == INCLUDES_MAX) {
		complain_error(parsing->complaints,
			       "%s: include %.100s: includes are nested too deep, or in a loop",
			       parsing->path, pattern);
		return -EINVAL;
	}
	i = include_map_find(parsing->map, pattern, 0);
	if (i < 0)
		return 0;
	parsing->included_bytes += parsing->map->list[i].size;
	if (parsing->included_bytes > INCLUDE_BYTES_MAX) {
		complain_error(parsing->complaints,
			       "%s: what it includes is more than 16 MiB in all", parsing->path);
		return -EINVAL;
	}
	return read_file(parsing, (size_t)i, depth + 1);
}

static int read_statement(struct parsing *parsing, char *line, size_t depth)
{
	size_t n;
	char *rest;

	line += strspn(line, " \t");
	for (n = 0; isalnum((unsigned char)line[n]) || line[n] == '_' || line[n] == '-'; n++)
		;
	rest = line + n + strspn(line + n, " \t");
	if (*rest == '=') {
		char value[VALUE_SIZE];

		rest++;
		if (next_word(parsing, &rest, value))
			add_macro(parsing, line, n, value);
		return 0;
	}
	if (n == 6 && memcmp(line, "listen", n) == 0)
		return read_listen(parsing, rest);
	if (n == 3 && memcmp(line, "pki", n) == 0)
		read_pki(parsing, rest);
	if (n == 7 && memcmp(line, "include", n) == 0)
		return include(parsing, rest, depth);
	return 0;
}

/* Cuts off a comment, which is none in quotes. */
static void cut_comment(char *line)
{
	bool quoted = false;

	for (; *line; line++) {
		quoted ^= *line == '"';
		if (*line == '#' && !quoted)
			*line = '\0';
		if (!*line)
			return;
	}
}

/* One line of the configuration, which may be several of the file. Returns how many bytes it took.
 */
static size_t take_line(const struct parsing *parsing, const char *s, size_t size,
			char line[static LINE_SIZE])
{
	size_t n = 0, used = 0;

	while (used < size) {
		const char *newline = memchr(s + used, '\n', size - used);
		size_t length = newline ? (size_t)(newline - s) - used : size - used;
		bool continued;

		if (n + length + 1 > LINE_SIZE) {
			complain_warning(parsing->complaints,
					 "%s: a line of more than %d bytes is not read",
					 parsing->path, LINE_SIZE);
			n = 0;
		} else {
			memcpy(line + n, s + used, length);
			n += length;
		}
		used += length + (newline != NULL);
		if (n > 0 && line[n - 1] == '\r')
			n--;
		continued = n > 0 && line[n - 1] == '\\';
		if (!continued)
			break;
		line[n - 1] = ' ';
	}
	line[n] = '\0';
	return used;
}

static int read_file(struct parsing *parsing, size_t i, size_t depth)
{
	const char *s = parsing->map->list[i].text;
	size_t size = parsing->map->list[i].size;
	int r = 0;

	while (size > 0 && r >= 0) {
		char line[LINE_SIZE];
		size_t used = take_line(parsing, s, size, line);

		cut_comment(line);
		r = read_statement(parsing, line, depth);
		s += used;
		size -= used;
	}
	return r;
}

/* ---- services ---- */

/* An interface, or all of them: their addresses are not known here. */
static void place(const struct listen *listen, struct service *service)
{
	const char *text = listen->interface;
	struct address address;

	if (strcmp(text, "localhost") == 0)
		text = listen->family == AF_INET6 ? "::1" : "127.0.0.1";
	if (strcmp(text, "*") != 0 && address_parse(text, &address) == 0)
		(void)rendering_add_address(service, &address);
}

static int add_one(struct parsing *parsing, const struct listen *listen,
		   struct rendering *rendering, bool smtps)
{
	const struct pki *pki = find_pki(parsing, listen->pki);
	struct service service = { .want.proxy_header = listen->proxy };
	const struct well_known *known;
	int r;

	service.want.port = listen->port ? listen->port : smtps ? 465 : 25;
	known = well_known_port(service.want.port);
	service.want.tls = smtps			   ? TLS_IMPLICIT
			   : listen->required		   ? TLS_STARTTLS
			   : listen->tls || listen->secure ? TLS_STARTTLS_OPTIONAL
							   : TLS_NONE;
	if (known && (known->protocol == PROTOCOL_SMTP || known->protocol == PROTOCOL_SUBMISSION))
		service.want.protocol = known->protocol;
	else
		service.want.protocol = listen->auth ? PROTOCOL_SUBMISSION : PROTOCOL_SMTP;
	if (service.want.tls == TLS_STARTTLS_OPTIONAL)
		service.want.tls = rendering_offered(service.want.protocol);
	place(listen, &service);
	if (service.want.tls != TLS_NONE && pki)
		rendering_add_files(service.server.certificate, service.server.key,
				    pki->certificate, pki->key);
	rendering->tls_on |= service.want.tls != TLS_NONE;
	rendering->has_submission |= service.want.protocol == PROTOCOL_SUBMISSION;
	r = rendering_add(rendering, SOURCE_OPENSMTPD, protocol_name(service.want.protocol),
			  &service);
	if (r == -EADDRINUSE)
		complain_error(parsing->complaints,
			       "%s: listen on %.60s: port %u is there twice at this address; "
			       "OpenSMTPD cannot start so",
			       parsing->path, listen->interface, service.want.port);
	return r == -ENOMEM ? r : 0;
}

static int interpret(struct parsing *parsing, struct rendering *rendering)
{
	for (size_t i = 0; i < parsing->n_listens; i++) {
		const struct listen *listen = &parsing->listens[i];
		int r = 0;

		if (listen->smtps && listen->tls)
			complain_error(parsing->complaints,
				       "%s: listen on %.60s: smtps and tls are two modes of one "
				       "port; OpenSMTPD cannot start so",
				       parsing->path, listen->interface);
		/* Before 6.4 "secure" meant smtps on one port and tls on the other. */
		if (listen->smtps || (listen->secure && (listen->port == 0 || listen->port == 465)))
			r = add_one(parsing, listen, rendering, true);
		if (r >= 0 && (!listen->smtps || (listen->tls && listen->port == 0)) &&
		    !(listen->secure && listen->port == 465))
			r = add_one(parsing, listen, rendering, false);
		if (r < 0)
			return r;
	}
	if (parsing->n_listens == 0)
		complain_warning(parsing->complaints,
				 "%s: there is no \"listen on\": OpenSMTPD opens no port",
				 parsing->path);
	return 0;
}

static void name_pki(const struct parsing *parsing, struct rendering *rendering)
{
	for (size_t i = 0; i < parsing->n_pkis && !*rendering->pki; i++)
		if (*parsing->pkis[i].certificate)
			(void)text_copy(rendering->pki, sizeof(rendering->pki),
					parsing->pkis[i].name);
}

int smtpd_conf_parse(const char *text, size_t size, const char *services, const char *path,
		     struct rendering *ret, struct complaints *complaints)
{
	cleanup(rendering_clear) struct rendering rendering = { 0 };
	cleanup(memory_freep) struct include_map *map = calloc(1, sizeof(*map));
	cleanup(memory_freep) struct parsing *parsing = calloc(1, sizeof(*parsing));
	int r = 0;

	if (!map || !parsing)
		return -ENOMEM;
	if (size > RENDERING_TEXT_MAX) {
		complain_error(complaints, "%s: it is more than 4 MiB", path);
		return -EINVAL;
	}
	include_map_parse(text, size, map);
	parsing->path = path;
	parsing->services = services;
	parsing->complaints = complaints;
	parsing->map = map;
	if (map->n)
		r = read_file(parsing, 0, 0);
	if (r >= 0)
		r = interpret(parsing, &rendering);
	if (r < 0)
		return r;
	service_set_sort(&rendering.services);
	name_pki(parsing, &rendering);
	*ret = rendering;
	rendering = (struct rendering){ 0 };
	return 0;
}
