/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exim, as a kind of server. */
#ifndef EXIM_H
#define EXIM_H

#include "intent/rendered/server.h"

extern const struct server_kind exim_server;

#endif
