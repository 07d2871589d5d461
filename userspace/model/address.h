/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a listener is bound, or where a service ought to be. Pure. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_SIZE INET6_ADDRSTRLEN

struct address {
	uint8_t family;	   /* AF_INET, AF_INET6; 0: every address of both families, written "*" */
	uint8_t bytes[16]; /* network order, AF_INET in the first four; all zero: the wildcard */
};

/* "*", "0.0.0.0", "::", "192.0.2.1", "2001:db8::1" (also in brackets). Returns 0 or -EINVAL. */
int address_parse(const char *s, struct address *ret);
void address_show(const struct address *address, char to[static ADDRESS_TEXT_SIZE]);
bool address_is_wildcard(const struct address *address);
bool address_is_loopback(const struct address *address); /* 127.0.0.0/8, ::1 */
bool address_equal(const struct address *a, const struct address *b);

/* @address must have a family. Returns the length that connect() wants. */
socklen_t address_to_sockaddr(const struct address *address, uint16_t port,
			      struct sockaddr_storage *to);

/* The other way; an IPv4 address in IPv6's clothes stays IPv6. Returns 0 or -EAFNOSUPPORT. */
int address_from_sockaddr(const struct sockaddr_storage *from, struct address *ret);

#endif
