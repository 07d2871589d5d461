/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words that would open a port, for who is to write them. Pure. */
#ifndef INTENT_RENDER_H
#define INTENT_RENDER_H

#include <stddef.h>

#include "intent/merge/intent.h"

#define INTENT_RENDER_SIZE 1024

/* What an administrator would write, and where, to have @service opened: a block for Dovecot, lines
 * for Postfix's master.cf, the line for mailu.env. Several lines, no newline at the end. Returns 0,
 * -E2BIG with what fits, or -ENOENT, with
 * @to empty, when no source here could open it. */
int intent_render_line(const struct intent *intent, const struct service *service, char *to,
		       size_t size);

#endif
