/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ports that systemd opens for Dovecot, out of "systemctl show dovecot.socket -p Listen". Pure.
 * Dovecot closes what its own configuration does not open. */
#ifndef DOVECOT_SOCKET_H
#define DOVECOT_SOCKET_H

#include "intent/rendered/rendering.h"

#define DOVECOT_SOCKET_UNIT "dovecot.socket"

/* Returns 0 or -ENOMEM; release *@ret with rendering_clear(). */
int dovecot_socket_parse(const char *text, struct rendering *ret, struct complaints *complaints);

#endif
