/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the signal that ended a server says of why: whether its operator wanted that. Pure. */
#ifndef SENT_H
#define SENT_H

#include "model/fact.h"

/* Whether whoever serves the port was told to end by its operator: by its own command ("doveadm
 * stop") or whatever manages it, by a person at a shell, or by systemd for one of these, where
 * @unit then has ended well. What is no polite way to end a server is a fault all the same, as it
 * is for systemd: a unit that is killed has failed. */
bool sent_by_operator(const struct task_end *end, const struct unit_word *unit);

/* Whether it was told to end by somebody who is neither its operator nor systemd. */
bool sent_by_stranger(const struct task_end *end, const struct unit_word *unit);

/* "SIGTERM by earlyoom (pid 812, earlyoom.service)"; there must be one. */
void sent_show(const struct signal_sent *sent, char *to, size_t size);

#endif
