/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moves bytes between a non-blocking socket and its conversation. */
#ifndef PUMP_H
#define PUMP_H

#include <stdint.h>

#include "probe/wire/conversation.h"

/* What to wait for before the next pump(): POLLIN, POLLOUT or both (the same bits as epoll's). */
uint32_t pump_events(struct conversation *c);

/* @fd is ready in some way. Does a bounded piece of work. When the conversation is done it has made
 * its one try to say goodbye, and @fd can be closed. */
void pump(struct conversation *c, int fd, uint64_t now_usec);

/* conversation_timeout(), and the goodbye. */
void pump_timeout(struct conversation *c, int fd, uint64_t now_usec);

#endif
