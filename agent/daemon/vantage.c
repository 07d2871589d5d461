// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/vantage.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/netns.h"

/* Servers trust a client that comes from their own address: Dovecot offers it passwords in plain
 * text. To see what strangers see, come from another of the loopback addresses, all of which are
 * there. Best effort: without it the conversation knows that it cannot tell. */
static void be_a_stranger(int fd, const struct sockaddr *to)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)to;
	struct sockaddr_in from = { .sin_family = AF_INET };
	uint32_t loopback;

	if (to->sa_family != AF_INET || (ntohl(in->sin_addr.s_addr) >> 24) != IN_LOOPBACKNET)
		return;
	loopback = ntohl(in->sin_addr.s_addr) == INADDR_LOOPBACK + 1 ? INADDR_LOOPBACK + 2
								     : INADDR_LOOPBACK + 1;
	from.sin_addr.s_addr = htonl(loopback);
	/* The port is chosen at connect, when it need not be free for all destinations. */
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 }, sizeof(int));
	(void)bind(fd, (const struct sockaddr *)&from, sizeof(from));
}

int vantage_socket(const char *netns_path, uint32_t expected_inode, enum vantage_origin origin,
		   const struct sockaddr *address, socklen_t size, int *ret_fd,
		   int *ret_connect_error)
{
	cleanup(fd_closep) int fd = -1;
	int r;

	r = netns_socket(netns_path, expected_inode, address->sa_family,
			 SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP, &fd);
	if (r < 0)
		return r;
	if (origin == ORIGIN_STRANGER)
		be_a_stranger(fd, address);
	if (connect(fd, address, size) < 0 && errno != EINPROGRESS) {
		*ret_connect_error = errno;
		*ret_fd = -1;
		return 0;
	}
	*ret_connect_error = 0;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static struct address loopback_of(int family)
{
	struct address address = { .family = (uint8_t)family };

	if (family == AF_INET6) {
		address.bytes[15] = 1;
	} else {
		address.bytes[0] = 127;
		address.bytes[3] = 1;
	}
	return address;
}

/* A wildcard serves everything, so it is asked first; else the order is that of the numbers: the
 * same one each time. */
static bool is_better(const struct address *a, const struct address *b)
{
	if (address_is_wildcard(a) || address_is_wildcard(b))
		return address_is_wildcard(a) && !address_is_wildcard(b);
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) < 0;
}

static bool find_inside(struct listener *const *listeners, size_t n, uint32_t netns, uint16_t port,
			int family, struct address *ret)
{
	const struct address *best = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct listener *listener = listeners[i];
		const struct address *address = &listener->address;
		bool both = address->family == AF_INET6 && address_is_wildcard(address) &&
			    !listener->v6only;

		if (listener->port != port || listener->netns != netns ||
		    (address->family != family && !both))
			continue;
		if (!best || is_better(address, best))
			best = address;
	}
	if (best)
		*ret = address_is_wildcard(best) ? loopback_of(family) : *best;
	return best;
}

uint32_t vantage_inside(struct listener *const *listeners, size_t n, uint32_t netns, uint16_t port,
			struct address addresses[static VANTAGE_COUNT])
{
	uint32_t found = 0;

	if (find_inside(listeners, n, netns, port, AF_INET, &addresses[VANTAGE_INSIDE_IPV4]))
		found |= 1 << VANTAGE_INSIDE_IPV4;
	if (find_inside(listeners, n, netns, port, AF_INET6, &addresses[VANTAGE_INSIDE_IPV6]))
		found |= 1 << VANTAGE_INSIDE_IPV6;
	return found;
}

/* Which address of ours would go out by the default route. Connecting a datagram socket sends
 * nothing; the addresses are those of documentation (RFC 5737, RFC 3849), which no other route
 * leads to. */
static bool find_own(int family, struct address *ret)
{
	struct sockaddr_storage address = { 0 };
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address;
	cleanup(fd_closep) int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct address outside;
	socklen_t size;

	if (fd < 0 || address_parse(family == AF_INET6 ? "2001:db8::1" : "192.0.2.1", &outside) < 0)
		return false;
	size = address_to_sockaddr(&outside, 9, &address);
	if (connect(fd, (struct sockaddr *)&address, size) < 0)
		return false;
	size = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return false;
	*ret = (struct address){ .family = (uint8_t)family };
	if (family == AF_INET6)
		memcpy(ret->bytes, &v6->sin6_addr, sizeof(v6->sin6_addr));
	else
		memcpy(ret->bytes, &v4->sin_addr, sizeof(v4->sin_addr));
	return true;
}

static bool find_published(const struct published *published, int family, struct address *ret)
{
	switch (published->mode) {
	case PUBLISHED_UNSET:
	case PUBLISHED_NONE:
		return false;
	case PUBLISHED_AUTO:
		return find_own(family, ret);
	case PUBLISHED_LIST:
		for (size_t i = 0; i < published->n; i++) {
			if (published->addresses[i].family != family)
				continue;
			*ret = published->addresses[i];
			return true;
		}
		return false;
	}
	return false;
}

/* What a container publishes is asked for there too, unless somebody said otherwise. At which of
 * the host's addresses IPv6 is meant to lead there, nobody has said. */
static void publish_of_container(const struct service *service, struct published *ret)
{
	*ret = (struct published){ .mode = PUBLISHED_LIST };
	for (size_t i = 0; i < service->want.n_addresses && ret->n < PUBLISHED_MAX; i++)
		if (!address_is_wildcard(&service->want.addresses[i]))
			ret->addresses[ret->n++] = service->want.addresses[i];
	if (ret->n > 0)
		return;
	/* A host without a way out has clients all the same. */
	if (!find_own(AF_INET, &ret->addresses[0]))
		ret->addresses[0] = loopback_of(AF_INET);
	ret->n = 1;
}

uint32_t vantage_published(const struct service *service, const struct published *general,
			   struct address addresses[static VANTAGE_COUNT])
{
	bool for_clients =
		well_known_port(service->want.port) && service->want.protocol != PROTOCOL_LMTP;
	const struct published *published = &service->want.published;
	struct published of_container;
	uint32_t found = 0;

	if (published->mode == PUBLISHED_UNSET && for_clients)
		published = general;
	if (published->mode == PUBLISHED_UNSET && *service->server.container &&
	    service->server.container_port) {
		publish_of_container(service, &of_container);
		published = &of_container;
	}
	if (find_published(published, AF_INET, &addresses[VANTAGE_PUBLISHED_IPV4]))
		found |= 1 << VANTAGE_PUBLISHED_IPV4;
	if (find_published(published, AF_INET6, &addresses[VANTAGE_PUBLISHED_IPV6]))
		found |= 1 << VANTAGE_PUBLISHED_IPV6;
	return found;
}
