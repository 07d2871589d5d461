/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenSMTPD, as a kind of server. */
#ifndef OPENSMTPD_H
#define OPENSMTPD_H

#include "intent/rendered/server.h"

extern const struct server_kind opensmtpd_server;

#endif
