/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* getaddrinfo() that ends in time: a resolver that is not there makes it wait for half a minute. */
#ifndef DNS_H
#define DNS_H

#include <netdb.h>
#include <stdint.h>

/* Stream sockets for @host and @service. Returns 0, the list to be released with freeaddrinfo(), or
 * an EAI_* code: EAI_AGAIN also when @timeout_usec is over. What is still under way then stays in
 * memory: for programs that end soon. */
int dns_lookup(const char *host, const char *service, int flags, uint64_t timeout_usec,
	       struct addrinfo **ret);

#endif
