// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/finding.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	enum severity severity;
	enum verdict verdict; /* of a service with nothing worse */
	enum { OF_CONVERSATION, OF_LISTENER, OF_CERTIFICATE } of;
	const char *text;
} findings[FINDING_COUNT] = {
	[FINDING_NONE] = { "", SEVERITY_NONE, VERDICT_UP, OF_CONVERSATION, "nothing is wrong" },
	[FINDING_MISSING] = { "missing", SEVERITY_CRITICAL, VERDICT_DOWN, OF_LISTENER,
			      "nobody listens" },
	[FINDING_WRONG_ADDRESS] = { "wrong-address", SEVERITY_CRITICAL, VERDICT_DOWN, OF_LISTENER,
				    "somebody listens, but not on every expected address" },
	[FINDING_FOREIGN_OWNER] = { "foreign-owner", SEVERITY_CRITICAL, VERDICT_DOWN, OF_LISTENER,
				    "a process of another unit or container holds the port" },
	[FINDING_NOT_ACCEPTING] = { "not-accepting", SEVERITY_CRITICAL, VERDICT_DOWN,
				    OF_CONVERSATION, "clients arrive and nobody accepts them" },
	[FINDING_UNREACHABLE] = { "unreachable", SEVERITY_CRITICAL, VERDICT_DOWN, OF_CONVERSATION,
				  "the connection fails" },
	[FINDING_NO_GREETING] = { "no-greeting", SEVERITY_CRITICAL, VERDICT_DOWN, OF_CONVERSATION,
				  "the connection is taken but the server says nothing" },
	[FINDING_CLOSED_EARLY] = { "closed-early", SEVERITY_CRITICAL, VERDICT_DOWN, OF_CONVERSATION,
				   "the server cuts the conversation off" },
	[FINDING_REFUSED] = { "refused", SEVERITY_CRITICAL, VERDICT_DOWN, OF_CONVERSATION,
			      "the server turns the client away" },
	[FINDING_PROXY_HEADER_REQUIRED] = { "proxy-header-required", SEVERITY_WARNING,
					    VERDICT_DEGRADED, OF_CONVERSATION,
					    "the server talks only after a PROXY protocol header" },
	[FINDING_STARTTLS_NOT_OFFERED] = { "starttls-not-offered", SEVERITY_CRITICAL, VERDICT_DOWN,
					   OF_CONVERSATION, "the server does not offer STARTTLS" },
	[FINDING_STARTTLS_REFUSED] = { "starttls-refused", SEVERITY_CRITICAL, VERDICT_DOWN,
				       OF_CONVERSATION, "the server refuses STARTTLS" },
	[FINDING_TLS_HANDSHAKE_FAILED] = { "tls-handshake-failed", SEVERITY_CRITICAL, VERDICT_DOWN,
					   OF_CONVERSATION, "the TLS handshake fails" },
	[FINDING_TLS_TOO_OLD] = { "tls-too-old", SEVERITY_CRITICAL, VERDICT_DOWN, OF_CONVERSATION,
				  "the server speaks only outdated TLS versions" },
	[FINDING_CERTIFICATE_EXPIRED] = { "certificate-expired", SEVERITY_CRITICAL, VERDICT_DOWN,
					  OF_CERTIFICATE, "the certificate has expired" },
	[FINDING_CERTIFICATE_NOT_YET_VALID] = { "certificate-not-yet-valid", SEVERITY_CRITICAL,
						VERDICT_DOWN, OF_CERTIFICATE,
						"the certificate is not valid yet" },
	[FINDING_CERTIFICATE_NAME_MISMATCH] = { "certificate-name-mismatch", SEVERITY_CRITICAL,
						VERDICT_DOWN, OF_CERTIFICATE,
						"the certificate is for another name" },
	[FINDING_CERTIFICATE_UNTRUSTED] = { "certificate-untrusted", SEVERITY_CRITICAL,
					    VERDICT_DOWN, OF_CERTIFICATE,
					    "clients do not trust the certificate" },
	[FINDING_CERTIFICATE_EXPIRING] = { "certificate-expiring", SEVERITY_WARNING,
					   VERDICT_DEGRADED, OF_CERTIFICATE,
					   "the certificate ends soon" },
	[FINDING_CERTIFICATE_STALE] = { "certificate-stale", SEVERITY_WARNING, VERDICT_DEGRADED,
					OF_CERTIFICATE,
					"the certificate on disk is another than the one served" },
	[FINDING_AUTH_BEFORE_TLS] = { "auth-before-tls", SEVERITY_CRITICAL, VERDICT_DEGRADED,
				      OF_CONVERSATION, "passwords are asked for in plain text" },
	[FINDING_COMMAND_INJECTION] = { "command-injection", SEVERITY_CRITICAL, VERDICT_DEGRADED,
					OF_CONVERSATION,
					"commands sent before TLS are obeyed inside it" },
	[FINDING_RESPONSE_INJECTION] = { "response-injection", SEVERITY_CRITICAL, VERDICT_DOWN,
					 OF_CONVERSATION,
					 "plain text follows the go-ahead for TLS" },
	[FINDING_AUTH_NOT_OFFERED] = { "auth-not-offered", SEVERITY_WARNING, VERDICT_DEGRADED,
				       OF_CONVERSATION, "nobody can log in after TLS" },
	[FINDING_SURPLUS] = { "surplus", SEVERITY_WARNING, VERDICT_DEGRADED, OF_CONVERSATION,
			      "no source expects this listener" },
	[FINDING_BUSY] = { "busy", SEVERITY_WARNING, VERDICT_DEGRADED, OF_CONVERSATION,
			   "the server lives, but turns clients away for now" },
	[FINDING_CERTIFICATE_WEAK] = { "certificate-weak", SEVERITY_CRITICAL, VERDICT_DOWN,
				       OF_CERTIFICATE, "clients refuse so weak a certificate" },
	[FINDING_CERTIFICATE_REVOKED] = { "certificate-revoked", SEVERITY_CRITICAL, VERDICT_DOWN,
					  OF_CERTIFICATE, "the CA has revoked the certificate" },
	[FINDING_OCSP_STAPLE_MISSING] = { "ocsp-staple-missing", SEVERITY_CRITICAL, VERDICT_DOWN,
					  OF_CONVERSATION,
					  "the certificate demands a valid OCSP staple, and there "
					  "is none" },
	[FINDING_OCSP_STAPLE_INVALID] = { "ocsp-staple-invalid", SEVERITY_WARNING, VERDICT_DEGRADED,
					  OF_CONVERSATION,
					  "the OCSP staple that is served is of no use" },
	[FINDING_DANE_MISMATCH] = { "dane-mismatch", SEVERITY_CRITICAL, VERDICT_DOWN,
				    OF_CONVERSATION,
				    "the certificate does not match the TLSA records" },
	[FINDING_WRONG_TLS_MODE] = { "wrong-tls-mode", SEVERITY_CRITICAL, VERDICT_DOWN,
				     OF_CONVERSATION,
				     "clients of this port speak TLS in another way" },
	[FINDING_CERTIFICATE_UNVERIFIED] = { "certificate-unverified", SEVERITY_WARNING,
					     VERDICT_DEGRADED, OF_CERTIFICATE,
					     "who verifies the certificate of this port would not "
					     "take it" },
	[FINDING_SOURCE_UNREADABLE] = { "source-unreadable", SEVERITY_WARNING, VERDICT_UNKNOWN,
					OF_CONVERSATION, "what this source says is not known" },
};

static const char *const causes[CAUSE_COUNT] = {
	[CAUSE_NONE] = "",
	[CAUSE_NOT_CONFIGURED] = "not-configured",
	[CAUSE_NOT_STARTED] = "not-started",
	[CAUSE_BIND_FAILED] = "bind-failed",
	[CAUSE_OWNER_CRASHED] = "owner-crashed",
	[CAUSE_OWNER_OOM_KILLED] = "owner-oom-killed",
	[CAUSE_OWNER_EXITED] = "owner-exited",
	[CAUSE_CLOSED_BY_OWNER] = "closed-by-owner",
	[CAUSE_UNIT_STOPPED] = "unit-stopped",
	[CAUSE_UNIT_FAILED] = "unit-failed",
	[CAUSE_CONTAINER_STOPPED] = "container-stopped",
	[CAUSE_CONTAINER_EXITED] = "container-exited",
	[CAUSE_CONTAINER_GONE] = "container-gone",
	[CAUSE_UNKNOWN] = "unknown",
};

static const char *const verdicts[VERDICT_COUNT] = {
	[VERDICT_UNKNOWN] = "unknown",
	[VERDICT_UP] = "up",
	[VERDICT_DEGRADED] = "degraded",
	[VERDICT_DOWN] = "down",
};

const char *finding_name(enum finding finding)
{
	return findings[finding].name;
}

enum severity finding_severity(enum finding finding)
{
	return findings[finding].severity;
}

enum verdict finding_verdict(enum finding finding)
{
	return findings[finding].verdict;
}

bool finding_is_of_listener(enum finding finding)
{
	return findings[finding].of == OF_LISTENER;
}

bool finding_is_of_certificate(enum finding finding)
{
	return findings[finding].of == OF_CERTIFICATE;
}

const char *finding_text(enum finding finding)
{
	return findings[finding].text;
}

const char *cause_name(enum cause cause)
{
	return causes[cause];
}

const char *verdict_name(enum verdict verdict)
{
	return verdicts[verdict];
}

const char *severity_name(enum severity severity)
{
	switch (severity) {
	case SEVERITY_NONE:
		return "none";
	case SEVERITY_NOTICE:
		return "notice";
	case SEVERITY_WARNING:
		return "warning";
	case SEVERITY_CRITICAL:
		return "critical";
	}
	return "";
}

int finding_parse(const char *name, enum finding *ret)
{
	for (int i = 0; i < FINDING_COUNT; i++)
		if (strcmp(findings[i].name, name) == 0) {
			*ret = (enum finding)i;
			return 0;
		}
	return -EINVAL;
}

int cause_parse(const char *name, enum cause *ret)
{
	for (int i = 0; i < CAUSE_COUNT; i++)
		if (strcmp(causes[i], name) == 0) {
			*ret = (enum cause)i;
			return 0;
		}
	return -EINVAL;
}

int verdict_parse(const char *name, enum verdict *ret)
{
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (strcmp(verdicts[i], name) == 0) {
			*ret = (enum verdict)i;
			return 0;
		}
	return -EINVAL;
}
