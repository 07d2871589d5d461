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

struct answer {
	bool complete;	      /* false: the prober could not do its job; that says nothing of the server */
	enum finding finding; /* FINDING_NONE: it works */
	char detail[ANSWER_DETAIL_SIZE]; /* the server's own words, OpenSSL's reason; printable UTF-8 */
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
};

#endif
