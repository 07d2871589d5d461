// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <string.h>

int address_parse(const char *s, struct address *ret)
{
	char inner[ADDRESS_TEXT_SIZE + 2];
	struct address address = { 0 };
	size_t n = strlen(s);

	if (strcmp(s, "*") == 0) {
		*ret = address;
		return 0;
	}
	if (n >= sizeof(inner))
		return -EINVAL;
	memcpy(inner, s, n + 1);
	if (n > 2 && inner[0] == '[' && inner[n - 1] == ']') {
		inner[n - 1] = '\0';
		memmove(inner, inner + 1, n - 1);
	} else if (inet_pton(AF_INET, inner, address.bytes) == 1) {
		address.family = AF_INET;
		*ret = address;
		return 0;
	}
	if (inet_pton(AF_INET6, inner, address.bytes) != 1)
		return -EINVAL;
	address.family = AF_INET6;
	*ret = address;
	return 0;
}

void address_show(const struct address *address, char to[static ADDRESS_TEXT_SIZE])
{
	if (address->family == 0 ||
	    !inet_ntop(address->family, address->bytes, to, ADDRESS_TEXT_SIZE))
		memcpy(to, "*", 2);
}

bool address_is_wildcard(const struct address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

bool address_is_loopback(const struct address *address)
{
	static const uint8_t last[16] = { [15] = 1 };

	if (address->family == AF_INET)
		return address->bytes[0] == 127;
	return address->family == AF_INET6 && memcmp(address->bytes, last, sizeof(last)) == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

socklen_t address_to_sockaddr(const struct address *address, uint16_t port,
			      struct sockaddr_storage *to)
{
	memset(to, 0, sizeof(*to));
	if (address->family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)to;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address->bytes, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	assert(address->family == AF_INET6);
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, address->bytes, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

int address_from_sockaddr(const struct sockaddr_storage *from, struct address *ret)
{
	struct address address = { 0 };

	if (from->ss_family == AF_INET)
		memcpy(address.bytes, &((const struct sockaddr_in *)from)->sin_addr, 4);
	else if (from->ss_family == AF_INET6)
		memcpy(address.bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
	else
		return -EAFNOSUPPORT;
	address.family = (uint8_t)from->ss_family;
	*ret = address;
	return 0;
}
