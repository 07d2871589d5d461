/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one server says, out of the answers to its questions, or why it says nothing. Private to
 * intent/. */
#ifndef SERVER_READ_H
#define SERVER_READ_H

#include "intent/rendered/intent_tools.h"

/* @inside: the container that it is in; 0: here. Returns 0, -EINVAL with an error in @complaints,
 * or -ENOMEM; release *@ret with rendering_clear(). */
int server_read(const struct rendered_server *server, const struct enter_process *inside,
		struct rendering *ret, struct complaints *complaints);

/* Whether systemd was asked about its socket unit; and what that opens, as server_read(). */
bool server_has_socket(const struct rendered_server *server);
int server_read_socket(const struct rendered_server *server, struct rendering *ret,
		       struct complaints *complaints);

#endif
