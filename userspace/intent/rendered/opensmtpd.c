// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/opensmtpd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/netservices.h"
#include "intent/rendered/smtpd_conf.h"

static const char *unit(void)
{
	return access("/lib/systemd/system/smtpd.service", F_OK) == 0 ? "smtpd.service"
								      : "opensmtpd.service";
}

static int read_words(const struct server_words *words, struct rendering *ret,
		      struct complaints *complaints)
{
	cleanup(memory_freep) char *services =
		server_read_beside(words, "/etc/services", NETSERVICES_TEXT_MAX);
	cleanup(memory_freep) char *text = NULL;
	int r = server_read_files(words, &text, complaints);

	return r < 0 ? r
		     : smtpd_conf_parse(text, strlen(text), services, words->path, ret, complaints);
}

static int remedy(const struct server_traits *traits, const struct service *service, char *to,
		  size_t size)
{
	const char *pki = *traits->pki ? traits->pki : "NAME";
	const char *tls = service->want.tls == TLS_IMPLICIT   ? " smtps pki "
			  : service->want.tls == TLS_STARTTLS ? " tls-require pki "
							      : " tls pki ";
	bool plain = service->want.tls == TLS_NONE;

	(void)text_copy(to, size, "in smtpd.conf:");
	/* A name has to be known before it is used. */
	if (!plain && !*traits->pki)
		(void)text_append(to, size,
				  "\npki NAME cert \"/its/certificate.pem\"\n"
				  "pki NAME key \"/its/key.pem\"");
	/* On Linux it refuses "all". */
	return text_append(to, size, "\nlisten on 0.0.0.0 port %u%s%s%s", service->want.port,
			   plain ? "" : tls, plain ? "" : pki,
			   service->want.protocol == PROTOCOL_SUBMISSION ? " auth" : "");
}

const struct server_kind opensmtpd_server = {
	.kind = SOURCE_OPENSMTPD,
	.title = "OpenSMTPD",
	.tool = "smtpd.conf",
	.configs = { "/etc/smtpd.conf", "/etc/mail/smtpd.conf", "/etc/opensmtpd/smtpd.conf" },
	.signs = { SERVER_ENABLED("opensmtpd"), SERVER_ENABLED("smtpd"), "/run/smtpd.sock" },
	.processes = { "smtpd" },
	.path_option = "-f",
	.questions = { { .args = { "-n" }, .checker = "/usr/sbin/smtpd" } },
	.protocols = SERVER_CAN(PROTOCOL_SMTP) | SERVER_CAN(PROTOCOL_SUBMISSION),
	.unit = unit,
	.read = read_words,
	.remedy = remedy,
};
