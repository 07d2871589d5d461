/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way in which clients of a port speak TLS, and the option that has a server speak it. Pure.
 * Mail programs are not asked by a server's configuration: they begin with TLS on 465, 993 and 995
 * (RFC 8314, 3.3 and 7.3), and in plain text on 25, 110, 143 and 587, whatever is served there. */
#ifndef TLS_MODE_H
#define TLS_MODE_H

#include <stdint.h>

#include "model/answer.h"
#include "probe/plan.h"

/* @said: what the server's configuration has. TLS_NONE stays, where clients begin in plain text. */
enum tls_mode tls_mode_of_clients(uint16_t port, enum tls_mode said);

/* A sentence: @seen, what clients do at @plan's port, and the option that makes the server do it
 * too, in the words of whoever has the port in his configuration. */
void tls_mode_explain(const struct probe_plan *plan, const char *seen,
		      char to[static ANSWER_DETAIL_SIZE]);

#endif
