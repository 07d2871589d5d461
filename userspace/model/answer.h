/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one conversation found out, in a record of fixed size: it crosses from the prober process to
 * the daemon as bytes. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/finding.h"
#include "model/trust.h"

#define ANSWER_DETAIL_SIZE 256
#define ANSWER_NAME_SIZE   256

#define ANSWER_NOTICES_MAX  4
#define ANSWER_FINDINGS_MAX 6 /* one more pushes the last of the least grave out */

struct answer_finding {
	enum finding finding;
	char detail[ANSWER_DETAIL_SIZE]; /* the server's own words, OpenSSL's reason; printable
					    UTF-8 */
};

enum staple { /* OCSP response that came with the handshake (RFC 6066, 8) */
	      STAPLE_NONE,
	      STAPLE_GOOD,
	      STAPLE_REVOKED,
	      STAPLE_UNKNOWN, /* the CA does not know the certificate */
	      STAPLE_EXPIRED, /* or not valid yet */
	      STAPLE_INVALID, /* not by the CA, about another certificate, or no response at all */
	      STAPLE_COUNT,
};

enum dane { /* TLSA records */
	    DANE_NOT_ASKED,
	    DANE_MATCH,
	    DANE_MISMATCH,
	    DANE_COUNT,
};

struct answer {
	bool complete; /* false: the prober could not do its job; that says nothing of the server */
	enum finding finding;		 /* the gravest; FINDING_NONE: it works */
	char detail[ANSWER_DETAIL_SIZE]; /* its detail, and what else was found; incomplete: why */
	char tls_version[16];		 /* "TLSv1.3"; empty when TLS was not reached */
	char cipher[64];
	char subject[ANSWER_NAME_SIZE];
	char issuer[ANSWER_NAME_SIZE];
	int64_t not_before; /* Unix time; 0 when no certificate was seen */
	int64_t not_after;
	uint64_t connect_usec; /* how long each phase took; 0 when not reached */
	uint64_t greeting_usec;
	uint64_t tls_usec;
	uint64_t total_usec;
	uint32_t n_findings;
	struct answer_finding
		findings[ANSWER_FINDINGS_MAX]; /* all: by severity, then as enum finding */
	uint32_t n_notices;
	struct answer_finding notices[ANSWER_NOTICES_MAX]; /* what is no fault here; in the order
							      found, further ones are dropped */
	char tls_group[32]; /* of the key exchange: "X25519", "P-256", "DH 2048"; empty: plain RSA
			     */
	char names[ANSWER_NAME_SIZE]; /* subjectAltName: DNS names and addresses, separated by ", "
				       */
	char key[32];		      /* "RSA 2048", "EC P-256", "Ed25519" */
	char signature[48];	      /* "ecdsa-with-SHA256" */
	uint8_t fingerprint[SHA256_SIZE]; /* of the certificate; meaningful when not_after is */
	uint8_t spki[SHA256_SIZE];	  /* of its public key */
	uint8_t chain_length;		  /* certificates that the server sent */
	bool client_certificate_asked;
	enum staple staple;
	enum dane dane;
};

/* Adds a finding, unless it is there already, and rewrites ->finding and ->detail. @detail may be
 * anything: what is not printable becomes '?'. FINDING_NONE is not added. */
void answer_add(struct answer *answer, enum finding finding, const char *detail);

/* Adds what would be @finding elsewhere, and is no fault here; not the same twice. */
void answer_notice(struct answer *answer, enum finding finding, const char *detail);

/* Adds what @from found and noticed to @to; all else in @to stays. */
void answer_merge(struct answer *to, const struct answer *from);

/* The same server, asked as @name, answered @from: adds what that found, each with the name, to
 * what is there of the same finding too. */
void answer_merge_named(struct answer *to, const struct answer *from, const char *name);

/* Makes a record that came from outside safe to read: texts end and are printable. Returns false
 * when it cannot be an answer at all. */
bool answer_clean(struct answer *answer);

const char *staple_name(enum staple staple); /* "none", "good" ... */
const char *dane_name(enum dane dane);	     /* "not-asked", "match", "mismatch" */

#endif
