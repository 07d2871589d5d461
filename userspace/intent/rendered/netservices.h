/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Port names, out of the text of /etc/services: a container's own may lack what ours has. Pure. */
#ifndef NETSERVICES_H
#define NETSERVICES_H

#include <stdint.h>

#define NETSERVICES_TEXT_MAX \
	(1024 * 1024) /* bytes of the file that its readers take; Fedora's has 700 KiB */

/* @word: a number, or a TCP service's name or alias in @services (may be NULL). Returns 0, or
 * -EINVAL when it is neither. */
int netservices_port(const char *services, const char *word, uint16_t *ret);

#endif
