// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/tls_mode.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "model/address.h"

static const uint16_t implicit_ports[] = { 465, 993, 995 };
static const uint16_t plain_ports[] = { 25, 110, 143, 587 };

static const struct {
	enum source_kind source;
	const char *implicit; /* has it begin with TLS */
	const char *plain;    /* has it not */
} options[] = {
	{ SOURCE_DOVECOT, "Dovecot: ssl = yes in its inet_listener",
	  "Dovecot: no ssl = yes in its inet_listener" },
	{ SOURCE_POSTFIX, "Postfix, master.cf: -o smtpd_tls_wrappermode=yes",
	  "Postfix, master.cf: no -o smtpd_tls_wrappermode=yes" },
	{ SOURCE_EXIM, "Exim: the port in tls_on_connect_ports",
	  "Exim: take the port out of tls_on_connect_ports" },
	{ SOURCE_OPENSMTPD, "OpenSMTPD: smtps in its listen line",
	  "OpenSMTPD: tls in place of smtps in its listen line" },
	{ SOURCE_NGINX, "nginx: ssl in its listen line",
	  "nginx: starttls on, and no ssl in its listen line" },
};

static bool is_among(const uint16_t *ports, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (ports[i] == port)
			return true;
	return false;
}

enum tls_mode tls_mode_of_clients(uint16_t port, enum tls_mode said)
{
	const struct well_known *well_known = well_known_port(port);

	if (is_among(implicit_ports, ARRAY_SIZE(implicit_ports), port))
		return TLS_IMPLICIT;
	if (said == TLS_IMPLICIT && is_among(plain_ports, ARRAY_SIZE(plain_ports), port))
		return well_known->tls;
	return said;
}

void tls_mode_explain(const struct probe_plan *plan, const char *seen,
		      char to[static ANSWER_DETAIL_SIZE])
{
	bool implicit = plan->tls == TLS_IMPLICIT, named = false;

	(void)text_format(to, ANSWER_DETAIL_SIZE, "%s; clients of this port %s; what helps: ", seen,
			  implicit ? "begin with TLS (RFC 8314)"
				   : "begin in plain text and ask for STARTTLS");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (!(plan->sources & UINT32_C(1) << options[i].source))
			continue;
		(void)text_append(to, ANSWER_DETAIL_SIZE, "%s%s", named ? "; " : "",
				  implicit ? options[i].implicit : options[i].plain);
		named = true;
	}
	if (!named)
		(void)text_append(to, ANSWER_DETAIL_SIZE,
				  implicit
					  ? "Dovecot's ssl = yes, Postfix's smtpd_tls_wrappermode, "
					    "Exim's tls_on_connect_ports, nginx's listen ... ssl"
					  : "none of Dovecot's ssl = yes, Postfix's "
					    "smtpd_tls_wrappermode, Exim's tls_on_connect_ports, "
					    "nginx's listen ... ssl");
}
