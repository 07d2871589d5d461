/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a finished handshake shows: version, cipher, key exchange, the certificate and all that is
 * wrong with it: its chain, name, dates and strength, pins, TLSA records, the OCSP staple. Pure.
 *
 * - A pin stands for the chain to a CA, and for nothing else: name and dates still count. Where
 * there are pins, one has to match, whatever the CAs say.
 * - A TLSA record has its own verdict, dane-mismatch. On port 25's protocol, where the clients are
 * servers that check DANE or nothing (RFC 7672), a match also stands for the chain (DANE-TA), and
 * for name and dates too (DANE-EE, RFC 7672, 3.1.1). For people's mail programs it stands for
 * nothing.
 * - What is wrong weighs as much as who comes to the port makes of it: plan.h, enum scrutiny. A key
 * so weak that handshakes fail, and TLSA records that do not match, keep clients out everywhere. */
#ifndef INSPECT_H
#define INSPECT_H

#include "model/answer.h"
#include "probe/plan.h"
#include "probe/tls/tls.h"

/* Both after TLS_DONE, and both add to @answer. */
void inspect_handshake(const struct tls *tls, struct answer *answer);
void inspect_certificate(const struct tls *tls, const struct probe_plan *plan, int64_t now,
			 struct answer *answer);

#endif
