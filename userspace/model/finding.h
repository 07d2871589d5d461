/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings, causes, verdicts: one table of stable names, severities and texts. Pure.
 * Of equal severity, the earlier is the graver; a certificate comes behind what ends a
 * conversation. The names are a contract with users (docs/events.md); add, never rename. */
#ifndef FINDING_H
#define FINDING_H

#include <stdbool.h>

enum finding {
	FINDING_NONE,
	FINDING_MISSING,
	FINDING_WRONG_ADDRESS,
	FINDING_FOREIGN_OWNER,
	FINDING_NOT_ACCEPTING,
	FINDING_UNREACHABLE,
	FINDING_NO_GREETING,
	FINDING_CLOSED_EARLY,
	FINDING_REFUSED,
	FINDING_PROXY_HEADER_REQUIRED,
	FINDING_STARTTLS_NOT_OFFERED,
	FINDING_STARTTLS_REFUSED,
	FINDING_TLS_HANDSHAKE_FAILED,
	FINDING_TLS_TOO_OLD,
	FINDING_CERTIFICATE_EXPIRED,
	FINDING_CERTIFICATE_NOT_YET_VALID,
	FINDING_CERTIFICATE_NAME_MISMATCH,
	FINDING_CERTIFICATE_UNTRUSTED,
	FINDING_CERTIFICATE_EXPIRING,
	FINDING_CERTIFICATE_STALE,
	FINDING_AUTH_BEFORE_TLS,
	FINDING_COMMAND_INJECTION,
	FINDING_RESPONSE_INJECTION,
	FINDING_AUTH_NOT_OFFERED,
	FINDING_SURPLUS,
	FINDING_BUSY,
	FINDING_CERTIFICATE_WEAK,
	FINDING_CERTIFICATE_REVOKED,
	FINDING_OCSP_STAPLE_MISSING,
	FINDING_OCSP_STAPLE_INVALID,
	FINDING_DANE_MISMATCH,
	FINDING_WRONG_TLS_MODE,
	FINDING_CERTIFICATE_UNVERIFIED,
	FINDING_SOURCE_UNREADABLE, /* of a source, not of a service */
	FINDING_COUNT,
};

enum cause { /* of FINDING_MISSING; CAUSE_BIND_FAILED also of a foreign owner or a wrong address */
	     CAUSE_NONE,
	     CAUSE_NOT_CONFIGURED,
	     CAUSE_NOT_STARTED,
	     CAUSE_BIND_FAILED,
	     CAUSE_OWNER_CRASHED,
	     CAUSE_OWNER_OOM_KILLED,
	     CAUSE_OWNER_EXITED,
	     CAUSE_CLOSED_BY_OWNER,
	     CAUSE_UNIT_STOPPED,
	     CAUSE_UNIT_FAILED,
	     CAUSE_CONTAINER_STOPPED,
	     CAUSE_CONTAINER_EXITED,
	     CAUSE_CONTAINER_GONE,
	     CAUSE_UNKNOWN,
	     CAUSE_COUNT,
};

/* A notice is shown, and told once: it makes no verdict, no exit code and no incident. No finding
 * is one by nature; where it is asked makes it one. */
enum severity { SEVERITY_NONE, SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_CRITICAL };

enum verdict { VERDICT_UNKNOWN, VERDICT_UP, VERDICT_DEGRADED, VERDICT_DOWN, VERDICT_COUNT };

const char *finding_name(enum finding finding); /* "starttls-not-offered"; "" for none */
enum severity finding_severity(enum finding finding);
/* Of a service with nothing worse. Whoever lets clients in by an unsafe door still lets them in:
 * critical, and yet no outage. */
enum verdict finding_verdict(enum finding finding);
/* Who listens is wrong, not what is said. */
bool finding_is_of_listener(enum finding finding);
/* What a certificate can have: another one, that is on disk already, ends it. */
bool finding_is_of_certificate(enum finding finding);
const char *finding_text(enum finding finding);	   /* what it means, a clause for a sentence */
const char *cause_name(enum cause cause);	   /* "owner-crashed" */
const char *verdict_name(enum verdict verdict);	   /* "up" */
const char *severity_name(enum severity severity); /* "critical", "warning", "notice" */

/* The names backwards; "" is none. Return 0 or -EINVAL. */
int finding_parse(const char *name, enum finding *ret);
int cause_parse(const char *name, enum cause *ret);
int verdict_parse(const char *name, enum verdict *ret);

#endif
