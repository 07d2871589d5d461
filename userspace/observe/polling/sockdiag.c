// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/polling/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/netns.h"

#define DATAGRAM_MAX	  (32 * 1024) /* the most that the kernel puts into one */
#define DATAGRAMS_MAX	  8192	      /* of one dump; INVENTORY_MAX listeners need fewer */
#define REPLY_TIMEOUT_SEC 1	      /* the kernel answers at once, or not at all */

/* Finds IPV6_V6ONLY among the attributes; who does not have it has none. */
static int parse_attributes(const uint8_t *bytes, size_t n, bool *ret_v6only)
{
	while (n >= sizeof(struct nlattr)) {
		struct nlattr attribute;
		size_t step;

		memcpy(&attribute, bytes, sizeof(attribute));
		if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > n)
			return -EBADMSG;
		if (attribute.nla_type == INET_DIAG_SKV6ONLY &&
		    attribute.nla_len > sizeof(attribute))
			*ret_v6only = bytes[sizeof(attribute)] != 0;
		step = NLA_ALIGN(attribute.nla_len);
		if (step >= n)
			return 0;
		bytes += step;
		n -= step;
	}
	return 0;
}

static int parse_socket(const struct sockdiag *sockdiag, const uint8_t *bytes, size_t n)
{
	struct listener listener = { .netns = sockdiag->netns };
	struct inet_diag_msg message;
	int r;

	if (n < sizeof(message))
		return -EBADMSG;
	memcpy(&message, bytes, sizeof(message));
	listener.port = ntohs(message.id.idiag_sport);
	if (message.idiag_state != TCP_LISTEN || !port_set_has(sockdiag->ports, listener.port))
		return 0;
	if (message.idiag_family != AF_INET && message.idiag_family != AF_INET6)
		return 0;
	r = parse_attributes(bytes + sizeof(message), n - sizeof(message), &listener.v6only);
	if (r < 0)
		return r;
	listener.cookie = (uint64_t)message.id.idiag_cookie[1] << 32 | message.id.idiag_cookie[0];
	listener.queued = message.idiag_rqueue;
	listener.backlog = message.idiag_wqueue;
	listener.address.family = message.idiag_family;
	memcpy(listener.address.bytes, message.id.idiag_src,
	       message.idiag_family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr));
	if (inventory_put(sockdiag->seen, &listener) || sockdiag->seen->n == INVENTORY_MAX)
		return 0; /* what finds no room is counted there */
	return -ENOMEM;
}

/* Of NLMSG_ERROR, and of NLMSG_DONE where the dump broke off. */
static int parse_error(const uint8_t *bytes, size_t n)
{
	int error;

	if (n < sizeof(error))
		return -EBADMSG;
	memcpy(&error, bytes, sizeof(error));
	return error > 0 ? -EBADMSG : error;
}

static int parse_message(const struct sockdiag *sockdiag, const struct nlmsghdr *header,
			 const uint8_t *bytes, size_t n)
{
	int r;

	if (header->nlmsg_seq != sockdiag->sequence)
		return 0;
	switch (header->nlmsg_type) {
	case SOCK_DIAG_BY_FAMILY:
		return parse_socket(sockdiag, bytes, n);
	case NLMSG_ERROR:
		return parse_error(bytes, n);
	case NLMSG_DONE:
		r = n ? parse_error(bytes, n) : 0;
		return r < 0 ? r : 1;
	case NLMSG_OVERRUN:
		return -ENOBUFS;
	default: /* what a later kernel may add */
		return 0;
	}
}

int sockdiag_parse(const struct sockdiag *sockdiag, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n) {
		struct nlmsghdr header;
		size_t step;
		int r;

		if (n < sizeof(header))
			return -EBADMSG;
		memcpy(&header, at, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > n)
			return -EBADMSG;
		r = parse_message(sockdiag, &header, at + sizeof(header),
				  header.nlmsg_len - sizeof(header));
		if (r != 0)
			return r;
		step = NLMSG_ALIGN(header.nlmsg_len);
		if (step >= n)
			return 0;
		at += step;
		n -= step;
	}
	return 0;
}

static int ask(int fd, uint8_t family, uint32_t sequence)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			    .nlmsg_seq = sequence },
		.request = { .sdiag_family = family,
			     .sdiag_protocol = IPPROTO_TCP,
			     .idiag_states = 1U << TCP_LISTEN },
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, &message, sizeof(message), 0, (struct sockaddr *)&kernel, sizeof(kernel)) <
	    0)
		return -errno;
	return 0;
}

/* One datagram from the kernel; others may write to the socket too, and are not heard. */
static int receive(const struct sockdiag *sockdiag, int fd)
{
	char bytes[DATAGRAM_MAX];
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr message = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1
	};
	ssize_t n = recvmsg(fd, &message, 0);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (message.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	return from.nl_pid == 0 ? sockdiag_parse(sockdiag, bytes, (size_t)n) : 0;
}

static int dump(struct sockdiag *sockdiag, int fd, uint8_t family)
{
	int r;

	sockdiag->sequence++;
	r = ask(fd, family, sockdiag->sequence);
	if (r < 0)
		return r;
	for (size_t i = 0; i < DATAGRAMS_MAX; i++) {
		r = receive(sockdiag, fd);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return -E2BIG;
}

int sockdiag_list(const char *netns_path, uint32_t netns, const struct port_set *ports,
		  struct inventory *seen)
{
	struct sockdiag sockdiag = { .ports = ports, .netns = netns, .seen = seen };
	struct timeval timeout = { .tv_sec = REPLY_TIMEOUT_SEC };
	cleanup(fd_closep) int fd = -1;
	int r;

	/* Made anew each time: to keep it would keep a namespace alive that everybody else has
	 * left. */
	r = netns_socket(netns_path, netns, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG,
			 &fd);
	if (r < 0)
		return r;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		return -errno;
	r = dump(&sockdiag, fd, AF_INET);
	if (r < 0)
		return r;
	r = dump(&sockdiag, fd, AF_INET6);
	/* A kernel without IPv6 has no such sockets. */
	return r == -ENOENT || r == -EAFNOSUPPORT ? 0 : r;
}

int sockdiag_refresh(const char *netns_path, uint32_t netns, const struct inventory *inventory)
{
	struct port_set ports = { 0 };
	struct inventory seen = { 0 };
	size_t untold = 0;
	int r;

	for (size_t i = 0; i < inventory->n; i++) {
		if (inventory->list[i]->netns != netns)
			continue;
		port_set_add(&ports, inventory->list[i]->port);
		untold++;
	}
	r = sockdiag_list(netns_path, netns, &ports, &seen);
	for (size_t i = 0; r >= 0 && i < seen.n; i++) {
		struct listener *known = inventory_find(inventory, seen.list[i]->cookie);

		if (!known)
			continue;
		known->backlog = seen.list[i]->backlog;
		known->queued = seen.list[i]->queued;
		untold--;
	}
	inventory_clear(&seen);
	return r >= 0 && untold > 0 ? -ENODATA : r;
}
