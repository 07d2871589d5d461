// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/doveconf_text.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/dovecot_programs.h"

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

bool doveconf_text_has_word(const char *list, const char *word)
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

static void read_global(struct doveconf *parsing, const char *key, const char *value)
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

static void read_service(struct doveconf_service *service, const char *key, const char *value)
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

static void read_listener(struct doveconf_listener *block, const char *key, const char *value)
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

static void read_setting(struct doveconf *parsing, const char *key, const char *value)
{
	struct doveconf_listener *listener =
		parsing->n_listeners ? &parsing->listeners[parsing->n_listeners - 1] : NULL;
	char whole[64];

	if (parsing->demands)
		dovecot_demands_hear(parsing->demands, key, value);
	if (parsing->depth == 0) {
		if (!parsing->only_filters)
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
		dovecot_files_read(&parsing->files[parsing->n_filters], key, value);
		break;
	case BLOCK_SSL_SERVER:
		(void)text_format(whole, sizeof(whole), "ssl_server_%s", key);
		dovecot_files_read(&parsing->files[parsing->n_filters], whole, value);
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

static int add_service_block(struct doveconf *parsing, const char *name)
{
	struct doveconf_service *service;

	if (parsing->n_services == DOVECONF_SERVICES_MAX) {
		complain_error(parsing->complaints, "%s: Dovecot has more than %d services",
			       parsing->path, DOVECONF_SERVICES_MAX);
		return -EINVAL;
	}
	service = &parsing->services[parsing->n_services++];
	*service = (struct doveconf_service){ 0 };
	(void)text_copy(service->program, sizeof(service->program), name);
	/* Until "protocol =" says so: the words of "protocols" are our protocols' names. */
	(void)text_copy(service->word, sizeof(service->word),
			protocol_name(dovecot_program_protocol(name)));
	return 0;
}

static int add_listener_block(struct doveconf *parsing, char *name)
{
	struct doveconf_listener *block;

	if (parsing->n_listeners == RENDERING_LISTENERS_MAX) {
		complain_error(parsing->complaints, "%s: Dovecot has more than %d listeners",
			       parsing->path, RENDERING_LISTENERS_MAX);
		return -EINVAL;
	}
	block = &parsing->listeners[parsing->n_listeners++];
	*block = (struct doveconf_listener){ .service = parsing->n_services - 1 };
	(void)text_copy(block->name, sizeof(block->name), unquote(name));
	text_sanitize(block->name);
	return 0;
}

/* Inside of another filter it is of both. One that we do not know (local, remote, ...) is of nobody
 * who could be asked for. */
static void begin_filter(struct doveconf *parsing, const char *word, char *name)
{
	const struct dovecot_files *around = &parsing->files[parsing->n_filters];
	struct dovecot_files files = { .protocol = around->protocol };

	memcpy(files.name, around->name, sizeof(files.name));
	if (strcmp(word, "protocol") == 0 && protocol_parse(name, &files.protocol) < 0)
		files.protocol = PROTOCOL_COUNT; /* none of ours */
	else if (strcmp(word, "local_name") == 0)
		(void)text_copy(files.name, sizeof(files.name), unquote(name));
	else if (strcmp(word, "protocol") != 0)
		files.protocol = PROTOCOL_COUNT;
	parsing->files[++parsing->n_filters] = files;
}

static bool is_filter(const struct doveconf *parsing, const char *word)
{
	static const char *const words[] = { "protocol", "local_name", "local", "remote" };
	bool may_stand_here =
		parsing->depth == parsing->n_filters && parsing->n_filters < DOVECONF_FILTERS_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i]) == 0)
			return may_stand_here;
	return false;
}

/* What may stand at the top of a file, and only there. */
static int enter_top(struct doveconf *parsing, const char *word, char *name,
		     enum doveconf_block *ret)
{
	if (strcmp(word, "service") == 0) {
		*ret = BLOCK_SERVICE;
		return add_service_block(parsing, name);
	}
	if (strcmp(word, "protocols") == 0) {
		*ret = BLOCK_PROTOCOLS;
		parsing->has_protocols = true;
		parsing->protocols[0] = '\0';
	} else if (strcmp(word, "listen") == 0) {
		*ret = BLOCK_LISTEN;
		parsing->has_listen = true;
		parsing->listen[0] = '\0';
	} else if (strcmp(word, "ssl_server") == 0) {
		*ret = BLOCK_SSL_SERVER;
	}
	return 0;
}

static int enter(struct doveconf *parsing, const char *word, char *name, enum doveconf_block *ret)
{
	enum doveconf_block around =
		parsing->depth ? parsing->stack[parsing->depth - 1] : BLOCK_OTHER;

	*ret = BLOCK_OTHER;
	if (is_filter(parsing, word)) {
		*ret = BLOCK_FILTER;
		begin_filter(parsing, word, name);
		return 0;
	}
	if (parsing->depth == 0)
		return parsing->only_filters ? 0 : enter_top(parsing, word, name, ret);
	if (around == BLOCK_SERVICE && strcmp(word, "inet_listener") == 0) {
		*ret = BLOCK_LISTENER;
		return add_listener_block(parsing, name);
	}
	if (around == BLOCK_LISTENER && strcmp(word, "listen") == 0)
		*ret = BLOCK_LISTENER_LISTEN;
	else if (around == BLOCK_FILTER && strcmp(word, "ssl_server") == 0)
		*ret = BLOCK_SSL_SERVER;
	return 0;
}

static int open_block(struct doveconf *parsing, char *line)
{
	char *name = line, *word = text_word(&name);
	enum doveconf_block block;
	int r;

	if (parsing->depth == DOVECONF_DEPTH_MAX) {
		complain_error(parsing->complaints, "%s: doveconf's blocks are nested too deep",
			       parsing->path);
		return -EINVAL;
	}
	r = enter(parsing, word ? word : "", name ? text_trim(name) : line, &block);
	parsing->stack[parsing->depth++] = block;
	return r;
}

static void close_block(struct doveconf *parsing)
{
	if (parsing->depth == 0)
		return;
	if (parsing->stack[--parsing->depth] == BLOCK_FILTER)
		dovecot_files_keep(parsing->rendering, &parsing->files[parsing->n_filters--]);
}

static int read_line(struct doveconf *parsing, char *line)
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

int doveconf_text_read(struct doveconf *parsing, char *text)
{
	parsing->depth = 0;
	parsing->n_filters = 0;
	while (text) {
		int r = read_line(parsing, strsep(&text, "\n"));

		if (r < 0)
			return r;
	}
	return 0;
}
