/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a certificate says of itself, and whether it is within its dates. Pure. */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/answer.h"
#include "model/trust.h"

struct certificate {
	char subject[ANSWER_NAME_SIZE]; /* "CN=mail.example.org" (RFC 2253), printable */
	char issuer[ANSWER_NAME_SIZE];
	char names[ANSWER_NAME_SIZE]; /* the DNS names and addresses it is for, separated by ", " */
	int64_t not_before;	      /* Unix time */
	int64_t not_after;
	char key[32];	    /* "EC P-256" */
	char signature[48]; /* "ecdsa-with-SHA256" */
	uint8_t fingerprint[SHA256_SIZE];
	uint8_t spki[SHA256_SIZE];
};

/* Returns 0, -EBADMSG when its dates make no sense, or -ENOMEM. */
int certificate_read(X509 *x509, struct certificate *ret);

/* FINDING_NONE, or one of expired, not-yet-valid, and expiring when it ends within @warn_usec. */
enum finding certificate_judge(const struct certificate *certificate, int64_t now,
			       uint64_t warn_usec);

/* Whether they could be two issues of one certificate: a name that both are for, or the same
 * subject. */
bool certificate_is_akin(const struct certificate *a, const struct certificate *b);

/* "RSA 2048", "EC P-256", "Ed25519", "X25519", "DH 2048". */
void certificate_show_key(const EVP_PKEY *key, char *to, size_t size);

/* "valid from 2026-01-01 00:00 to 2026-03-31 00:00 UTC, CN=a, issued by CN=b" */
void certificate_show(const struct certificate *certificate, char *to, size_t size);

#endif
