// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/nginx.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/nginx_conf.h"

#define MAIL                                                                                       \
	(SERVER_CAN(PROTOCOL_SMTP) | SERVER_CAN(PROTOCOL_SUBMISSION) | SERVER_CAN(PROTOCOL_IMAP) | \
	 SERVER_CAN(PROTOCOL_POP3))

static const char *unit(void)
{
	return "nginx.service";
}

static int read_words(const struct server_words *words, struct rendering *ret,
		      struct complaints *complaints)
{
	cleanup(memory_freep) char *text = NULL;
	int r = server_read_files(words, &text, complaints);

	return r < 0 ? r : nginx_conf_parse(text, strlen(text), words->path, ret, complaints);
}

static int remedy(const struct server_traits *traits, const struct service *service, char *to,
		  size_t size)
{
	bool smtp = service->want.protocol == PROTOCOL_SMTP ||
		    service->want.protocol == PROTOCOL_SUBMISSION;

	char files[sizeof(traits->certificate) * 2 + 64] = "";

	/* A server { } of its own may lack what stands in another one. */
	if (service->want.tls != TLS_NONE && *traits->certificate && *traits->key)
		(void)text_format(files, sizeof(files),
				  "ssl_certificate %s; ssl_certificate_key %s; ",
				  traits->certificate, traits->key);
	return text_format(to, size,
			   "in nginx's mail { }: server { listen %u%s%s; protocol %s; %s%s}",
			   service->want.port, service->want.tls == TLS_IMPLICIT ? " ssl" : "",
			   service->want.proxy_header ? " proxy_protocol" : "",
			   smtp ? "smtp" : protocol_name(service->want.protocol), files,
			   service->want.tls == TLS_STARTTLS		? "starttls only; "
			   : service->want.tls == TLS_STARTTLS_OPTIONAL ? "starttls on; "
									: "");
}

const struct server_kind nginx_server = {
	.kind = SOURCE_NGINX,
	.title = "nginx",
	.tool = "nginx.conf",
	.configs = { "/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf" },
	.signs = { SERVER_ENABLED("nginx"), "/run/nginx.pid" },
	.processes = { "nginx" },
	.protocols = MAIL,
	.by_choice = MAIL,
	.forwards = true,
	.unit = unit,
	.read = read_words,
	.remedy = remedy,
};
