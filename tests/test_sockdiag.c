// SPDX-License-Identifier: LGPL-2.1-or-later
/* Netlink replies: good ones, and every way in which they may be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>

#include "observe/polling/sockdiag.h"

#define SEQUENCE 7

struct datagram {
	uint8_t bytes[1024];
	size_t n;
};

static struct port_set ports;
static struct inventory seen;
static const struct sockdiag sockdiag = { .ports = &ports, .netns = 42, .sequence = SEQUENCE, .seen = &seen };

static int begin(void **state)
{
	inventory_clear(&seen);
	memset(&ports, 0, sizeof(ports));
	port_set_add(&ports, 587);
	return 0;
}

/* Appends a message; returns where its payload stands. */
static size_t put(struct datagram *to, uint16_t type, uint32_t sequence, const void *payload, size_t n)
{
	struct nlmsghdr header = { .nlmsg_len = (uint32_t)(sizeof(header) + n),
				   .nlmsg_type = type,
				   .nlmsg_seq = sequence };
	size_t at = to->n + sizeof(header);

	assert_true(at + n + 4 <= sizeof(to->bytes));
	memcpy(to->bytes + to->n, &header, sizeof(header));
	if (n)
		memcpy(to->bytes + at, payload, n);
	to->n += NLMSG_ALIGN(header.nlmsg_len);
	return at;
}

static struct inet_diag_msg socket_of(uint8_t family, uint8_t tcp_state, uint16_t port, uint32_t cookie)
{
	struct inet_diag_msg message = {
		.idiag_family = family, .idiag_state = tcp_state, .idiag_rqueue = 3, .idiag_wqueue = 100
	};

	message.id.idiag_sport = htons(port);
	message.id.idiag_cookie[0] = cookie;
	message.id.idiag_cookie[1] = 9;
	return message;
}

static void put_socket(struct datagram *to, const struct inet_diag_msg *message)
{
	(void)put(to, SOCK_DIAG_BY_FAMILY, SEQUENCE, message, sizeof(*message));
}

static void put_v6(struct datagram *to, uint32_t cookie, uint8_t v6only)
{
	struct {
		struct inet_diag_msg message;
		struct nlattr other;
		uint32_t filler;
		struct nlattr attribute;
		uint8_t v6only;
		uint8_t padding[3];
	} body = { .message = socket_of(AF_INET6, TCP_LISTEN, 587, cookie),
		   .other = { .nla_len = sizeof(struct nlattr) + 1, .nla_type = INET_DIAG_SHUTDOWN },
		   .attribute = { .nla_len = sizeof(struct nlattr) + 1, .nla_type = INET_DIAG_SKV6ONLY },
		   .v6only = v6only };

	body.message.id.idiag_src[3] = htonl(1);
	(void)put(to, SOCK_DIAG_BY_FAMILY, SEQUENCE, &body, sizeof(body));
}

static void test_good_replies(void **state)
{
	struct datagram datagram = { 0 };
	struct inet_diag_msg v4 = socket_of(AF_INET, TCP_LISTEN, 587, 5);
	const struct listener *listener;
	int32_t zero = 0;

	v4.id.idiag_src[0] = htonl(0x7f000001);
	v4.id.idiag_src[1] = 0xffffffff; /* not ours: an IPv4 address has four bytes */
	put_socket(&datagram, &v4);
	put_v6(&datagram, 6, 1);
	put_v6(&datagram, 7, 0);
	assert_int_equal(sockdiag_parse(&sockdiag, datagram.bytes, datagram.n), 0);
	(void)put(&datagram, NLMSG_DONE, SEQUENCE, &zero, sizeof(zero));
	assert_int_equal(sockdiag_parse(&sockdiag, datagram.bytes, datagram.n), 1);
	assert_int_equal(seen.n, 3);

	listener = inventory_find(&seen, UINT64_C(9) << 32 | 5);
	assert_non_null(listener);
	assert_int_equal(listener->port, 587);
	assert_int_equal(listener->netns, 42);
	assert_int_equal(listener->queued, 3);
	assert_int_equal(listener->backlog, 100);
	assert_int_equal(listener->n_holders, 0);
	assert_int_equal(listener->opened_ns, 0);
	assert_int_equal(listener->address.family, AF_INET);
	assert_memory_equal(listener->address.bytes, "\x7f\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);

	listener = inventory_find(&seen, UINT64_C(9) << 32 | 6);
	assert_non_null(listener);
	assert_true(listener->v6only);
	assert_int_equal(listener->address.family, AF_INET6);
	assert_memory_equal(listener->address.bytes, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	assert_false(inventory_find(&seen, UINT64_C(9) << 32 | 7)->v6only);
}

static void test_passed_over(void **state)
{
	const struct inet_diag_msg rows[] = {
		socket_of(AF_INET, TCP_ESTABLISHED, 587, 1), /* no listener */
		socket_of(AF_INET, TCP_LISTEN, 588, 2),	     /* not watched */
		socket_of(AF_UNIX, TCP_LISTEN, 587, 3),	     /* no family of ours */
	};
	struct inet_diag_msg good = socket_of(AF_INET, TCP_LISTEN, 587, 4);
	struct datagram datagram = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		put_socket(&datagram, &rows[i]);
	(void)put(&datagram, NLMSG_NOOP, SEQUENCE, NULL, 0);
	(void)put(&datagram, 4711, SEQUENCE, "abc", 3);
	/* What answers an earlier question, its end included. */
	(void)put(&datagram, SOCK_DIAG_BY_FAMILY, SEQUENCE - 1, &good, sizeof(good));
	(void)put(&datagram, NLMSG_DONE, SEQUENCE - 1, NULL, 0);
	assert_int_equal(sockdiag_parse(&sockdiag, datagram.bytes, datagram.n), 0);
	assert_int_equal(seen.n, 0);
	assert_int_equal(sockdiag_parse(&sockdiag, datagram.bytes, 0), 0);
}

static void test_errors_of_the_kernel(void **state)
{
	static const struct {
		const char *why;
		uint16_t type;
		int32_t error;
		size_t n;
		int r;
	} rows[] = {
		{ "refused", NLMSG_ERROR, -EPERM, 4, -EPERM },
		{ "an acknowledgement", NLMSG_ERROR, 0, 4, 0 },
		{ "no errno", NLMSG_ERROR, 5, 4, -EBADMSG },
		{ "half an errno", NLMSG_ERROR, -EPERM, 3, -EBADMSG },
		{ "an end", NLMSG_DONE, 0, 4, 1 },
		{ "an end without a word", NLMSG_DONE, 0, 0, 1 },
		{ "a dump that broke off", NLMSG_DONE, -ENOMEM, 4, -ENOMEM },
		{ "an end with half an errno", NLMSG_DONE, 0, 2, -EBADMSG },
		{ "overrun", NLMSG_OVERRUN, 0, 0, -ENOBUFS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct datagram datagram = { 0 };
		int r;

		(void)put(&datagram, rows[i].type, SEQUENCE, &rows[i].error, rows[i].n);
		r = sockdiag_parse(&sockdiag, datagram.bytes, datagram.n);
		if (r != rows[i].r)
			fail_msg("%s: %d", rows[i].why, r);
	}
}

/* Cut at every byte, from memory that ends there: never read behind it, never taken for good. */
static void test_truncated(void **state)
{
	struct datagram datagram = { 0 };
	struct inet_diag_msg v4 = socket_of(AF_INET, TCP_LISTEN, 587, 5);
	size_t first;

	put_socket(&datagram, &v4);
	first = datagram.n;
	put_v6(&datagram, 6, 1);
	for (size_t n = 1; n < datagram.n; n++) {
		uint8_t *cut = malloc(n);
		int r;

		assert_non_null(cut);
		memcpy(cut, datagram.bytes, n);
		inventory_clear(&seen);
		r = sockdiag_parse(&sockdiag, cut, n);
		free(cut);
		if (r != (n == first ? 0 : -EBADMSG) || seen.n != (n >= first))
			fail_msg("%zu bytes: %d, %zu listeners", n, r, seen.n);
	}
}

static void test_wrong_lengths(void **state)
{
	static const uint32_t lengths[] = { 0, 1, sizeof(struct nlmsghdr) - 1, 1025, UINT32_MAX };
	static const uint16_t attribute_lengths[] = { 0, 3, 9, UINT16_MAX };
	struct inet_diag_msg v4 = socket_of(AF_INET, TCP_LISTEN, 587, 5);

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct datagram datagram = { 0 };

		put_socket(&datagram, &v4);
		memcpy(datagram.bytes, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(sockdiag_parse(&sockdiag, datagram.bytes, datagram.n), -EBADMSG);
	}
	for (size_t i = 0; i < ARRAY_SIZE(attribute_lengths); i++) {
		struct datagram datagram = { 0 };
		uint8_t body[sizeof(v4) + 8] = { 0 };
		struct nlattr attribute = { .nla_len = attribute_lengths[i], .nla_type = INET_DIAG_SKV6ONLY };

		memcpy(body, &v4, sizeof(v4));
		memcpy(body + sizeof(v4), &attribute, sizeof(attribute));
		(void)put(&datagram, SOCK_DIAG_BY_FAMILY, SEQUENCE, body, sizeof(body));
		assert_int_equal(sockdiag_parse(&sockdiag, datagram.bytes, datagram.n), -EBADMSG);
	}
	assert_int_equal(seen.n, 0);
}

/* Bytes that mean nothing. */
static void test_noise(void **state)
{
	uint32_t random = 1;

	for (int round = 0; round < 20000; round++) {
		struct datagram datagram = { 0 };
		struct inet_diag_msg v4 = socket_of(AF_INET, TCP_LISTEN, 587, (uint32_t)round);

		put_socket(&datagram, &v4);
		put_v6(&datagram, 6, 1);
		for (int i = 0; i < 4; i++) {
			random = random * 1664525 + 1013904223;
			datagram.bytes[(random >> 16) % datagram.n] = (uint8_t)(random >> 8);
		}
		(void)sockdiag_parse(&sockdiag, datagram.bytes, datagram.n);
	}
}

/* Who opens more than can be known is left out, and ends nobody's watch. */
static void test_no_room(void **state)
{
	struct inet_diag_msg one_more = socket_of(AF_INET, TCP_LISTEN, 587, 5);
	struct datagram datagram = { 0 };

	for (uint64_t i = 0; i < INVENTORY_MAX; i++)
		assert_non_null(inventory_put(&seen, &(struct listener){ .cookie = i + 1 }));
	put_socket(&datagram, &one_more);
	assert_int_equal(sockdiag_parse(&sockdiag, datagram.bytes, datagram.n), 0);
	assert_int_equal(seen.n, INVENTORY_MAX);
	assert_int_equal(seen.n_left_out, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_room, begin),
		cmocka_unit_test_setup(test_good_replies, begin),
		cmocka_unit_test_setup(test_passed_over, begin),
		cmocka_unit_test_setup(test_errors_of_the_kernel, begin),
		cmocka_unit_test_setup(test_truncated, begin),
		cmocka_unit_test_setup(test_wrong_lengths, begin),
		cmocka_unit_test_setup(test_noise, begin),
	};
	int r = cmocka_run_group_tests_name("sockdiag", tests, NULL, NULL);

	inventory_clear(&seen);
	return r;
}
