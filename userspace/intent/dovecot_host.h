/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether this host has a Dovecot, and means to run it. */
#ifndef DOVECOT_HOST_H
#define DOVECOT_HOST_H

#include <stdbool.h>

#define DOVECOT_CONFIG "/etc/dovecot/dovecot.conf"

/* The program that prints its configuration, an absolute path; NULL when there is none. */
const char *dovecot_find_doveconf(void);

/* It is installed, and is started at boot or runs (or died: the pid file of its master is there). A package
 * that is only installed serves nobody, and must not alarm anybody. */
bool dovecot_is_meant(void);

#endif
