/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server's certificate against TLSA records, as a sending mail server checks it (RFC 7672): by
 * OpenSSL, and apart from the handshake, so that CAs and DANE have a verdict each. */
#ifndef DANE_H
#define DANE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/trust.h"

#define DANE_REASON_SIZE 192

/* @chain: as the server sent it. @server_name: what a DANE-TA certificate must be for; empty:
 * anything. Returns the usage of the record that matches (2 or 3), 0 with a @reason when none does,
 * or -ENOMEM.
 * *@ret_no_match: no record is that of any certificate; else what one of them stands for has a
 * fault. */
int dane_check(const struct trust *trust, STACK_OF(X509) * chain, const char *server_name,
	       int64_t now, bool *ret_no_match, char reason[static DANE_REASON_SIZE]);

#endif
