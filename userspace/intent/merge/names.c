// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/names.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/rendered/servers.h"

#define HOSTS_MAX (1024 * 1024)

/* Domains that installers, routers and programs make up, and no CA gives a certificate for: RFC
 * 2606, RFC 6761, RFC 6762, RFC 8375, ICANN's "internal", and custom. */
static const char *const made_up[] = {
	"localdomain",	  "localhost", "local",	 "lan",	      "home",	 "internal",
	"intranet",	  "private",   "corp",	 "home.arpa", "invalid", "novalocal",
	"openstacklocal", "localnet",  "domain", "fritz.box", "arpa",
};

static bool has_domain(const char *name)
{
	const char *dot = strchr(name, '.');

	return server_name_is_valid(name) && dot && dot[1] && !strchr(name, ':') &&
	       name[strspn(name, "0123456789.")];
}

static bool is_made_up(const char *name)
{
	size_t n = strlen(name);

	if (n > 0 && name[n - 1] == '.')
		n--;
	for (size_t i = 0; i < ARRAY_SIZE(made_up); i++) {
		size_t size = strlen(made_up[i]);

		if (n > size && name[n - size - 1] == '.' &&
		    strncasecmp(name + n - size, made_up[i], size) == 0)
			return true;
	}
	return false;
}

static bool is_a_word(const char *name)
{
	return has_domain(name) && !is_made_up(name);
}

/* ---- the host ---- */

static void read_hosts_line(char *line, struct host_words *host)
{
	char *cursor = line, *first, *name, alias[HOST_NAME_SIZE] = "";
	bool is_ours = false;

	line[strcspn(line, "#")] = '\0';
	if (!text_word(&cursor))
		return;
	first = name = text_word(&cursor);
	for (; name; name = text_word(&cursor)) {
		is_ours |= strcasecmp(name, host->kernel) == 0;
		if (!*alias && has_domain(name))
			(void)text_copy(alias, sizeof(alias), name);
	}
	if (!is_ours)
		return;
	if (!*host->canonical && has_domain(first))
		(void)text_copy(host->canonical, sizeof(host->canonical), first);
	if (!*host->alias)
		(void)text_copy(host->alias, sizeof(host->alias), alias);
}

void host_words_parse(const char *hosts, struct host_words *host)
{
	char line[1024];

	host->canonical[0] = host->alias[0] = '\0';
	while (*host->kernel && text_line(&hosts, line, sizeof(line)))
		read_hosts_line(line, host);
}

void host_words_read(struct host_words *ret)
{
	cleanup(memory_freep) char *hosts = NULL;

	*ret = (struct host_words){ 0 };
	(void)gethostname(ret->kernel, sizeof(ret->kernel) - 1);
	if (file_read("/etc/hosts", HOSTS_MAX, &hosts, NULL) >= 0)
		host_words_parse(hosts, ret);
}

/* ---- who says it ---- */

static const struct rendered_result *speaker(const struct names_said *said, enum source_kind kind)
{
	for (size_t i = 0; i < said->rendered->n; i++) {
		const struct rendered_result *result = &said->rendered->list[i];

		if (result->server->kind == kind && is_a_word(result->rendering.hostname))
			return result;
	}
	return NULL;
}

#define MTA_PROTOCOLS (1U << PROTOCOL_SMTP | 1U << PROTOCOL_SUBMISSION)
#define MDA_PROTOCOLS \
	(1U << PROTOCOL_LMTP | 1U << PROTOCOL_IMAP | 1U << PROTOCOL_POP3 | 1U << PROTOCOL_SIEVE)

static bool add_rendered(const struct names_said *said, struct server_names *names)
{
	const struct rendered_result *postfix = speaker(said, SOURCE_POSTFIX);
	const struct rendered_result *dovecot = speaker(said, SOURCE_DOVECOT);

	/* Where both speak, each speaks for itself. */
	if (postfix)
		(void)server_names_add(names, postfix->rendering.hostname, 1U << SOURCE_POSTFIX,
				       dovecot ? ~MDA_PROTOCOLS : 0);
	if (dovecot)
		(void)server_names_add(names, dovecot->rendering.hostname, 1U << SOURCE_DOVECOT,
				       postfix ? MDA_PROTOCOLS : 0);
	return postfix || dovecot;
}

static void add_main(const struct names_said *said, const struct host_words *host,
		     struct server_names *names)
{
	const char *guesses[] = { host->kernel, host->canonical, host->alias };

	if (*said->config->server_name) {
		(void)server_names_add(names, said->config->server_name, 1U << SOURCE_CONFIG, 0);
		return;
	}
	*names = *said->declared;
	if (names->n || add_rendered(said, names))
		return;
	if (is_a_word(host->canonical)) {
		(void)server_names_add(names, host->canonical, NAME_OF_HOST, 0);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(guesses) && !names->n; i++)
		if (has_domain(guesses[i]))
			(void)server_names_add(names, guesses[i], 0, 0);
}

static void add_certificates(const struct rendered_result *result, struct server_names *names)
{
	const struct rendering *rendering = &result->rendering;
	enum source_kind kind = result->server->kind;
	uint32_t protocols = MTA_PROTOCOLS;

	if (kind == SOURCE_DOVECOT)
		protocols =
			MDA_PROTOCOLS | (rendering->has_submission ? 1U << PROTOCOL_SUBMISSION : 0);
	for (size_t i = 0; i < rendering->n_certificates; i++) {
		const struct certificate_files *files = &rendering->certificates[i];

		if (*files->name) /* "*.example.org" cannot be asked for, and is not taken */
			(void)server_names_add(names, files->name, 1U << kind,
					       files->protocol ? 1U << files->protocol : protocols);
	}
}

void names_find(const struct names_said *said, const struct host_words *host,
		struct server_names *ret)
{
	const struct server_names *more = &said->config->server_names;

	*ret = (struct server_names){ 0 };
	add_main(said, host, ret);
	for (size_t i = 0; i < more->n; i++)
		(void)server_names_add(ret, more->list[i].name, more->list[i].sources, 0);
	for (size_t i = 0; i < said->rendered->n; i++)
		add_certificates(&said->rendered->list[i], ret);
}
