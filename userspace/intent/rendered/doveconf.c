// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/doveconf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/doveconf_text.h"
#include "intent/rendered/dovecot_programs.h"
#include "intent/rendered/hosts.h"

/* One word of "listen": "*" is every IPv4 address, "::" every IPv6 one; of a name each address
 * counts. Returns how many they are; 0: what nobody knows. */
static size_t resolve(const struct doveconf *parsing, const char *word,
		      struct address to[static HOSTS_ADDRESSES])
{
	to[0] = (struct address){ .family = AF_INET };
	if (strcmp(word, "*") == 0 || address_parse(word, &to[0]) == 0)
		return 1;
	return hosts_find(parsing->hosts, word, to);
}

/* What is no number and no name of this host (an interface) cannot be compared with a socket: then
 * any address will do. */
static void add_addresses(struct doveconf *parsing, const struct doveconf_listener *block,
			  struct service *service)
{
	char words[DOVECOT_VALUE_SIZE], *rest = words, *word;

	(void)text_copy(words, sizeof(words), *block->listen ? block->listen : parsing->listen);
	while ((word = strsep(&rest, " \t,"))) {
		struct address addresses[HOSTS_ADDRESSES];
		size_t n;
		bool fits = true;

		if (!*word)
			continue;
		n = resolve(parsing, word, addresses);
		if (n == 0) {
			complain_warning(parsing->complaints,
					 "%s: inet_listener %s: \"%.60s\" is no numeric address; "
					 "any address is taken for right",
					 parsing->path, block->name, word);
			service->want.n_addresses = 0;
			return;
		}
		for (size_t i = 0; i < n; i++)
			fits = fits && rendering_add_address(service, &addresses[i]);
		if (!fits) {
			complain_warning(parsing->complaints,
					 "%s: inet_listener %s: only %d addresses are kept",
					 parsing->path, block->name, SERVICE_ADDRESSES_MAX);
			return;
		}
	}
}

static enum tls_mode tls_of(const struct doveconf *parsing, const struct doveconf_listener *block,
			    enum protocol protocol)
{
	if (block->ssl)
		return TLS_IMPLICIT;
	if (strcmp(parsing->ssl, "no") == 0)
		return TLS_NONE;
	return rendering_offered(
		protocol); /* "required" changes nothing: LMTP demands it of nobody even then */
}

static enum protocol protocol_of(const struct doveconf *parsing,
				 const struct doveconf_service *service)
{
	/* The words of "protocols" are our protocols' names. */
	if (service->word[0] && !doveconf_text_has_word(parsing->protocols, service->word))
		return PROTOCOL_UNSET;
	return dovecot_program_protocol(service->program);
}

static int add_service(struct doveconf *parsing, const struct doveconf_listener *block)
{
	struct service service = { .want.protocol = protocol_of(
					   parsing, &parsing->services[block->service]) };
	int r;

	if (service.want.protocol == PROTOCOL_UNSET || strcmp(block->port, "0") == 0)
		return 0;
	if (block->ssl && strcmp(parsing->ssl, "no") == 0)
		return 0;
	if (text_port(block->port, &service.want.port) < 0) {
		complain_warning(parsing->complaints,
				 "%s: inet_listener %s: no port can be read in \"%s\"",
				 parsing->path, block->name, block->port);
		return 0;
	}
	service.want.tls = tls_of(parsing, block, service.want.protocol);
	service.want.proxy_header = block->haproxy ? PROXY_HEADER_V2 : PROXY_HEADER_NO;
	add_addresses(parsing, block, &service);
	r = rendering_add(parsing->rendering, SOURCE_DOVECOT, block->name, &service);
	if (r != -EADDRINUSE)
		return r;
	complain_error(parsing->complaints,
		       "%s: inet_listener %s: another one has port %u at the same address; Dovecot "
		       "cannot start so",
		       parsing->path, block->name, service.want.port);
	return 0;
}

static int read_all(struct doveconf *parsing, char *text, char *set)
{
	int r = doveconf_text_read(parsing, text);

	parsing->only_filters = true;
	if (r >= 0 && set)
		r = doveconf_text_read(parsing, set);
	if (r < 0)
		return r;
	if (parsing->has_protocols && parsing->has_listen && parsing->ssl[0])
		return 0;
	complain_error(
		parsing->complaints,
		"%s: doveconf did not print protocols, listen and ssl; is this Dovecot 2.3 or 2.4?",
		parsing->path);
	return -EINVAL;
}

static int add_services(struct doveconf *parsing)
{
	struct rendering *rendering = parsing->rendering;

	for (size_t i = 0; i < parsing->n_listeners; i++) {
		int r = add_service(parsing, &parsing->listeners[i]);

		if (r < 0)
			return r;
	}
	if (parsing->takes_cleartext && strcmp(parsing->ssl, "yes") == 0)
		complain_warning(
			parsing->complaints,
			"%s: passwords are taken before TLS (disable_plaintext_auth = no, in 2.4 "
			"auth_allow_cleartext = yes); write ssl = required, which forbids it",
			parsing->path);
	service_set_sort(&rendering->services);
	rendering->tls_on = strcmp(parsing->ssl, "no") != 0;
	rendering->has_submission =
		doveconf_text_has_word(parsing->protocols, protocol_name(PROTOCOL_SUBMISSION));
	if (rendering->tls_on)
		dovecot_files_keep(rendering, &parsing->files[0]);
	rendering_assign_certificates(rendering);
	return 0;
}

static int parse(const struct doveconf_text *text, struct doveconf *parsing)
{
	cleanup(memory_freep) char *main = strndup(text->main, RENDERING_TEXT_MAX);
	cleanup(memory_freep) char *set = text->set ? strndup(text->set, RENDERING_TEXT_MAX) : NULL;
	int r;

	parsing->listeners = calloc(RENDERING_LISTENERS_MAX, sizeof(*parsing->listeners));
	parsing->services = calloc(DOVECONF_SERVICES_MAX, sizeof(*parsing->services));
	if (!parsing->listeners || !parsing->services || !main || (text->set && !set))
		return -ENOMEM;
	r = read_all(parsing, main, set);
	return r < 0 ? r : add_services(parsing);
}

int doveconf_parse(const struct doveconf_text *text, const char *path, struct rendering *ret,
		   struct dovecot_demands *demands, struct complaints *complaints)
{
	cleanup(rendering_clear) struct rendering rendering = { 0 };
	cleanup(memory_freep) struct doveconf *parsing = calloc(1, sizeof(*parsing));
	int r;

	if (!parsing)
		return -ENOMEM;
	if (strlen(text->main) > RENDERING_TEXT_MAX) {
		complain_error(complaints, "%s: doveconf printed more than 4 MiB", path);
		return -EINVAL;
	}
	*parsing = (struct doveconf){
		.path = path,
		.hosts = text->hosts,
		.complaints = complaints,
		.rendering = &rendering,
		.demands = demands,
	};
	if (demands)
		demands->is_24 = text->set != NULL;
	r = parse(text, parsing);
	free(parsing->listeners);
	free(parsing->services);
	if (r < 0)
		return r;
	*ret = rendering;
	rendering = (struct rendering){ 0 };
	return 0;
}

/* "# 2.4.1-4 (7d8c0e5759): /etc/dovecot/dovecot.conf" */
bool doveconf_is_24(const char *text)
{
	unsigned int major = 0, minor = 0;

	return sscanf(text, "# %u.%u", &major, &minor) == 2 &&
	       (major > 2 || (major == 2 && minor >= 4));
}
