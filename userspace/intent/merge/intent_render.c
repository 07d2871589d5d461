// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/intent.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "intent/merge/left_out.h"
#include "intent/rendered/doveconf.h"

static int render_mailu(const struct intent *intent, const struct service *service, char *to,
			size_t size)
{
	switch (service->want.port) {
	case 110:
	case 143:
	case 587:
		return text_format(to, size, "add %u to PORTS in mailu.env (PORTS=%s%s%u)",
				   service->want.port, intent->mailu_ports,
				   *intent->mailu_ports ? "," : "", service->want.port);
	default:
		return text_format(
			to, size,
			"mailu.env needs nothing for %u but TLS_FLAVOR other than notls and its "
			"certificate files; see the log of Mailu's front container",
			service->want.port);
	}
}

/* A brace wants its own line: Dovecot does not read a block that is written on one. */
static int render_dovecot(const struct intent *intent, const struct service *service, char *to,
			  size_t size)
{
	const struct well_known *known = well_known_port(service->want.port);
	bool enable =
		service->want.protocol == PROTOCOL_SUBMISSION && !intent->dovecot_has_submission;

	return text_format(
		to, size, "%sservice %s {\n  inet_listener %s {\n    port = %u\n%s%s  }\n}",
		enable ? "protocols = $protocols submission\n" : "",
		doveconf_service_name(service->want.protocol),
		known && known->protocol == service->want.protocol ? known->name : service->name,
		service->want.port, service->want.tls == TLS_IMPLICIT ? "    ssl = yes\n" : "",
		service->want.proxy_header ? "    haproxy = yes\n" : "");
}

/* master.cf knows 465 by several names, and not everywhere by the same; a number always works. */
static int render_postfix(const struct service *service, char *to, size_t size)
{
	bool client = service->want.protocol == PROTOCOL_SUBMISSION;
	const char *tls = service->want.tls == TLS_IMPLICIT ? "\n  -o smtpd_tls_wrappermode=yes"
			  : service->want.tls == TLS_STARTTLS
				  ? "\n  -o smtpd_tls_security_level=encrypt"
				  : "";

	return text_format(
		to, size, "in Postfix's master.cf:\n%u inet n - y - - smtpd%s%s%s",
		service->want.port, tls, client ? "\n  -o smtpd_sasl_auth_enable=yes" : "",
		service->want.proxy_header ? "\n  -o smtpd_upstream_proxy_protocol=haproxy" : "");
}

static int render_exim(const struct service *service, char *to, size_t size)
{
	return text_format(
		to, size,
		"add %u to daemon_smtp_ports%s in Exim's configuration, or to -oX where its "
		"command line has one",
		service->want.port,
		service->want.tls == TLS_IMPLICIT ? " and to tls_on_connect_ports" : "");
}

static int render_smtpd(const struct service *service, char *to, size_t size)
{
	return text_format(to, size, "in smtpd.conf: listen on all port %u%s%s", service->want.port,
			   service->want.tls == TLS_IMPLICIT   ? " smtps pki NAME"
			   : service->want.tls == TLS_STARTTLS ? " tls-require pki NAME"
			   : service->want.tls == TLS_NONE     ? ""
							       : " tls pki NAME",
			   service->want.protocol == PROTOCOL_SUBMISSION ? " auth" : "");
}

static int render_nginx(const struct service *service, char *to, size_t size)
{
	bool smtp = service->want.protocol == PROTOCOL_SMTP ||
		    service->want.protocol == PROTOCOL_SUBMISSION;

	return text_format(to, size,
			   "in nginx's mail { }: server { listen %u%s%s; protocol %s; %s}",
			   service->want.port, service->want.tls == TLS_IMPLICIT ? " ssl" : "",
			   service->want.proxy_header ? " proxy_protocol" : "",
			   smtp ? "smtp" : protocol_name(service->want.protocol),
			   service->want.tls == TLS_STARTTLS		? "starttls only; "
			   : service->want.tls == TLS_STARTTLS_OPTIONAL ? "starttls on; "
									: "");
}

static bool is_read(const struct intent *intent, enum source_kind kind)
{
	return intent->rendered & 1u << kind;
}

/* One who delivers mail takes it in, too: Dovecot's submission is for those who turned it on, or
 * have no other. */
static int render_smtp(const struct intent *intent, const struct service *service, char *to,
		       size_t size)
{
	if (is_read(intent, SOURCE_POSTFIX))
		return render_postfix(service, to, size);
	if (is_read(intent, SOURCE_EXIM))
		return render_exim(service, to, size);
	if (is_read(intent, SOURCE_OPENSMTPD))
		return render_smtpd(service, to, size);
	return -ENOENT;
}

int intent_render_line(const struct intent *intent, const struct service *service, char *to,
		       size_t size)
{
	bool mailu =
		service->provenance.sources & 1u << SOURCE_MAILU || left_out_is(intent, service);

	/* The policy speaks for the source that has TLS on; of two, the declared one is to be
	 * changed. */
	if (service->provenance.sources & 1u << SOURCE_POLICY &&
	    !(service->provenance.sources & 1u << SOURCE_DOVECOT))
		mailu = true;
	if (mailu && intent->declared & 1u << SOURCE_MAILU)
		return render_mailu(intent, service, to, size);
	if (service->want.protocol == PROTOCOL_SMTP ||
	    (service->want.protocol == PROTOCOL_SUBMISSION && !intent->dovecot_has_submission)) {
		int r = render_smtp(intent, service, to, size);

		if (r != -ENOENT)
			return r;
	}
	if (intent->has_dovecot && doveconf_service_name(service->want.protocol))
		return render_dovecot(intent, service, to, size);
	if (is_read(intent, SOURCE_NGINX) && service->want.protocol != PROTOCOL_LMTP &&
	    service->want.protocol != PROTOCOL_SIEVE && service->want.protocol != PROTOCOL_HTTPS)
		return render_nginx(service, to, size);
	to[0] = '\0';
	return -ENOENT;
}
