/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dovecot, as a kind of server. */
#ifndef DOVECOT_H
#define DOVECOT_H

#include "intent/rendered/server.h"

extern const struct server_kind dovecot_server;

#endif
