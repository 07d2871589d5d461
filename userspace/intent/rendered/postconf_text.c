// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/postconf_text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/rendering.h"

static const char *const setting_names[POSTCONF_SETTING_COUNT] = {
	[POSTCONF_INET_INTERFACES] = "inet_interfaces",
	[POSTCONF_INET_PROTOCOLS] = "inet_protocols",
	[POSTCONF_SERVICE_DISABLE] = "master_service_disable",
	[POSTCONF_WRAPPERMODE] = "smtpd_tls_wrappermode",
	[POSTCONF_LEVEL] = "smtpd_tls_security_level",
	[POSTCONF_USE_TLS] = "smtpd_use_tls",
	[POSTCONF_ENFORCE_TLS] = "smtpd_enforce_tls",
	[POSTCONF_PROXY] = "smtpd_upstream_proxy_protocol",
	[POSTCONF_POSTSCREEN_LEVEL] = "postscreen_tls_security_level",
	[POSTCONF_POSTSCREEN_USE_TLS] = "postscreen_use_tls",
	[POSTCONF_POSTSCREEN_ENFORCE_TLS] = "postscreen_enforce_tls",
	[POSTCONF_POSTSCREEN_PROXY] = "postscreen_upstream_proxy_protocol",
	[POSTCONF_CHAIN_FILES] = "smtpd_tls_chain_files",
	[POSTCONF_CERT_FILE] = "smtpd_tls_cert_file",
	[POSTCONF_KEY_FILE] = "smtpd_tls_key_file",
	[POSTCONF_EC_CERT_FILE] = "smtpd_tls_eccert_file",
	[POSTCONF_EC_KEY_FILE] = "smtpd_tls_eckey_file",
	[POSTCONF_SASL] = "smtpd_sasl_auth_enable",
	[POSTCONF_MYHOSTNAME] = "myhostname",
};

static int find_setting(const char *name)
{
	for (int i = 0; i < POSTCONF_SETTING_COUNT; i++)
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

static void read_main(struct postconf *parsing, char *text)
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

static struct postconf_entry *find_entry(struct postconf *parsing, const char *name)
{
	for (size_t i = 0; i < parsing->n_entries; i++)
		if (strcmp(parsing->entries[i].name, name) == 0)
			return &parsing->entries[i];
	return NULL;
}

/* "submission inet n - n - - smtpd -o ..." */
static int read_service(struct postconf *parsing, char *line)
{
	char *words[8];
	struct postconf_entry *entry;
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
	*entry = (struct postconf_entry){ .name = words[0],
					  .is_postscreen = strcmp(program, "postscreen") == 0 };
	entry->is_mail = entry->is_postscreen || strcmp(program, "smtpd") == 0;
	return 0;
}

/* "[::1]:10025/inet/smtpd_tls_wrappermode = yes" */
static void read_option(struct postconf *parsing, char *line)
{
	char *name, *value, *setting, *type;
	struct postconf_entry *entry;
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

static int read_master(struct postconf *parsing, char *text)
{
	while (text) {
		int r = read_service(parsing, strsep(&text, "\n"));

		if (r < 0)
			return r;
	}
	return 0;
}

const char *postconf_text_setting(const struct postconf *parsing,
				  const struct postconf_entry *entry, enum postconf_setting i)
{
	const char *value = entry && entry->options[i] ? entry->options[i] : parsing->main[i];

	return value ? value : "";
}

bool postconf_text_is_yes(const struct postconf *parsing, const struct postconf_entry *entry,
			  enum postconf_setting i)
{
	return strcasecmp(postconf_text_setting(parsing, entry, i), "yes") == 0;
}

const char *postconf_text_name(enum postconf_setting i)
{
	return setting_names[i];
}

int postconf_text_read(struct postconf *parsing, char *main, char *master, char *options)
{
	int r;

	read_main(parsing, main);
	r = read_master(parsing, master);
	while (r >= 0 && options)
		read_option(parsing, strsep(&options, "\n"));
	return r;
}
