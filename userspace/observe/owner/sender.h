/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose process sent a signal: what his unit or container says of why he did. */
#ifndef SENDER_H
#define SENDER_H

#include <stdbool.h>

#include "model/listener.h"
#include "observe/owner/cgroup_path.h"

#define SENDER_SESSIONS "/run/systemd/sessions"

/* Enters @owner, whose the sender is, into @sent (its command, pid and uid are there), as seen from
 * the server behind @listener. @sessions: where logind keeps what it knows of sessions: those of
 * cron are nobody's who sits there. */
void sender_enter(const struct owner *owner, bool is_manager, const struct listener *listener,
		  const char *sessions, struct signal_sent *sent);

#endif
