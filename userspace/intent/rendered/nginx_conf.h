/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nginx is configured to open for mail: the mail { } blocks of a text as "nginx -T" prints it.
 * Pure. An nginx for web pages alone opens nothing here. */
#ifndef NGINX_CONF_H
#define NGINX_CONF_H

#include "intent/rendered/rendering.h"

int nginx_conf_parse(const char *text, size_t size, const char *path, struct rendering *ret,
		     struct complaints *complaints); /* see rendering.h */

#endif
