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
#include "intent/rendered/hosts.h"
#include "intent/rendered/master_cf.h"
#include "intent/rendered/netservices.h"
#include "intent/rendered/postconf_text.h"
#include "intent/rendered/postfix_demands.h"

static void add_address(struct service *service, const char *word)
{
	struct address address;

	if (address_parse(word, &address) == 0)
		(void)rendering_add_address(service, &address);
}

static void add_one(const struct postconf *parsing, struct service *service,
		    const struct address *address, const char *where)
{
	if (!rendering_add_address(service, address))
		complain_warning(parsing->complaints, "%s: %s: only %d addresses are kept",
				 parsing->path, where, SERVICE_ADDRESSES_MAX);
}

static bool is_of_family(const struct postconf *parsing, const struct address *address)
{
	return address->family == AF_INET ? parsing->ipv4 : parsing->ipv6;
}

/* Postfix binds every address of a name, of the families that are on. Returns false when nobody
 * knows them. */
static bool add_name(const struct postconf *parsing, struct service *service, const char *host,
		     const char *where)
{
	struct address addresses[HOSTS_ADDRESSES];
	size_t n = hosts_find(parsing->hosts, host, addresses), n_added = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_of_family(parsing, &addresses[i]))
			continue;
		add_one(parsing, service, &addresses[i], where);
		n_added++;
	}
	return n_added > 0;
}

/* A name is as good as an address, but only its resolver knows which. Returns false when any
 * address has to do. */
static bool add_host(const struct postconf *parsing, struct service *service, const char *host,
		     const char *where)
{
	struct address address = { 0 };

	if (strcmp(host, "*") == 0 || address_parse(host, &address) < 0) {
		if (add_name(parsing, service, host, where))
			return true;
		complain_warning(
			parsing->complaints,
			"%s: %s: \"%.60s\" is no numeric address; any address is taken for right",
			parsing->path, where, host);
		return false;
	}
	if (!is_of_family(parsing, &address)) {
		complain_error(parsing->complaints,
			       "%s: %s: %.60s is of a family that inet_protocols turns off; "
			       "Postfix cannot start so",
			       parsing->path, where, host);
		return true;
	}
	add_one(parsing, service, &address, where);
	return true;
}

/* Every port-only service listens where inet_interfaces says. */
static void add_interfaces(const struct postconf *parsing, struct service *service)
{
	const char *said = postconf_text_setting(parsing, NULL, POSTCONF_INET_INTERFACES);
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
static void find_port(const struct postconf *parsing, struct postconf_entry *entry)
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
static bool is_replaced(const struct postconf *parsing, size_t i)
{
	const struct postconf_entry *entry = &parsing->entries[i];

	for (size_t j = i + 1; j < parsing->n_entries; j++) {
		const struct postconf_entry *other = &parsing->entries[j];

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

static bool has_certificate(const struct postconf *parsing, const struct postconf_entry *entry)
{
	static const enum postconf_setting files[] = { POSTCONF_CHAIN_FILES, POSTCONF_CERT_FILE,
						       POSTCONF_EC_CERT_FILE };

	/* "none" is a word of its own: TLS with anonymous ciphers. */
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (*postconf_text_setting(parsing, entry, files[i]))
			return true;
	return false;
}

static void name_files(const struct postconf *parsing, const struct postconf_entry *entry,
		       struct service *service)
{
	static const enum postconf_setting pairs[][2] = { { POSTCONF_CERT_FILE, POSTCONF_KEY_FILE },
							  { POSTCONF_EC_CERT_FILE,
							    POSTCONF_EC_KEY_FILE } };
	const char *chains = postconf_text_setting(parsing, entry, POSTCONF_CHAIN_FILES);

	if (*chains)
		chain_files_add(service->server.certificate, service->server.key, chains);
	for (size_t i = 0; i < ARRAY_SIZE(pairs) && !*chains; i++)
		rendering_add_files(service->server.certificate, service->server.key,
				    postconf_text_setting(parsing, entry, pairs[i][0]),
				    postconf_text_setting(parsing, entry, pairs[i][1]));
}

static enum tls_mode level_of(const struct postconf *parsing, const struct postconf_entry *entry)
{
	bool ps = entry->is_postscreen;
	const char *level =
		ps ? postconf_text_setting(parsing, entry, POSTCONF_POSTSCREEN_LEVEL) : "";

	if (!*level)
		level = postconf_text_setting(parsing, entry, POSTCONF_LEVEL);
	if (strcasecmp(level, "none") == 0)
		return TLS_NONE;
	if (strcasecmp(level, "may") == 0)
		return TLS_STARTTLS_OPTIONAL;
	if (*level) /* encrypt, and what Postfix takes for it in a server: verify, secure, ... */
		return TLS_STARTTLS;
	if (postconf_text_is_yes(parsing, entry,
				 ps ? POSTCONF_POSTSCREEN_ENFORCE_TLS : POSTCONF_ENFORCE_TLS))
		return TLS_STARTTLS;
	return postconf_text_is_yes(parsing, entry,
				    ps ? POSTCONF_POSTSCREEN_USE_TLS : POSTCONF_USE_TLS)
		       ? TLS_STARTTLS_OPTIONAL
		       : TLS_NONE;
}

static enum tls_mode tls_of(const struct postconf *parsing, const struct postconf_entry *entry)
{
	enum tls_mode tls = level_of(parsing, entry);

	if (!entry->is_postscreen && postconf_text_is_yes(parsing, entry, POSTCONF_WRAPPERMODE))
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

static enum protocol protocol_of(const struct postconf *parsing, const struct postconf_entry *entry,
				 uint16_t port)
{
	const struct well_known *known = well_known_port(port);

	if (known && (known->protocol == PROTOCOL_SMTP || known->protocol == PROTOCOL_SUBMISSION))
		return known->protocol;
	/* Another port is for clients when logging in was turned on for it, not for all. */
	return entry->options[POSTCONF_SASL] && postconf_text_is_yes(parsing, entry, POSTCONF_SASL)
		       ? PROTOCOL_SUBMISSION
		       : PROTOCOL_SMTP;
}

/* "submission/inet", "inet", and the older "submission.inet"; the first that fits decides, "!"
 * means not. */
static bool is_disabled(const struct postconf *parsing, const struct postconf_entry *entry)
{
	char words[1024], *rest = words, *word, whole[160];

	(void)text_copy(words, sizeof(words),
			postconf_text_setting(parsing, NULL, POSTCONF_SERVICE_DISABLE));
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

static void warn_of_strange_25(const struct postconf *parsing, const struct postconf_entry *entry,
			       const struct service *service)
{
	enum postconf_setting i =
		service->want.tls == TLS_IMPLICIT ? POSTCONF_WRAPPERMODE : POSTCONF_LEVEL;

	if (service->want.port != 25 || service->want.tls == TLS_NONE ||
	    service->want.tls == TLS_STARTTLS_OPTIONAL)
		return;
	complain_warning(parsing->complaints,
			 "%s: service \"%.60s\" has %s = %s, so other mail servers may not reach "
			 "port 25; is that "
			 "an -o line of a service below it that is commented out?",
			 parsing->path, entry->name, postconf_text_name(i),
			 postconf_text_setting(parsing, entry, i));
}

static int add_service(struct postconf *parsing, const struct postconf_entry *entry)
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
		*postconf_text_setting(parsing, entry,
				       entry->is_postscreen ? POSTCONF_POSTSCREEN_PROXY
							    : POSTCONF_PROXY) != '\0';
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

static int check_main(struct postconf *parsing)
{
	static const enum postconf_setting needed[] = { POSTCONF_INET_INTERFACES,
							POSTCONF_INET_PROTOCOLS };
	const char *protocols = postconf_text_setting(parsing, NULL, POSTCONF_INET_PROTOCOLS);

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!parsing->main[needed[i]] || *parsing->main[needed[i]])
			continue;
		complain_error(parsing->complaints,
			       "%s: %s is empty: it has to be something; Postfix opens no port so",
			       parsing->path, postconf_text_name(needed[i]));
		return -EINVAL;
	}
	if (!parsing->main[POSTCONF_INET_INTERFACES] || !*protocols) {
		complain_error(parsing->complaints,
			       "%s: postconf did not print inet_interfaces and inet_protocols; is "
			       "this Postfix?",
			       parsing->path);
		return -EINVAL;
	}
	parsing->ipv4 = strcasestr(protocols, "all") || strcasestr(protocols, "ipv4");
	parsing->ipv6 = strcasestr(protocols, "all") || strcasestr(protocols, "ipv6");
	(void)text_copy(parsing->rendering->hostname, sizeof(parsing->rendering->hostname),
			postconf_text_setting(parsing, NULL, POSTCONF_MYHOSTNAME));
	return 0;
}

static int interpret(struct postconf *parsing)
{
	if (parsing->n_entries == 0)
		complain_warning(parsing->complaints,
				 "%s: no service of type inet: Postfix opens no port",
				 parsing->path);
	for (size_t i = 0; i < parsing->n_entries; i++)
		if (!is_disabled(parsing, &parsing->entries[i]))
			find_port(parsing, &parsing->entries[i]);
	for (size_t i = 0; i < parsing->n_entries; i++) {
		const struct postconf_entry *entry = &parsing->entries[i];
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
	cleanup(memory_freep) struct postconf_entry *entries =
		calloc(RENDERING_LISTENERS_MAX, sizeof(*entries));
	cleanup(memory_freep) char *master = strndup(text->master, RENDERING_TEXT_MAX);
	cleanup(memory_freep) char *options = strndup(text->options, RENDERING_TEXT_MAX);
	cleanup(memory_freep) char *main = strndup(text->main, RENDERING_TEXT_MAX);
	struct postconf parsing = { .path = path,
				    .services = text->services,
				    .hosts = text->hosts,
				    .complaints = complaints,
				    .rendering = &rendering,
				    .entries = entries };
	int r;

	if (!entries || !master || !options || !main)
		return -ENOMEM;
	r = postconf_text_read(&parsing, main, master, options);
	if (r >= 0)
		r = check_main(&parsing);
	if (r >= 0)
		r = interpret(&parsing);
	if (r >= 0)
		r = postfix_demands_check(&parsing, text);
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
