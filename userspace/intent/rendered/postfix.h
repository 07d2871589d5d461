/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Postfix, as a kind of server. */
#ifndef POSTFIX_H
#define POSTFIX_H

#include "intent/rendered/server.h"

extern const struct server_kind postfix_server;

#endif
