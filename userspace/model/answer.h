/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one conversation found out, in a record of fixed size: it crosses from the prober process to
 * the daemon as bytes. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "finding.h"

#define ANSWER_DETAIL_SIZE 256
#define ANSWER_NAME_SIZE   256

#define ANSWER_FINDINGS_MAX 6 /* one more pushes the last of the least grave out */

struct answer_finding {
	enum finding finding;
	char detail[ANSWER_DETAIL_SIZE]; /* the server's own words, OpenSSL's reason; printable UTF-8 */
};

struct answer {
	bool complete;	      /* false: the prober could not do its job; that says nothing of the server */
	enum finding finding; /* the gravest, of equals the first; FINDING_NONE: it works */
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
	struct answer_finding findings[ANSWER_FINDINGS_MAX]; /* all, the gravest first */
};

/* Adds a finding, unless it is there already, and rewrites ->finding and ->detail. @detail may be
 * anything: what is not printable becomes '?'. FINDING_NONE is not added. */
void answer_add(struct answer *answer, enum finding finding, const char *detail);

/* Adds what @from found to @to; all else in @to stays. */
void answer_merge(struct answer *to, const struct answer *from);

/* Makes a record that came from outside safe to read: texts end and are printable. Returns false
 * when it cannot be an answer at all. */
bool answer_clean(struct answer *answer);

#endif
