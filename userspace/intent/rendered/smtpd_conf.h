/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What OpenSMTPD is configured to open: the "listen on" lines of smtpd.conf, before 6.4 and since.
 * No program prints them, so macros, includes and continued lines are read here. Pure. */
#ifndef SMTPD_CONF_H
#define SMTPD_CONF_H

#include "intent/rendered/rendering.h"

/* As rendering.h says of readers; @text may be several files (include.h), @services /etc/services
 * or NULL. */
int smtpd_conf_parse(const char *text, size_t size, const char *services, const char *path,
		     struct rendering *ret, struct complaints *complaints);

#endif
