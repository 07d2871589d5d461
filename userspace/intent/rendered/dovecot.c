// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/dovecot.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/doveconf.h"
#include "intent/rendered/dovecot_programs.h"
#include "intent/rendered/dovecot_socket.h"
#include "intent/rendered/hosts.h"

static const char *unit(void)
{
	return "dovecot.service";
}

enum { ASKED_ALL, ASKED_SET, ASKED_NAMES };

/* Only 2.4 keeps its built-in listeners back until it is asked by name. */
static bool is_24(const char *const said[])
{
	return doveconf_is_24(said[ASKED_ALL]);
}

static int read_words(const struct server_words *words, struct rendering *ret,
		      struct complaints *complaints)
{
	cleanup(memory_freep) struct dovecot_demands *demands = calloc(1, sizeof(*demands));
	cleanup(memory_freep) char *hosts = server_read_beside(words, "/etc/hosts", HOSTS_TEXT_MAX);
	bool is_new = is_24(words->said);
	const struct doveconf_text text = { .main = words->said[is_new ? ASKED_NAMES : ASKED_ALL],
					    .set = is_new ? words->said[ASKED_SET] : NULL,
					    .hosts = hosts };
	int r;

	if (!demands)
		return -ENOMEM;
	r = doveconf_parse(&text, words->path, ret, demands, complaints);
	if (r < 0)
		return r;
	ret->is_new_syntax = is_new;
	/* In a container these are other files, and another OpenSSL. */
	if (!words->inside)
		dovecot_demands_check(demands, words->path, ret->tls_on, complaints);
	return 0;
}

/* A brace wants its own line: Dovecot does not read a block that is written on one. */
static int remedy(const struct server_traits *traits, const struct service *service, char *to,
		  size_t size)
{
	const struct well_known *known = well_known_port(service->want.port);
	const char *enable = "", *name = service->name;

	if (!(traits->serves & SERVER_CAN(service->want.protocol)) &&
	    service->want.protocol == PROTOCOL_SUBMISSION)
		enable = traits->is_new_syntax ? "protocols {\n  submission = yes\n}\n"
					       : "protocols = $protocols submission\n";
	if (known && known->protocol == service->want.protocol)
		name = known->name;
	return text_format(
		to, size, "%sservice %s {\n  inet_listener %s {\n    port = %u\n%s%s  }\n}", enable,
		dovecot_program_of(service->want.protocol), name, service->want.port,
		service->want.tls == TLS_IMPLICIT ? "    ssl = yes\n"
		: traits->is_other_mode		  ? "    ssl = no\n"
						  : "",
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
	.questions = { [ASKED_ALL] = { .args = { "-a", "-P" } },
		       [ASKED_SET] = { .args = { "-n", "-P" }, .is_asked = is_24 },
		       [ASKED_NAMES] = { .args = { "-P", DOVECONF_NAMES }, .is_asked = is_24 } },
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
