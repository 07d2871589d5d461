// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/mailu.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"

#define ITEMS_MAX 64 /* of a comma list */

enum condition { NEVER, ALWAYS, WITH_TLS, IN_PORTS };

static const struct rule {
	uint16_t port;
	enum condition conditions[MAILU_VERSION_COUNT]; /* current, 2024.06 at its beginning, 2.0 */
	enum tls_mode tls;				/* with TLS on; without it there is none */
} rules[] = {
	{ 25, { ALWAYS, ALWAYS, ALWAYS }, TLS_STARTTLS_OPTIONAL },
	{ 110, { IN_PORTS, ALWAYS, ALWAYS }, TLS_STARTTLS },
	{ 143, { IN_PORTS, ALWAYS, ALWAYS }, TLS_STARTTLS },
	{ 443, { WITH_TLS, WITH_TLS, WITH_TLS }, TLS_IMPLICIT },
	{ 465, { WITH_TLS, WITH_TLS, WITH_TLS }, TLS_IMPLICIT },
	{ 587, { IN_PORTS, IN_PORTS, ALWAYS }, TLS_STARTTLS },
	{ 993, { WITH_TLS, WITH_TLS, WITH_TLS }, TLS_IMPLICIT },
	{ 995, { WITH_TLS, WITH_TLS, WITH_TLS }, TLS_IMPLICIT },
	/* Without 4190 in PORTS the template leaves the block out, and Dovecot's built-in one opens
	   it. */
	{ 4190, { ALWAYS, ALWAYS, NEVER }, TLS_STARTTLS },
};

/* Taken for Mailu's by people who meant something; seen in its issues. */
static const struct {
	const char *word, *instead;
} mistaken[] = {
	{ "SMTP_PORT", "PORTS" },	{ "SMTPS_PORT", "PORTS" },
	{ "SUBMISSION_PORT", "PORTS" }, { "SUBMISSIONS_PORT", "PORTS" },
	{ "IMAP_PORT", "PORTS" },	{ "IMAPS_PORT", "PORTS" },
	{ "POP_PORT", "PORTS" },	{ "POP3_PORT", "PORTS" },
	{ "POPS_PORT", "PORTS" },	{ "POP3S_PORT", "PORTS" },
	{ "SIEVE_PORT", "PORTS" },	{ "PORT", "PORTS" },
	{ "ALL_PORTS", "PORTS" },	{ "PORT_587", "PORTS" },
	{ "TLS_587", "PORTS" },		{ "TLS_FLAVOUR", "TLS_FLAVOR" },
	{ "TLSFLAVOR", "TLS_FLAVOR" },	{ "PROXYPROTOCOL", "PROXY_PROTOCOL" },
	{ "SUBNET_6", "SUBNET6" },
};

/* PROXY_PROTOCOL's words; "all" has 80 besides, which is none of ours. */
static const uint16_t proxy_mail[] = { 25, 110, 995, 143, 993, 587, 465, 4190, 0 };
static const uint16_t proxy_all[] = { 25, 110, 995, 143, 993, 587, 465, 4190, 443, 0 };

static const struct {
	const char *word;
	bool tls_on;
} flavors[] = {
	{ "cert", true }, { "letsencrypt", true },	{ "notls", false },
	{ "mail", true }, { "mail-letsencrypt", true },
};

struct list { /* a comma list, split as Python splits: untrimmed, and empty is one empty item */
	char text[1024];
	const char *items[ITEMS_MAX];
	size_t n;
};

static int split(const struct envfile_variable *variable, const char *otherwise, const char *path,
		 struct list *list, struct complaints *complaints)
{
	char *rest = list->text;

	list->n = 0;
	if (text_copy(list->text, sizeof(list->text), variable ? variable->value : otherwise) < 0) {
		complain_error(complaints, "%s:%u: %s: is longer than %zu bytes", variable->path,
			       variable->line, variable->key, sizeof(list->text) - 1);
		return -EINVAL;
	}
	while (rest) {
		if (list->n == ITEMS_MAX) {
			complain_error(complaints, "%s:%u: %s: has more than %d items", path,
				       variable ? variable->line : 0, variable ? variable->key : "",
				       ITEMS_MAX);
			return -EINVAL;
		}
		list->items[list->n++] = strsep(&rest, ",");
	}
	return 0;
}

/* As Mailu looks it up: by the exact characters, so that " 587" and "0587" are other keys. */
static bool has_port(const struct list *list, uint16_t port)
{
	char digits[8];

	(void)text_format(digits, sizeof(digits), "%u", port);
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], digits) == 0)
			return true;
	return false;
}

static bool is_known_port(const char *item)
{
	char digits[8];

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		(void)text_format(digits, sizeof(digits), "%u", rules[i].port);
		if (strcmp(item, digits) == 0)
			return true;
	}
	return strcmp(item, "80") == 0;
}

static void check_ports(const struct list *list, const struct envfile_variable *variable,
			struct complaints *complaints)
{
	if (!variable)
		return;
	if (!*variable->value) {
		complain_warning(complaints,
				 "%s:%u: PORTS is empty, which is not the default: 587, 143, 110 "
				 "and 80 stay "
				 "closed; remove the line for the default",
				 variable->path, variable->line);
		return;
	}
	for (size_t i = 0; i < list->n; i++) {
		if (is_known_port(list->items[i]))
			continue;
		if (list->items[i][0] == ' ' || list->items[i][0] == '\t') {
			complain_warning(complaints,
					 "%s:%u: PORTS: \"%.40s\" has a blank in it; Mailu does "
					 "not trim, so it "
					 "opens nothing; write PORTS without blanks",
					 variable->path, variable->line,
					 envfile_quotable(variable, list->items[i]));
			continue;
		}
		complain_warning(complaints,
				 "%s:%u: PORTS: \"%.40s\" is none of Mailu's ports and opens "
				 "nothing; Mailu does "
				 "not trim, write numbers and commas only",
				 variable->path, variable->line,
				 envfile_quotable(variable, list->items[i]));
	}
}

static int read_flavor(const struct envfile *file, const char *path, bool *ret_tls_on,
		       struct complaints *complaints)
{
	const struct envfile_variable *flavor = envfile_find(file, "TLS_FLAVOR");

	if (!flavor) {
		complain_error(
			complaints,
			"%s: TLS_FLAVOR is missing, and Mailu does not start without it; write "
			"TLS_FLAVOR=cert, letsencrypt or notls",
			path);
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(flavors); i++) {
		if (strcmp(flavor->value, flavors[i].word) == 0) {
			*ret_tls_on = flavors[i].tls_on;
			return 0;
		}
	}
	complain_error(complaints,
		       "%s:%u: TLS_FLAVOR=%.40s: Mailu knows cert, letsencrypt, notls, mail and "
		       "mail-letsencrypt, and does not start with another word",
		       flavor->path, flavor->line, flavor->written);
	return -EINVAL;
}

static bool is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

static void want_proxy_header(struct service_set *services, uint16_t port)
{
	struct service *service = service_set_find(services, port);

	if (service)
		service->want.proxy_header = PROXY_HEADER_V2;
}

static int read_proxy_protocol(const struct envfile *file, const char *path,
			       enum mailu_version version, struct service_set *services,
			       struct complaints *complaints)
{
	const struct envfile_variable *variable = envfile_find(file, "PROXY_PROTOCOL");
	const struct envfile_variable *trusted = envfile_find(file, "REAL_IP_FROM");
	struct list list;
	int r;

	if (!variable || !*variable->value)
		return 0;
	r = split(variable, NULL, path, &list, complaints);
	if (r < 0)
		return r;
	for (size_t i = 0; i < list.n; i++) {
		const char *item = list.items[i];
		const uint16_t *ports = NULL;
		uint16_t port;

		if (strcmp(item, "mail") == 0)
			ports = proxy_mail;
		else if (strcmp(item, "all-but-http") == 0 || strcmp(item, "all") == 0)
			ports = proxy_all;
		else if (version == MAILU_2_0 && strcmp(item, "http") == 0)
			continue;
		else if (!is_number(item))
			complain_warning(
				complaints,
				"%s:%u: PROXY_PROTOCOL: \"%.40s\" makes every Mailu container "
				"crash at "
				"its start; write mail, all-but-http, all or ports, without blanks",
				variable->path, variable->line, envfile_quotable(variable, item));
		else if (text_port(item, &port) == 0)
			want_proxy_header(services, port);
		for (; ports && *ports; ports++)
			want_proxy_header(services, *ports);
	}
	if (!trusted || !*trusted->value)
		complain_warning(complaints,
				 "%s:%u: PROXY_PROTOCOL is set and REAL_IP_FROM is not: Mailu "
				 "believes nobody's PROXY "
				 "header and closes every connection; write the proxy's network "
				 "into REAL_IP_FROM",
				 variable->path, variable->line);
	return 0;
}

static int add_service(struct mailu *mailu, const struct rule *rule, bool both_families)
{
	const struct well_known *known = well_known_port(rule->port);
	struct service *service = service_set_add(&mailu->services);

	if (!service)
		return -ENOMEM;
	(void)text_copy(service->name, sizeof(service->name), known->name);
	service->want.port = rule->port;
	service->want.protocol = known->protocol;
	service->want.tls = mailu->tls_on ? rule->tls : TLS_NONE;
	service->expected = true;
	service->provenance.sources = 1u << SOURCE_MAILU;
	if (both_families) {
		service->want.addresses[0].family = AF_INET;
		service->want.addresses[1].family = AF_INET6;
		service->want.n_addresses = 2;
	}
	return 0;
}

static bool opens(const struct rule *rule, enum mailu_version version, bool tls_on,
		  const struct list *ports, const struct list *tls)
{
	switch (rule->conditions[version]) {
	case NEVER:
		return false;
	case ALWAYS:
		return true;
	case WITH_TLS:
		return tls_on && has_port(tls, rule->port);
	case IN_PORTS:
		return has_port(ports, rule->port);
	}
	return false;
}

/* What is allowed, and seldom meant. */
static void check_flavor(const struct envfile *file, const struct list *ports, bool tls_on,
			 struct complaints *complaints)
{
	static const uint16_t with_passwords[] = { 110, 143, 587 };
	const struct envfile_variable *flavor = envfile_find(file, "TLS_FLAVOR");
	const struct envfile_variable *said = envfile_find(file, "PORTS");

	for (size_t i = 0; said && !tls_on && i < ARRAY_SIZE(with_passwords); i++)
		if (has_port(ports, with_passwords[i]))
			complain_warning(complaints,
					 "%s:%u: PORTS has %u while TLS_FLAVOR=notls: it listens, "
					 "without STARTTLS, "
					 "and takes passwords in plain text",
					 said->path, said->line, with_passwords[i]);
	if (said && *said->value && strcmp(flavor->value, "letsencrypt") == 0 &&
	    !has_port(ports, 80))
		complain_warning(complaints,
				 "%s:%u: PORTS lacks 80, which TLS_FLAVOR=letsencrypt needs to "
				 "renew its certificate",
				 said->path, said->line);
}

static void check_words(const struct envfile *file, struct complaints *complaints)
{
	for (size_t i = 0; i < file->n_list; i++)
		for (size_t j = 0; j < ARRAY_SIZE(mistaken); j++)
			if (strcmp(file->list[i].key, mistaken[j].word) == 0)
				complain_warning(complaints,
						 "%s:%u: Mailu has no variable %s and ignores it; "
						 "did you mean %s?",
						 file->list[i].path, file->list[i].line,
						 mistaken[j].word, mistaken[j].instead);
}

static int decide(const struct envfile *file, const char *path, enum mailu_version version,
		  struct mailu *mailu, struct complaints *complaints)
{
	const struct envfile_variable *said = envfile_find(file, "PORTS");
	const struct envfile_variable *subnet6 = envfile_find(file, "SUBNET6");
	struct list ports, tls;
	int r;

	r = read_flavor(file, path, &mailu->tls_on, complaints);
	if (r < 0)
		return r;
	r = split(said, MAILU_DEFAULT_PORTS, path, &ports, complaints);
	if (r < 0)
		return r;
	r = split(envfile_find(file, "TLS"), "443,465,993,995", path, &tls, complaints);
	if (r < 0)
		return r;
	check_ports(&ports, said, complaints);
	(void)text_copy(mailu->ports, sizeof(mailu->ports),
			said ? said->value : MAILU_DEFAULT_PORTS);

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!opens(&rules[i], version, mailu->tls_on, &ports, &tls))
			continue;
		r = add_service(mailu, &rules[i], subnet6 && *subnet6->value);
		if (r < 0)
			return r;
	}
	check_flavor(file, &ports, mailu->tls_on, complaints);
	check_words(file, complaints);
	/* With TLS on Mailu serves all three, in whatever way PORTS and TLS leave it to. */
	mailu->serves_submission = mailu->tls_on || has_port(&ports, 587);
	mailu->serves_imap = mailu->tls_on || has_port(&ports, 143);
	mailu->serves_pop3 = mailu->tls_on || has_port(&ports, 110);
	return read_proxy_protocol(file, path, version, &mailu->services, complaints);
}

enum mailu_version mailu_version_parse(const char *tag)
{
	unsigned int year, month, patch;
	char end;
	int n = sscanf(tag, "%4u.%2u.%3u%c", &year, &month, &patch, &end);

	if (n < 2)
		return MAILU_CURRENT;
	if (year < 2024)
		return MAILU_2_0; /* 1.9, 2.0 */
	/* "@" begins the image's digest. */
	if (year == 2024 && month == 6 && (n == 3 || (n == 4 && end == '@')) && patch < 5)
		return MAILU_2024_06_EARLY;
	return MAILU_CURRENT;
}

int mailu_decide(const struct envfile *file, const char *path, enum mailu_version version,
		 struct mailu *ret, struct complaints *complaints)
{
	cleanup(mailu_clear) struct mailu mailu = { 0 };
	int r = decide(file, path, version, &mailu, complaints);

	if (r < 0)
		return r;
	*ret = mailu;
	mailu = (struct mailu){ 0 };
	return 0;
}

int mailu_parse(const char *text, size_t size, const char *path, struct mailu *ret,
		struct complaints *complaints)
{
	cleanup(envfile_clear) struct envfile file = { 0 };
	int r = envfile_parse(text, size, path, &file, complaints);

	return r < 0 ? r : mailu_decide(&file, path, MAILU_CURRENT, ret, complaints);
}

void mailu_clear(struct mailu *mailu)
{
	service_set_clear(&mailu->services);
	*mailu = (struct mailu){ 0 };
}
