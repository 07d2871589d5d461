/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/hosts, where a server's configuration names a host in the place of an address. A server asks
 * its resolver, which looks there first; a name that is not there, only DNS knows. Pure. */
#ifndef HOSTS_H
#define HOSTS_H

#include <stddef.h>

#include "model/address.h"

#define HOSTS_TEXT_MAX	(1024 * 1024)
#define HOSTS_ADDRESSES 8

/* The addresses of @name, each once, in their order, HOSTS_ADDRESSES at most. What is in no line,
 * "localhost" too, is up to the rest of the resolver. @hosts may be NULL. Returns how many; 0:
 * nobody knows. */
size_t hosts_find(const char *hosts, const char *name, struct address ret[static HOSTS_ADDRESSES]);

#endif
