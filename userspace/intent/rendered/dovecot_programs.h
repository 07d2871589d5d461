/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The programs of Dovecot that talk to clients. The built-in services that run them have their
 * names. Pure. */
#ifndef DOVECOT_PROGRAMS_H
#define DOVECOT_PROGRAMS_H

#include "model/service.h"

/* The service block that has listeners for @protocol: "submission-login"; NULL when Dovecot has
 * none. */
const char *dovecot_program_of(enum protocol protocol);

/* What clients speak with @program; PROTOCOL_UNSET: none of ours. */
enum protocol dovecot_program_protocol(const char *program);

#endif
