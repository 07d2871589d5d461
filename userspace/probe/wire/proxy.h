/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header of the PROXY protocol that a server behind a load balancer wants to hear first, in the
 * form that speaks for nobody else ("UNKNOWN", "LOCAL"): a health check. And the signs that one is
 * wanted. Pure. */
#ifndef PROXY_H
#define PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "model/answer.h"
#include "model/service.h"

#define PROXY_BYTES_MAX 16

/* The bytes to say before all else; *@ret_n is 0 for PROXY_HEADER_NO. */
const char *proxy_bytes(enum proxy_header header, size_t *ret_n);

/* Without a header the server was silent, cut us off or sent us away: with one it might talk. */
bool proxy_may_help(const struct answer *answer);

/* With the header it greets, and TLS comes about as far as @tls wants it: whatever is wrong now is
 * something else. A server that needs no header may greet behind one, and then refuse STARTTLS. */
bool proxy_has_helped(const struct answer *answer, enum tls_mode tls);

/* Turns the answer that was had with an unasked-for header into the finding; @option is what to
 * set. What is graver stays. */
void proxy_explain(struct answer *answer, const char *option);

#endif
