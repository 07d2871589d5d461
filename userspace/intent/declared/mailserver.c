// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/mailserver.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"

enum part { PART_POSTFIX, PART_IMAP, PART_POP3, PART_SIEVE, PART_COUNT };

static const struct rule {
	uint16_t port;
	enum part part;
	enum tls_mode with_tls;
	enum tls_mode without; /* UNSET: Dovecot does not open it then */
} rules[] = {
	{ 25, PART_POSTFIX, TLS_STARTTLS_OPTIONAL, TLS_NONE },
	{ 110, PART_POP3, TLS_STARTTLS, TLS_NONE },
	{ 143, PART_IMAP, TLS_STARTTLS, TLS_NONE },
	{ 465, PART_POSTFIX, TLS_IMPLICIT, TLS_NONE },
	{ 587, PART_POSTFIX, TLS_STARTTLS, TLS_NONE },
	{ 993, PART_IMAP, TLS_IMPLICIT, TLS_UNSET },
	{ 995, PART_POP3, TLS_IMPLICIT, TLS_UNSET },
	{ 4190, PART_SIEVE, TLS_STARTTLS, TLS_NONE },
};

static const struct {
	const char *key;
	bool otherwise; /* unset or empty */
} switches[PART_COUNT] = {
	[PART_POSTFIX] = { NULL, true }, /* cannot be turned off */
	[PART_IMAP] = { "ENABLE_IMAP", true },
	[PART_POP3] = { "ENABLE_POP3", false },
	[PART_SIEVE] = { "ENABLE_MANAGESIEVE", false },
};

static const char *const ssl_types[] = { "letsencrypt", "custom", "manual", "self-signed",
					 "snakeoil" };

/* Words of other products, and of versions that are long gone. */
static const struct {
	const char *word, *instead;
} mistaken[] = {
	{ "ENABLE_SIEVE", "ENABLE_MANAGESIEVE" },
	{ "ENABLE_POP", "ENABLE_POP3" },
	{ "ENABLE_IMAPS", "ENABLE_IMAP" },
	{ "SSLTYPE", "SSL_TYPE" },
	{ "TLS_FLAVOR", "SSL_TYPE" },
	{ "TLS_TYPE", "SSL_TYPE" },
	{ "INET_PROTOCOLS", "POSTFIX_INET_PROTOCOLS" },
};

struct reading {
	const struct envfile *file;
	const char *path;
	struct complaints *complaints;
};

static const struct envfile_variable *said(const struct reading *reading, const char *key)
{
	const struct envfile_variable *variable = envfile_find(reading->file, key);

	return variable && *variable->value ? variable : NULL;
}

/* The scripts compare with "-eq 1": every other word is off. */
static bool is_on(const struct reading *reading, const char *key, bool otherwise)
{
	const struct envfile_variable *variable = said(reading, key);

	if (!variable)
		return otherwise;
	if (strcmp(variable->value, "0") != 0 && strcmp(variable->value, "1") != 0)
		complain_warning(reading->complaints,
				 "%s:%u: %s=%.40s: docker-mailserver takes every word but 1 for "
				 "off; write 1 or 0",
				 variable->path, variable->line, key, variable->written);
	return strcmp(variable->value, "1") == 0;
}

static int read_ssl_type(const struct reading *reading, bool *ret_tls_on)
{
	const struct envfile_variable *type = envfile_find(reading->file, "SSL_TYPE");
	bool known = false;

	*ret_tls_on = type && *type->value;
	if (!*ret_tls_on) {
		complain_warning(reading->complaints,
				 "%s: SSL_TYPE is %s: ports 465 and 587 listen in plain text, and "
				 "so does every other; "
				 "write SSL_TYPE=letsencrypt, custom, manual or self-signed",
				 reading->path, type ? "empty" : "not set");
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ssl_types); i++)
		known |= strcmp(type->value, ssl_types[i]) == 0;
	if (!known) {
		complain_error(reading->complaints,
			       "%s:%u: SSL_TYPE=%.40s: docker-mailserver knows letsencrypt, "
			       "custom, manual and self-signed, "
			       "and does not start with another word",
			       type->path, type->line, type->written);
		return -EINVAL;
	}
	if (strcmp(type->value, "snakeoil") == 0)
		complain_warning(reading->complaints,
				 "%s:%u: SSL_TYPE=snakeoil is for tests; no client trusts it",
				 type->path, type->line);
	if (strcmp(type->value, "manual") == 0 &&
	    !(said(reading, "SSL_CERT_PATH") && said(reading, "SSL_KEY_PATH")))
		complain_warning(reading->complaints,
				 "%s:%u: SSL_TYPE=manual needs SSL_CERT_PATH and SSL_KEY_PATH, and "
				 "docker-mailserver does "
				 "not start without them",
				 type->path, type->line);
	return 0;
}

/* Sets @family: 0 for both. Dovecot's script knows these three words alone, Postfix a list of them.
 */
static void read_families(const struct reading *reading, const char *key, uint8_t *family)
{
	const struct envfile_variable *variable = said(reading, key);

	*family = 0;
	if (!variable || strcmp(variable->value, "all") == 0)
		return;
	if (strcmp(variable->value, "ipv4") == 0)
		*family = AF_INET;
	else if (strcmp(variable->value, "ipv6") == 0)
		*family = AF_INET6;
	else
		complain_warning(reading->complaints,
				 "%s:%u: %s=%.40s is not known; write all, ipv4 or ipv6",
				 variable->path, variable->line, key, variable->written);
}

static void check_words(const struct reading *reading)
{
	static const char *const levels[] = { "modern", "intermediate" };
	static const char *const actions[] = { "enforce", "drop", "ignore" };
	const struct envfile_variable *level = said(reading, "TLS_LEVEL");
	const struct envfile_variable *action = said(reading, "POSTSCREEN_ACTION");
	bool known = !level, known_action = !action;

	for (size_t i = 0; level && i < ARRAY_SIZE(levels); i++)
		known |= strcmp(level->value, levels[i]) == 0;
	if (!known)
		complain_warning(
			reading->complaints,
			"%s:%u: TLS_LEVEL=%.40s is not known; write modern or intermediate",
			level->path, level->line, level->written);
	for (size_t i = 0; action && i < ARRAY_SIZE(actions); i++)
		known_action |= strcmp(action->value, actions[i]) == 0;
	if (!known_action)
		complain_warning(reading->complaints,
				 "%s:%u: POSTSCREEN_ACTION=%.40s is not known; write enforce, drop "
				 "or ignore",
				 action->path, action->line, action->written);
	for (size_t i = 0; i < reading->file->n_list; i++)
		for (size_t j = 0; j < ARRAY_SIZE(mistaken); j++)
			if (strcmp(reading->file->list[i].key, mistaken[j].word) == 0)
				complain_warning(reading->complaints,
						 "%s:%u: docker-mailserver has no variable %s and "
						 "ignores it; did you mean %s?",
						 reading->file->list[i].path,
						 reading->file->list[i].line, mistaken[j].word,
						 mistaken[j].instead);
}

static int add_service(struct mailserver *mailserver, const struct rule *rule, enum tls_mode tls,
		       uint8_t family)
{
	const struct well_known *known = well_known_port(rule->port);
	struct service *service = service_set_add(&mailserver->services);

	if (!service)
		return -ENOMEM;
	(void)text_copy(service->name, sizeof(service->name), known->name);
	service->want.port = rule->port;
	service->want.protocol = known->protocol;
	service->want.tls = tls;
	service->expected = true;
	service->provenance.sources = 1u << SOURCE_DOCKER_MAILSERVER;
	if (family) {
		service->want.addresses[0].family = family;
		service->want.n_addresses = 1;
	}
	return 0;
}

static void read_parts(const struct reading *reading, bool on[static PART_COUNT])
{
	bool smtp_only = is_on(reading, "SMTP_ONLY", false);

	for (enum part part = 0; part < PART_COUNT; part++) {
		const char *key = switches[part].key;

		on[part] = !key || is_on(reading, key, switches[part].otherwise);
		if (!key || !smtp_only || !on[part])
			continue;
		on[part] = false;
		if (said(reading, key))
			complain_warning(reading->complaints,
					 "%s:%u: %s=1 has no effect under SMTP_ONLY=1, which "
					 "leaves Dovecot off",
					 said(reading, key)->path, said(reading, key)->line, key);
	}
}

/* Those of the file that this one is about; without any of them it may be anything. */
static bool is_mailserver(const struct envfile *file)
{
	static const char *const keys[] = {
		"SSL_TYPE",	   "SMTP_ONLY",		 "ENABLE_IMAP",
		"ENABLE_POP3",	   "ENABLE_MANAGESIEVE", "POSTFIX_INET_PROTOCOLS",
		"DMS_VMAIL_UID",   "OVERRIDE_HOSTNAME",	 "PERMIT_DOCKER",
		"ENABLE_FAIL2BAN", "POSTMASTER_ADDRESS", "ACCOUNT_PROVISIONER",
		"ENABLE_RSPAMD",   "ENABLE_CLAMAV",	 "ENABLE_SPAMASSASSIN",
		"TLS_LEVEL"
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (envfile_find(file, keys[i]))
			return true;
	return false;
}

int mailserver_decide(const struct envfile *file, const char *path, struct mailserver *ret,
		      struct complaints *complaints)
{
	cleanup(mailserver_clear) struct mailserver mailserver = { 0 };
	const struct reading reading = { file, path, complaints };
	bool on[PART_COUNT];
	uint8_t postfix, dovecot;
	int r;

	if (!is_mailserver(file)) {
		complain_error(
			complaints,
			"%s: has none of docker-mailserver's variables; this is no mailserver.env",
			path);
		return -EINVAL;
	}
	r = read_ssl_type(&reading, &mailserver.tls_on);
	if (r < 0)
		return r;
	read_parts(&reading, on);
	read_families(&reading, "POSTFIX_INET_PROTOCOLS", &postfix);
	read_families(&reading, "DOVECOT_INET_PROTOCOLS", &dovecot);
	check_words(&reading);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		enum tls_mode tls = mailserver.tls_on ? rules[i].with_tls : rules[i].without;

		if (!on[rules[i].part] || tls == TLS_UNSET)
			continue;
		r = add_service(&mailserver, &rules[i], tls,
				rules[i].part == PART_POSTFIX ? postfix : dovecot);
		if (r < 0)
			return r;
	}
	mailserver.serves_imap = on[PART_IMAP];
	mailserver.serves_pop3 = on[PART_POP3];
	*ret = mailserver;
	mailserver = (struct mailserver){ 0 };
	return 0;
}

int mailserver_parse(const char *text, size_t size, const char *path, struct mailserver *ret,
		     struct complaints *complaints)
{
	cleanup(envfile_clear) struct envfile file = { 0 };
	int r = envfile_parse(text, size, path, &file, complaints);

	return r < 0 ? r : mailserver_decide(&file, path, ret, complaints);
}

void mailserver_clear(struct mailserver *mailserver)
{
	service_set_clear(&mailserver->services);
	*mailserver = (struct mailserver){ 0 };
}
