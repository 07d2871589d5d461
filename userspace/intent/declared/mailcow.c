// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/mailcow.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static const struct rule {
	uint16_t port; /* inside, and on the host unless said otherwise */
	const char *key;
	const char *bind_key; /* the address has a variable of its own; NULL: it stands before the
				 port */
} rules[] = {
	{ 25, "SMTP_PORT", NULL },    { 110, "POP_PORT", NULL },
	{ 143, "IMAP_PORT", NULL },   { 443, "HTTPS_PORT", "HTTPS_BIND" },
	{ 465, "SMTPS_PORT", NULL },  { 587, "SUBMISSION_PORT", NULL },
	{ 993, "IMAPS_PORT", NULL },  { 995, "POPS_PORT", NULL },
	{ 4190, "SIEVE_PORT", NULL },
};

static const char *value_of(const struct envfile_variable *variable)
{
	return variable && *variable->value ? variable->value : NULL;
}

/* "587", "192.0.2.1:587", "[2001:db8::1]:587". */
static int read_place(const char *value, struct service *service)
{
	const char *colon = strrchr(value, ':');
	char host[ADDRESS_TEXT_SIZE + 2];
	int r;

	if (!colon)
		return text_port(value, &service->want.port);
	if ((size_t)(colon - value) >= sizeof(host))
		return -EINVAL;
	memcpy(host, value, (size_t)(colon - value));
	host[colon - value] = '\0';
	/* Without brackets, nobody can tell where an IPv6 address ends. */
	if (strchr(host, ':') && host[0] != '[')
		return -EINVAL;
	r = text_port(colon + 1, &service->want.port);
	if (r < 0)
		return r;
	r = address_parse(host, &service->want.addresses[0]);
	if (r < 0 || service->want.addresses[0].family == 0)
		return -EINVAL;
	service->want.n_addresses = 1;
	return 0;
}

static int read_bind(const char *value, struct service *service)
{
	int r = address_parse(value, &service->want.addresses[0]);

	if (r < 0 || service->want.addresses[0].family == 0)
		return -EINVAL;
	service->want.n_addresses = 1;
	return 0;
}

static void warn_of_shell(const struct envfile_variable *variable, const char *path,
			  struct complaints *complaints)
{
	if (variable && variable->shell_differs)
		complain_warning(
			complaints,
			"%s:%u: %s: docker compose reads this line as \"%.40s\", and mailcow's own "
			"scripts, "
			"which a shell runs, do not; write it without blanks, or in quotes",
			variable->path, variable->line, variable->key, variable->written);
}

/* Returns whether the port counts. */
static bool read_rule(const struct envfile *file, const struct rule *rule, const char *path,
		      struct service *service, struct complaints *complaints)
{
	const struct envfile_variable *said = envfile_find(file, rule->key);
	const struct envfile_variable *bind =
		rule->bind_key ? envfile_find(file, rule->bind_key) : NULL;
	const char *value = value_of(said), *address = value_of(bind);

	service->want.port = rule->port;
	warn_of_shell(said, path, complaints);
	warn_of_shell(bind, path, complaints);
	if (value && rule->bind_key && text_port(value, &service->want.port) < 0) {
		complain_error(
			complaints,
			"%s:%u: %s=%.60s: write a port from 1 to 65535; its address goes into %s",
			said->path, said->line, rule->key, said->written, rule->bind_key);
		return false;
	}
	if (value && !rule->bind_key && read_place(value, service) < 0) {
		complain_error(complaints,
			       "%s:%u: %s=%.60s: write a port from 1 to 65535, IP:PORT or "
			       "[IPv6]:PORT; several go into "
			       "docker-compose.override.yml",
			       said->path, said->line, rule->key, said->written);
		return false;
	}
	if (address && read_bind(address, service) < 0) {
		complain_error(complaints, "%s:%u: %s=%.60s: write one address, without a port",
			       bind->path, bind->line, rule->bind_key, bind->written);
		return false;
	}
	return true;
}

static bool is_mailcow(const struct envfile *file)
{
	if (envfile_find(file, "MAILCOW_HOSTNAME"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (envfile_find(file, rules[i].key))
			return true;
	return false;
}

static int add_service(struct mailcow *mailcow, const struct rule *rule, const struct service *said,
		       const char *path, struct complaints *complaints)
{
	const struct well_known *known = well_known_port(rule->port);
	const struct service *other = service_set_find(&mailcow->services, said->want.port);
	struct service *service;

	if (other) {
		complain_error(
			complaints,
			"%s: %s: port %u is already that of %s; docker cannot publish it twice",
			path, rule->key, said->want.port, other->name);
		return 0;
	}
	service = service_set_add(&mailcow->services);
	if (!service)
		return -ENOMEM;
	*service = *said;
	(void)text_copy(service->name, sizeof(service->name), known->name);
	service->want.protocol = known->protocol;
	service->want.tls = known->tls;
	service->expected = true;
	service->provenance.sources = 1u << SOURCE_MAILCOW;
	return 0;
}

int mailcow_decide(const struct envfile *file, const char *path, struct mailcow *ret,
		   struct complaints *complaints)
{
	cleanup(mailcow_clear) struct mailcow mailcow = { 0 };

	if (!is_mailcow(file)) {
		complain_error(complaints,
			       "%s: has neither MAILCOW_HOSTNAME nor any of mailcow's ports; this "
			       "is no mailcow.conf",
			       path);
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct service said = { 0 };
		int r;

		if (!read_rule(file, &rules[i], path, &said, complaints))
			continue;
		r = add_service(&mailcow, &rules[i], &said, path, complaints);
		if (r < 0)
			return r;
	}
	*ret = mailcow;
	mailcow = (struct mailcow){ 0 };
	return 0;
}

int mailcow_parse(const char *text, size_t size, const char *path, struct mailcow *ret,
		  struct complaints *complaints)
{
	cleanup(envfile_clear) struct envfile file = { 0 };
	int r = envfile_parse(text, size, path, &file, complaints);

	return r < 0 ? r : mailcow_decide(&file, path, ret, complaints);
}

const char *mailcow_variable(uint16_t port)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].port == port)
			return rules[i].key;
	return NULL;
}

void mailcow_clear(struct mailcow *mailcow)
{
	service_set_clear(&mailcow->services);
	*mailcow = (struct mailcow){ 0 };
}
