/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A conversation's way from step to step. */
#ifndef COURSE_H
#define COURSE_H

#include <stdint.h>

#include "probe/wire/conversation_state.h"

/* Does what the dialogue says comes next. */
void course_step(struct conversation *c, enum dialogue_result result, uint64_t now_usec);

/* One line of the server's, in plain text or inside TLS. */
void course_hear(struct conversation *c, const char *line, uint64_t now_usec);

/* Goes on with the handshake, as far as the bytes that came allow. */
void course_handshake(struct conversation *c, uint64_t now_usec);

/* Says hello as if this were a port for TLS from the first byte: the server was silent, and nothing
 * can be lost any more. Its answer, if any, is heard in STATE_LAST_TRY. */
void course_try_tls(struct conversation *c, uint64_t now_usec);

#endif
