/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OCSP response that a server staples to its handshake (RFC 6066, 8; RFC 6960): is it about
 * this certificate, by its CA, of now, and what does it say? Pure. */
#ifndef STAPLE_H
#define STAPLE_H

#include <openssl/types.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

#include "model/answer.h"

#define STAPLE_REASON_SIZE 128

/* @der, @n: the response; none when @n <= 0. @chain: the server's certificate, its issuer, ...;
 * @roots decides who may sign. @now: Unix time. @reason: a clause, where the result is not none or
 * good. */
enum staple staple_check(const unsigned char *der, long n, STACK_OF(X509) * chain,
			 X509_STORE *roots, int64_t now, char reason[static STAPLE_REASON_SIZE]);

/* Whether the certificate may only be served with a staple (RFC 7633). */
bool staple_is_demanded(const X509 *x509);

#endif
