// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/exim_options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/netservices.h"

#define LIST_SIZE 1024
#define ITEM_SIZE 128
#define PORTS_MAX 32

enum option {
	SMTP_PORTS,
	TLS_PORTS,
	INTERFACES,
	ADVERTISE,
	CERTIFICATE,
	PRIVATE_KEY,
	HOSTS_PROXY,
	OPTION_COUNT,
};

static const char *const option_names[OPTION_COUNT] = {
	[SMTP_PORTS] = "daemon_smtp_ports", [TLS_PORTS] = "tls_on_connect_ports",
	[INTERFACES] = "local_interfaces",  [ADVERTISE] = "tls_advertise_hosts",
	[CERTIFICATE] = "tls_certificate",  [PRIVATE_KEY] = "tls_privatekey",
	[HOSTS_PROXY] = "hosts_proxy",
};

struct parsing {
	const char *path;
	const char *services;
	struct complaints *complaints;
	struct rendering *rendering;
	char options[OPTION_COUNT][LIST_SIZE];
	bool no_ipv6;
	bool any; /* something of "exim -bP" was there */
	bool no_listener;
	uint16_t ports[PORTS_MAX];
	size_t n_ports;
	uint16_t tls_ports[LIST_SIZE]; /* as many as the list can have */
	size_t n_tls_ports;
};

/* ---- reading ---- */

static void read_option(struct parsing *parsing, char *line)
{
	char *equals = strchr(line, '='), *name;

	if (!equals) {
		if (strcmp(text_trim(line), "disable_ipv6") == 0)
			parsing->no_ipv6 = true;
		return;
	}
	*equals = '\0';
	name = text_trim(line);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (strcmp(name, option_names[i]) != 0)
			continue;
		parsing->any = true;
		if (text_copy(parsing->options[i], LIST_SIZE, text_trim(equals + 1)) < 0)
			complain_warning(parsing->complaints,
					 "%s: %s is too long; its end is not read", parsing->path,
					 name);
	}
}

/* Takes the next item of an Exim list: colons separate, unless it begins with "<" and another
 * separator; a doubled one is meant as such. Returns false at the end. */
static bool next_item(const char **cursor, char *separator, char item[static ITEM_SIZE])
{
	const char *s = *cursor + strspn(*cursor, " \t");
	size_t n = 0;

	if (!*separator) {
		*separator = ':';
		if (s[0] == '<' && ispunct((unsigned char)s[1])) {
			*separator = s[1];
			s += 2;
		}
		s += strspn(s, " \t");
	}
	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s == *separator && *++s != *separator)
			break;
		if (n + 1 < ITEM_SIZE)
			item[n++] = *s;
	}
	while (n > 0 && (item[n - 1] == ' ' || item[n - 1] == '\t'))
		n--;
	item[n] = '\0';
	*cursor = s;
	return true;
}

static void append_item(char *list, const char *item)
{
	(void)text_append(list, LIST_SIZE, "%s%s", *list ? " ; " : "<; ", item);
}

/* -oX: a word with a dot or a colon is an interface, any other a port; each kind replaces its
 * option. */
static void read_command_line(struct parsing *parsing, const char *value)
{
	char words[LIST_SIZE], item[ITEM_SIZE], ports[LIST_SIZE] = "", interfaces[LIST_SIZE] = "",
						separator = '\0';
	const char *cursor = words, *dash;

	(void)text_copy(words, sizeof(words), value + strspn(value, " \t"));
	if (words[0] == '\'' || words[0] == '"')
		words[0] = ' ';
	words[strcspn(words, "'\"")] = '\0';
	dash = strstr(words, " -");
	if (dash)
		words[dash - words] = '\0';
	while (next_item(&cursor, &separator, item))
		append_item(strpbrk(item, ".:") ? interfaces : ports, item);
	if (ports[0])
		memcpy(parsing->options[SMTP_PORTS], ports, sizeof(ports));
	if (interfaces[0])
		memcpy(parsing->options[INTERFACES], interfaces, sizeof(interfaces));
}

/* $EXIMSERVICE, which systemd splits at its blanks and nowhere else. */
static void read_service(struct parsing *parsing, const char *value)
{
	char words[LIST_SIZE], *cursor = words, *word;

	(void)text_copy(words, sizeof(words), value + (*value == '\'' || *value == '"'));
	words[strcspn(words, "'\"")] = '\0';
	parsing->no_listener = true;
	while ((word = text_word(&cursor))) {
		if (text_starts_with(word, "-bd"))
			parsing->no_listener = false;
		else if (strcmp(word, "-oX") == 0 && (word = text_word(&cursor)))
			read_command_line(parsing, word);
		if (!word)
			return;
	}
}

/* As the unit has it, unless the defaults say it anew. */
static void read_unit(struct parsing *parsing, const char *unit, char *defaults)
{
	const char *value = strstr(unit, "EXIMSERVICE="),
		   *ours = value ? strchr(value, '=') + 1 : "";

	while (defaults) {
		value = text_after(text_trim(strsep(&defaults, "\n")), "EXIMSERVICE=");
		ours = value ? value : ours;
	}
	read_service(parsing, ours);
}

static void read_defaults(struct parsing *parsing, char *text)
{
	while (text) {
		char *line = text_trim(strsep(&text, "\n"));
		const char *value, *port;

		value = text_after(line, "QUEUERUNNER=");
		if (value && (strstr(value, "nodaemon") || strstr(value, "queueonly")))
			parsing->no_listener = true;
		value = text_after(line, "SMTPLISTENEROPTIONS=");
		port = value ? strstr(value, "-oX") : NULL;
		if (port)
			read_command_line(parsing, port + 3);
	}
}

/* ---- what it means ---- */

/* Once: each name among them is looked for in all of /etc/services. */
static void read_tls_ports(struct parsing *parsing)
{
	const char *cursor = parsing->options[TLS_PORTS];
	char item[ITEM_SIZE], separator = '\0';

	while (parsing->n_tls_ports < LIST_SIZE && next_item(&cursor, &separator, item))
		if (netservices_port(parsing->services, item,
				     &parsing->tls_ports[parsing->n_tls_ports]) == 0)
			parsing->n_tls_ports++;
}

static bool is_tls_port(const struct parsing *parsing, uint16_t port)
{
	for (size_t i = 0; i < parsing->n_tls_ports; i++)
		if (parsing->tls_ports[i] == port)
			return true;
	return false;
}

static enum tls_mode tls_of(const struct parsing *parsing, uint16_t port)
{
	const char *advertise = parsing->options[ADVERTISE];

	if (is_tls_port(parsing, port))
		return TLS_IMPLICIT;
	if (!*advertise)
		return TLS_NONE;
	/* Nothing in Exim's main options demands TLS, but what it offers to everybody on the port
	 * for clients has to be there. */
	return port == 587 && strcmp(advertise, "*") == 0 ? TLS_STARTTLS : TLS_STARTTLS_OPTIONAL;
}

static void name_files(const struct parsing *parsing, struct service *service)
{
	const char *certificates = parsing->options[CERTIFICATE],
		   *keys = parsing->options[PRIVATE_KEY];
	char certificate[ITEM_SIZE], key[ITEM_SIZE], separators[2] = { 0 };

	if (*certificates != '/') /* none, or an expansion that only Exim can do */
		return;
	while (next_item(&certificates, &separators[0], certificate)) {
		key[0] = '\0';
		(void)next_item(&keys, &separators[1], key);
		rendering_add_files(service->server.certificate, service->server.key, certificate,
				    key);
	}
}

static int add_service(struct parsing *parsing, const struct address *address, uint16_t port)
{
	const struct well_known *known = well_known_port(port);
	struct service service = { .want.port = port, .want.tls = tls_of(parsing, port) };
	int r;

	if (known && (known->protocol == PROTOCOL_SMTP || known->protocol == PROTOCOL_SUBMISSION))
		service.want.protocol = known->protocol;
	else
		service.want.protocol =
			service.want.tls == TLS_IMPLICIT ? PROTOCOL_SUBMISSION : PROTOCOL_SMTP;
	service.want.proxy_header = strcmp(parsing->options[HOSTS_PROXY], "*") == 0;
	if (address)
		(void)rendering_add_address(&service, address);
	if (service.want.tls != TLS_NONE) {
		name_files(parsing, &service);
		parsing->rendering->tls_on = true;
	}
	parsing->rendering->has_submission |= service.want.protocol == PROTOCOL_SUBMISSION;
	r = rendering_add(parsing->rendering, SOURCE_EXIM, protocol_name(service.want.protocol),
			  &service);
	return r == -ENOMEM ? r : 0; /* naming a port twice does no harm */
}

/* "192.0.2.1", "192.0.2.1.2525", "[192.0.2.1]:2525", "::1", "[::1]:2525". *ret_port is 0 when none
 * is said. */
static bool read_interface(char *item, struct address *ret, uint16_t *ret_port)
{
	char *dot = strrchr(item, '.'), *bracket = strchr(item, ']');

	*ret_port = 0;
	if (item[0] == '[' && bracket) {
		if (bracket[1] == ':' && text_port(bracket + 2, ret_port) < 0)
			return false;
		*bracket = '\0';
		return address_parse(item + 1, ret) == 0;
	}
	if (strcmp(item, "::0") == 0)
		return address_parse("::", ret) == 0;
	if (address_parse(item, ret) == 0)
		return true;
	if (!dot || text_port(dot + 1, ret_port) < 0)
		return false;
	*dot = '\0';
	return address_parse(item, ret) == 0;
}

static int add_interface(struct parsing *parsing, char *item)
{
	struct address address;
	uint16_t port;
	char shown[ITEM_SIZE];
	bool known;
	int r = 0;

	memcpy(shown, item, sizeof(shown));
	known = read_interface(item, &address, &port);
	if (!known)
		complain_warning(parsing->complaints,
				 "%s: local_interfaces: \"%.60s\" is no numeric address; any "
				 "address is taken for right",
				 parsing->path, shown);
	if (known && address.family == AF_INET6 && parsing->no_ipv6)
		return 0;
	if (port)
		return add_service(parsing, known ? &address : NULL, port);
	for (size_t i = 0; i < parsing->n_ports && r >= 0; i++)
		r = add_service(parsing, known ? &address : NULL, parsing->ports[i]);
	return r;
}

static void read_ports(struct parsing *parsing)
{
	const char *cursor =
		parsing->options[SMTP_PORTS][0] ? parsing->options[SMTP_PORTS] : "smtp";
	char item[ITEM_SIZE], separator = '\0';

	while (next_item(&cursor, &separator, item)) {
		uint16_t port;

		if (!*item)
			continue;
		/* Debian's default is the word, and a container may lack /etc/services. */
		if (netservices_port(parsing->services, item, &port) < 0 &&
		    strcmp(item, "smtp") != 0) {
			complain_error(parsing->complaints,
				       "%s: daemon_smtp_ports: /etc/services has no TCP port "
				       "\"%.60s\"; Exim cannot start so",
				       parsing->path, item);
			continue;
		}
		if (netservices_port(parsing->services, item, &port) < 0)
			port = 25;
		if (parsing->n_ports < PORTS_MAX)
			parsing->ports[parsing->n_ports++] = port;
	}
}

static int interpret(struct parsing *parsing)
{
	static const char everywhere[] = "<; ::0 ; 0.0.0.0";
	const char *cursor =
		parsing->options[INTERFACES][0] ? parsing->options[INTERFACES] : everywhere;
	char item[ITEM_SIZE], separator = '\0';
	int r = 0;

	read_ports(parsing);
	read_tls_ports(parsing);
	for (size_t i = 0; r >= 0 && next_item(&cursor, &separator, item); i++) {
		if (i == RENDERING_LISTENERS_MAX) {
			complain_error(parsing->complaints, "%s: local_interfaces: it is too long",
				       parsing->path);
			return -EINVAL;
		}
		if (*item)
			r = add_interface(parsing, item);
	}
	return r;
}

/* Who wrote 465 there meant it to be served. */
static void warn_of_idle_tls_ports(const struct parsing *parsing)
{
	for (size_t i = 0; i < parsing->n_tls_ports; i++)
		if (!service_set_find(&parsing->rendering->services, parsing->tls_ports[i]))
			complain_warning(
				parsing->complaints,
				"%s: tls_on_connect_ports has %u, which Exim does not open: "
				"daemon_smtp_ports, or -oX where its command line has one, "
				"lacks it",
				parsing->path, parsing->tls_ports[i]);
}

int exim_options_parse(const struct exim_text *text, const char *path, struct rendering *ret,
		       struct complaints *complaints)
{
	cleanup(rendering_clear) struct rendering rendering = { 0 };
	cleanup(memory_freep) char *options = strndup(text->options, RENDERING_TEXT_MAX);
	cleanup(memory_freep) char *defaults =
		strndup(text->defaults ? text->defaults : "", RENDERING_TEXT_MAX);
	cleanup(memory_freep) struct parsing *parsing = calloc(1, sizeof(*parsing));
	char *rest = options;
	int r = 0;

	if (!options || !defaults || !parsing)
		return -ENOMEM;
	*parsing = (struct parsing){ .path = path,
				     .services = text->services,
				     .complaints = complaints,
				     .rendering = &rendering };
	while (rest)
		read_option(parsing, strsep(&rest, "\n"));
	if (!parsing->any) {
		complain_error(complaints,
			       "%s: exim -bP did not print daemon_smtp_ports; is this Exim?", path);
		return -EINVAL;
	}
	if (text->unit && strstr(text->unit, "$EXIMSERVICE"))
		read_unit(parsing, text->unit, defaults);
	else
		read_defaults(parsing, defaults);
	if (!parsing->no_listener)
		r = interpret(parsing);
	if (r < 0)
		return r;
	service_set_sort(&rendering.services);
	warn_of_idle_tls_ports(parsing);
	*ret = rendering;
	rendering = (struct rendering){ 0 };
	return 0;
}
