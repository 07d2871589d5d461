// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/postconf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/chain_files.h"
#include "intent/rendered/master_cf.h"
#include "intent/rendered/netservices.h"

/* What we want to know of main.cf and of each service's -o. The master itself reads main.cf alone.
 */
enum setting {
	INET_INTERFACES,
	INET_PROTOCOLS,
	SERVICE_DISABLE,
	WRAPPERMODE,
	LEVEL,
	USE_TLS,
	ENFORCE_TLS,
	PROXY,
	POSTSCREEN_LEVEL,
	POSTSCREEN_USE_TLS,
	POSTSCREEN_ENFORCE_TLS,
	POSTSCREEN_PROXY,
	CHAIN_FILES,
	CERT_FILE,
	KEY_FILE,
	EC_CERT_FILE,
	EC_KEY_FILE,
	SASL,
	MYHOSTNAME,
	SETTING_COUNT,
};

static const char *const setting_names[SETTING_COUNT] = {
	[INET_INTERFACES] = "inet_interfaces",
	[INET_PROTOCOLS] = "inet_protocols",
	[SERVICE_DISABLE] = "master_service_disable",
	[WRAPPERMODE] = "smtpd_tls_wrappermode",
	[LEVEL] = "smtpd_tls_security_level",
	[USE_TLS] = "smtpd_use_tls",
	[ENFORCE_TLS] = "smtpd_enforce_tls",
	[PROXY] = "smtpd_upstream_proxy_protocol",
	[POSTSCREEN_LEVEL] = "postscreen_tls_security_level",
	[POSTSCREEN_USE_TLS] = "postscreen_use_tls",
	[POSTSCREEN_ENFORCE_TLS] = "postscreen_enforce_tls",
	[POSTSCREEN_PROXY] = "postscreen_upstream_proxy_protocol",
	[CHAIN_FILES] = "smtpd_tls_chain_files",
	[CERT_FILE] = "smtpd_tls_cert_file",
	[KEY_FILE] = "smtpd_tls_key_file",
	[EC_CERT_FILE] = "smtpd_tls_eccert_file",
	[EC_KEY_FILE] = "smtpd_tls_eckey_file",
	[SASL] = "smtpd_sasl_auth_enable",
	[MYHOSTNAME] = "myhostname",
};

struct entry { /* an inet line of master.cf; its strings live in the copies */
	const char *name;
	char host[128]; /* empty: where inet_interfaces says */
	uint16_t port;	/* 0: its name has none */
	bool is_postscreen;
	bool is_mail;			    /* smtpd or postscreen */
	const char *options[SETTING_COUNT]; /* NULL: not overridden */
};

struct parsing {
	const char *path;
	const char *services;
	struct complaints *complaints;
	struct rendering *rendering;
	const char *main[SETTING_COUNT]; /* NULL: not printed */
	struct entry *entries;
	size_t n_entries;
	bool ipv4, ipv6;
};

/* ---- reading ---- */

static int find_setting(const char *name)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		if (strcmp(setting_names[i], name) == 0)
			return i;
	return -1;
}

/* "name = value", or "name =". */
static bool cut(char *line, char **ret_name, char **ret_value)
{
	char *equals = strstr(line, " =");

	if (!equals)
		return false;
	*equals = '\0';
	*ret_name = text_trim(line);
	*ret_value = text_trim(equals + 2);
	return true;
}

static void read_main(struct parsing *parsing, char *text)
{
	while (text) {
		char *line = strsep(&text, "\n"), *name, *value;
		int i;

		if (!cut(line, &name, &value))
			continue;
		i = find_setting(name);
		if (i >= 0)
			parsing->main[i] = value;
	}
}

static struct entry *find_entry(struct parsing *parsing, const char *name)
{
	for (size_t i = 0; i < parsing->n_entries; i++)
		if (strcmp(parsing->entries[i].name, name) == 0)
			return &parsing->entries[i];
	return NULL;
}

/* "submission inet n - n - - smtpd -o ..." */
static int read_service(struct parsing *parsing, char *line)
{
	char *words[8];
	struct entry *entry;
	const char *program;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		words[i] = text_word(&line);
		if (!words[i])
			return 0;
	}
	if (strcmp(words[1], "inet") != 0)
		return 0;
	entry = find_entry(parsing, words[0]);
	if (!entry && parsing->n_entries == RENDERING_LISTENERS_MAX) {
		complain_error(parsing->complaints,
			       "%s: Postfix has more than %d services of type inet", parsing->path,
			       RENDERING_LISTENERS_MAX);
		return -EINVAL;
	}
	/* Of two lines with the same name Postfix takes the last. */
	if (!entry)
		entry = &parsing->entries[parsing->n_entries++];
	program = strrchr(words[7], '/');
	program = program ? program + 1 : words[7];
	*entry = (struct entry){ .name = words[0],
				 .is_postscreen = strcmp(program, "postscreen") == 0 };
	entry->is_mail = entry->is_postscreen || strcmp(program, "smtpd") == 0;
	return 0;
}

/* "[::1]:10025/inet/smtpd_tls_wrappermode = yes" */
static void read_option(struct parsing *parsing, char *line)
{
	char *name, *value, *setting, *type;
	struct entry *entry;
	int i;

	if (!cut(line, &name, &value))
		return;
	setting = strrchr(name, '/');
	if (!setting)
		return;
	*setting++ = '\0';
	type = strrchr(name, '/');
	if (!type || strcmp(type, "/inet") != 0)
		return;
	*type = '\0';
	entry = find_entry(parsing, name);
	i = find_setting(setting);
	if (entry && i >= 0)
		entry->options[i] = value;
}

/* ---- what it means ---- */

static const char *setting(const struct parsing *parsing, const struct entry *entry, enum setting i)
{
	const char *value = entry && entry->options[i] ? entry->options[i] : parsing->main[i];

	return value ? value : "";
}

static bool is_yes(const struct parsing *parsing, const struct entry *entry, enum setting i)
{
	return strcasecmp(setting(parsing, entry, i), "yes") == 0;
}

static void add_address(struct service *service, const char *word)
{
	struct address address;

	if (address_parse(word, &address) == 0)
		(void)rendering_add_address(service, &address);
}

/* A name is as good as an address, but only its resolver knows which; "localhost" has 127.0.0.1
 * everywhere, and not everywhere ::1. Returns false when any address has to do. */
static bool add_host(const struct parsing *parsing, struct service *service, const char *host,
		     const char *where)
{
	struct address address = { 0 };

	if (strcasecmp(host, "localhost") == 0 && parsing->ipv4)
		host = "127.0.0.1";
	if (strcmp(host, "*") == 0 || address_parse(host, &address) < 0) {
		complain_warning(
			parsing->complaints,
			"%s: %s: \"%.60s\" is no numeric address; any address is taken for right",
			parsing->path, where, host);
		return false;
	}
	if (address.family == AF_INET ? !parsing->ipv4 : !parsing->ipv6) {
		complain_error(parsing->complaints,
			       "%s: %s: %.60s is of a family that inet_protocols turns off; "
			       "Postfix cannot start so",
			       parsing->path, where, host);
		return true;
	}
	if (!rendering_add_address(service, &address))
		complain_warning(parsing->complaints, "%s: %s: only %d addresses are kept",
				 parsing->path, where, SERVICE_ADDRESSES_MAX);
	return true;
}

/* Every port-only service listens where inet_interfaces says. */
static void add_interfaces(const struct parsing *parsing, struct service *service)
{
	const char *said = setting(parsing, NULL, INET_INTERFACES);
	bool all = strcasecmp(said, "all") == 0;
	char words[1024], *rest = words, *word;

	if (all || strcasecmp(said, "loopback-only") == 0) {
		if (parsing->ipv4)
			add_address(service, all ? "0.0.0.0" : "127.0.0.1");
		if (parsing->ipv6)
			add_address(service, all ? "::" : "::1");
		return;
	}
	(void)text_copy(words, sizeof(words), said);
	while ((word = strsep(&rest, ", \t"))) {
		if (!*word || add_host(parsing, service, word, "inet_interfaces"))
			continue;
		service->want.n_addresses = 0;
		return;
	}
}

/* "submission", "465", "127.0.0.1:submissions", "[::1]:10025". */
static void find_port(const struct parsing *parsing, struct entry *entry)
{
	const char *colon = strrchr(entry->name, ':'), *port = colon ? colon + 1 : entry->name;
	int n = colon ? (int)(colon - entry->name) : 0;
	const char *host = entry->name;

	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	}
	(void)text_format(entry->host, sizeof(entry->host), "%.*s", n, host);
	if (netservices_port(parsing->services, port, &entry->port) < 0)
		complain_error(parsing->complaints,
			       "%s: service \"%.60s\": /etc/services has no TCP port \"%.60s\"; "
			       "Postfix cannot start so",
			       parsing->path, entry->name, port);
}

/* Of two services for one port of one host, however they are written, Postfix takes the last. */
static bool is_replaced(const struct parsing *parsing, size_t i)
{
	const struct entry *entry = &parsing->entries[i];

	for (size_t j = i + 1; j < parsing->n_entries; j++) {
		const struct entry *other = &parsing->entries[j];

		if (other->port != entry->port || strcasecmp(other->host, entry->host) != 0)
			continue;
		complain_warning(parsing->complaints,
				 "%s: service \"%.60s\" stands further down again, as \"%.60s\", "
				 "and only that counts",
				 parsing->path, entry->name, other->name);
		return true;
	}
	return false;
}

static bool has_certificate(const struct parsing *parsing, const struct entry *entry)
{
	static const enum setting files[] = { CHAIN_FILES, CERT_FILE, EC_CERT_FILE };

	/* "none" is a word of its own: TLS with anonymous ciphers. */
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (*setting(parsing, entry, files[i]))
			return true;
	return false;
}

static void name_files(const struct parsing *parsing, const struct entry *entry,
		       struct service *service)
{
	static const enum setting pairs[][2] = { { CERT_FILE, KEY_FILE },
						 { EC_CERT_FILE, EC_KEY_FILE } };
	const char *chains = setting(parsing, entry, CHAIN_FILES);

	if (*chains)
		chain_files_add(service->server.certificate, service->server.key, chains);
	for (size_t i = 0; i < ARRAY_SIZE(pairs) && !*chains; i++)
		rendering_add_files(service->server.certificate, service->server.key,
				    setting(parsing, entry, pairs[i][0]),
				    setting(parsing, entry, pairs[i][1]));
}

static enum tls_mode level_of(const struct parsing *parsing, const struct entry *entry)
{
	bool ps = entry->is_postscreen;
	const char *level = ps ? setting(parsing, entry, POSTSCREEN_LEVEL) : "";

	if (!*level)
		level = setting(parsing, entry, LEVEL);
	if (strcasecmp(level, "none") == 0)
		return TLS_NONE;
	if (strcasecmp(level, "may") == 0)
		return TLS_STARTTLS_OPTIONAL;
	if (*level) /* encrypt, and what Postfix takes for it in a server: verify, secure, ... */
		return TLS_STARTTLS;
	if (is_yes(parsing, entry, ps ? POSTSCREEN_ENFORCE_TLS : ENFORCE_TLS))
		return TLS_STARTTLS;
	return is_yes(parsing, entry, ps ? POSTSCREEN_USE_TLS : USE_TLS) ? TLS_STARTTLS_OPTIONAL
									 : TLS_NONE;
}

static enum tls_mode tls_of(const struct parsing *parsing, const struct entry *entry)
{
	enum tls_mode tls = level_of(parsing, entry);

	if (!entry->is_postscreen && is_yes(parsing, entry, WRAPPERMODE))
		tls = TLS_IMPLICIT;
	if (tls == TLS_NONE || has_certificate(parsing, entry))
		return tls;
	complain_warning(parsing->complaints,
			 "%s: service \"%.60s\" is to speak TLS, but smtpd_tls_chain_files and "
			 "smtpd_tls_cert_file "
			 "are empty; Postfix turns TLS off",
			 parsing->path, entry->name);
	/* With a wrapper it cannot talk at all: the probe shall find that. */
	return tls == TLS_STARTTLS_OPTIONAL ? TLS_NONE : tls;
}

static enum protocol protocol_of(const struct parsing *parsing, const struct entry *entry,
				 uint16_t port)
{
	const struct well_known *known = well_known_port(port);

	if (known && (known->protocol == PROTOCOL_SMTP || known->protocol == PROTOCOL_SUBMISSION))
		return known->protocol;
	/* Another port is for clients when logging in was turned on for it, not for all. */
	return entry->options[SASL] && is_yes(parsing, entry, SASL) ? PROTOCOL_SUBMISSION
								    : PROTOCOL_SMTP;
}

/* "submission/inet", "inet", and the older "submission.inet"; the first that fits decides, "!"
 * means not. */
static bool is_disabled(const struct parsing *parsing, const struct entry *entry)
{
	char words[1024], *rest = words, *word, whole[160];

	(void)text_copy(words, sizeof(words), setting(parsing, NULL, SERVICE_DISABLE));
	(void)text_format(whole, sizeof(whole), "%.128s/inet", entry->name);
	while ((word = strsep(&rest, ", \t"))) {
		bool not = *word == '!';
		char *dot;

		word += not ;
		dot = strrchr(word, '.');
		if (dot && strcmp(dot, ".inet") == 0)
			*dot = '/';
		if (strcmp(word, "inet") == 0 || strcmp(word, whole) == 0)
			return !not ;
	}
	return false;
}

static void warn_of_strange_25(const struct parsing *parsing, const struct entry *entry,
			       const struct service *service)
{
	enum setting i = service->want.tls == TLS_IMPLICIT ? WRAPPERMODE : LEVEL;

	if (service->want.port != 25 || service->want.tls == TLS_NONE ||
	    service->want.tls == TLS_STARTTLS_OPTIONAL)
		return;
	complain_warning(parsing->complaints,
			 "%s: service \"%.60s\" has %s = %s, so other mail servers may not reach "
			 "port 25; is that "
			 "an -o line of a service below it that is commented out?",
			 parsing->path, entry->name, setting_names[i], setting(parsing, entry, i));
}

static int add_service(struct parsing *parsing, const struct entry *entry)
{
	struct service service = { .want.port = entry->port };
	int r;

	if (!entry->host[0])
		add_interfaces(parsing, &service);
	else if (!add_host(parsing, &service, entry->host, entry->name))
		service.want.n_addresses = 0;
	service.want.protocol = protocol_of(parsing, entry, service.want.port);
	service.want.tls = tls_of(parsing, entry);
	if (service.want.tls == TLS_STARTTLS_OPTIONAL)
		service.want.tls = rendering_offered(service.want.protocol);
	service.want.proxy_header =
		*setting(parsing, entry, entry->is_postscreen ? POSTSCREEN_PROXY : PROXY) != '\0';
	if (service.want.tls != TLS_NONE)
		name_files(parsing, entry, &service);
	warn_of_strange_25(parsing, entry, &service);
	parsing->rendering->has_submission |= service.want.protocol == PROTOCOL_SUBMISSION;
	parsing->rendering->tls_on |= service.want.tls != TLS_NONE;
	r = rendering_add(parsing->rendering, SOURCE_POSTFIX,
			  strpbrk(entry->name, ":0123456789") ? protocol_name(service.want.protocol)
							      : entry->name,
			  &service);
	if (r != -EADDRINUSE)
		return r;
	/* It sets SO_REUSEPORT, so this starts. */
	complain_warning(parsing->complaints,
			 "%s: service \"%.60s\": another one has port %u at an address of it, so "
			 "clients get the one or "
			 "the other",
			 parsing->path, entry->name, service.want.port);
	return 0;
}

static int check_main(struct parsing *parsing)
{
	const char *protocols = setting(parsing, NULL, INET_PROTOCOLS);

	if (!*protocols || !*setting(parsing, NULL, INET_INTERFACES)) {
		complain_error(parsing->complaints,
			       "%s: postconf did not print inet_interfaces and inet_protocols; is "
			       "this Postfix?",
			       parsing->path);
		return -EINVAL;
	}
	parsing->ipv4 = strcasestr(protocols, "all") || strcasestr(protocols, "ipv4");
	parsing->ipv6 = strcasestr(protocols, "all") || strcasestr(protocols, "ipv6");
	(void)text_copy(parsing->rendering->hostname, sizeof(parsing->rendering->hostname),
			setting(parsing, NULL, MYHOSTNAME));
	return 0;
}

static int read_master(struct parsing *parsing, char *text)
{
	while (text) {
		int r = read_service(parsing, strsep(&text, "\n"));

		if (r < 0)
			return r;
	}
	if (parsing->n_entries == 0)
		complain_warning(parsing->complaints,
				 "%s: no service of type inet: Postfix opens no port",
				 parsing->path);
	return 0;
}

static int interpret(struct parsing *parsing)
{
	for (size_t i = 0; i < parsing->n_entries; i++)
		if (!is_disabled(parsing, &parsing->entries[i]))
			find_port(parsing, &parsing->entries[i]);
	for (size_t i = 0; i < parsing->n_entries; i++) {
		const struct entry *entry = &parsing->entries[i];
		int r;

		if (!entry->port || !entry->is_mail || is_replaced(parsing, i))
			continue;
		r = add_service(parsing, entry);
		if (r < 0)
			return r;
	}
	service_set_sort(&parsing->rendering->services);
	return 0;
}

int postconf_parse(const struct postconf_text *text, const char *path, struct rendering *ret,
		   struct complaints *complaints)
{
	cleanup(rendering_clear) struct rendering rendering = { 0 };
	cleanup(memory_freep) struct entry *entries =
		calloc(RENDERING_LISTENERS_MAX, sizeof(*entries));
	cleanup(memory_freep) char *master = strndup(text->master, RENDERING_TEXT_MAX);
	cleanup(memory_freep) char *options = strndup(text->options, RENDERING_TEXT_MAX);
	cleanup(memory_freep) char *main = strndup(text->main, RENDERING_TEXT_MAX);
	struct parsing parsing = { .path = path,
				   .services = text->services,
				   .complaints = complaints,
				   .rendering = &rendering,
				   .entries = entries };
	char *rest = options;
	int r;

	if (!entries || !master || !options || !main)
		return -ENOMEM;
	read_main(&parsing, main);
	r = check_main(&parsing);
	if (r >= 0)
		r = read_master(&parsing, master);
	while (r >= 0 && rest)
		read_option(&parsing, strsep(&rest, "\n"));
	if (r >= 0)
		r = interpret(&parsing);
	if (r < 0)
		return r;
	if (text->master_cf)
		r = master_cf_find_orphans(text->master_cf, path, complaints);
	if (r < 0)
		return r;
	*ret = rendering;
	rendering = (struct rendering){ 0 };
	return 0;
}
