// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/dovecot.h"

#include <string.h>

#include "base/text.h"
#include "intent/rendered/doveconf.h"
#include "intent/rendered/dovecot_socket.h"

static const char *unit(void)
{
	return "dovecot.service";
}

static int read_words(const struct server_words *words, struct rendering *ret,
		      struct complaints *complaints)
{
	return doveconf_parse(words->said[0], strlen(words->said[0]), words->path, ret, complaints);
}

/* A brace wants its own line: Dovecot does not read a block that is written on one. */
static int remedy(const struct server_traits *traits, const struct service *service, char *to,
		  size_t size)
{
	const struct well_known *known = well_known_port(service->want.port);
	bool enable = service->want.protocol == PROTOCOL_SUBMISSION &&
		      !(traits->serves & SERVER_CAN(PROTOCOL_SUBMISSION));

	return text_format(
		to, size, "%sservice %s {\n  inet_listener %s {\n    port = %u\n%s%s  }\n}",
		enable ? "protocols = $protocols submission\n" : "",
		doveconf_service_name(service->want.protocol),
		known && known->protocol == service->want.protocol ? known->name : service->name,
		service->want.port, service->want.tls == TLS_IMPLICIT ? "    ssl = yes\n" : "",
		service->want.proxy_header ? "    haproxy = yes\n" : "");
}

const struct server_kind dovecot_server = {
	.kind = SOURCE_DOVECOT,
	.title = "Dovecot",
	.tool = "doveconf",
	.programs = { "/usr/bin/doveconf", "/usr/local/bin/doveconf", "/usr/sbin/doveconf",
		      "/opt/dovecot/bin/doveconf" },
	.configs = { "/etc/dovecot/dovecot.conf", "/usr/local/etc/dovecot/dovecot.conf" },
	.signs = { SERVER_ENABLED("dovecot"),
		   "/etc/systemd/system/sockets.target.wants/dovecot.socket",
		   "/run/dovecot/master.pid" },
	/* systemd itself holds the ports of dovecot.socket */
	.processes = { "dovecot", "imap-login", "pop3-login", "submission-", "managesieve-", "lmtp",
		       "systemd" },
	.path_option = "-c",
	.questions = { { .args = { "-a", "-P" } } },
	.socket = DOVECOT_SOCKET_UNIT,
	.protocols = SERVER_CAN(PROTOCOL_SUBMISSION) | SERVER_CAN(PROTOCOL_IMAP) |
		     SERVER_CAN(PROTOCOL_POP3) | SERVER_CAN(PROTOCOL_SIEVE) |
		     SERVER_CAN(PROTOCOL_LMTP),
	.by_choice = SERVER_CAN(PROTOCOL_SUBMISSION),
	.chosen_by = 1u << SOURCE_MAILU,
	.unit = unit,
	.read = read_words,
	.read_socket = dovecot_socket_parse,
	.remedy = remedy,
};
