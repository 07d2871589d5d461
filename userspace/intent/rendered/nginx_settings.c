// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/nginx_settings.h"

#include <string.h>

#include "base/text.h"
#include "intent/rendered/rendering.h"

/* Each of them is a line, be it no path that we could read: certificates and keys go by their
 * places. */
static void add_line(char *to, const char *word)
{
	if (strchr(word, '\n'))
		word = "-";
	if (strlen(to) + strlen(word) + 2 <= SERVICE_FILES_SIZE)
		(void)text_append(to, SERVICE_FILES_SIZE, "%s\n", word);
}

void nginx_settings_name_files(const struct nginx_settings *settings, struct service *service)
{
	char certificates[SERVICE_FILES_SIZE], keys[SERVICE_FILES_SIZE];
	char *rest = certificates, *rest_of_keys = keys, *certificate;

	memcpy(certificates, settings->certificate, sizeof(certificates));
	memcpy(keys, settings->key, sizeof(keys));
	while ((certificate = strsep(&rest, "\n")) && *certificate) {
		const char *key = strsep(&rest_of_keys, "\n");

		rendering_add_files(service->server.certificate, service->server.key, certificate,
				    key ? key : "");
	}
}

void nginx_settings_read(struct nginx_settings *settings, const struct nginx_settings *around,
			 const char *name, const char *value)
{
	if (strcmp(name, "protocol") == 0) {
		settings->protocol = strcmp(value, "smtp") == 0	  ? PROTOCOL_SMTP
				     : strcmp(value, "imap") == 0 ? PROTOCOL_IMAP
				     : strcmp(value, "pop3") == 0 ? PROTOCOL_POP3
								  : PROTOCOL_UNSET;
	} else if (strcmp(name, "starttls") == 0) {
		settings->starttls = strcmp(value, "on") == 0	  ? TLS_STARTTLS_OPTIONAL
				     : strcmp(value, "only") == 0 ? TLS_STARTTLS
								  : TLS_NONE;
	} else if (strcmp(name, "ssl") == 0) {
		settings->ssl = strcmp(value, "on") == 0;
	} else if (strcmp(name, "smtp_auth") == 0) {
		settings->no_auth = strcmp(value, "none") == 0;
	} else if (strcmp(name, "ssl_certificate") == 0) {
		/* A server that names one of its own does not inherit. */
		if (around && strcmp(settings->certificate, around->certificate) == 0)
			settings->certificate[0] = '\0';
		add_line(settings->certificate, value);
	} else if (strcmp(name, "ssl_certificate_key") == 0) {
		if (around && strcmp(settings->key, around->key) == 0)
			settings->key[0] = '\0';
		add_line(settings->key, value);
	}
}
