// SPDX-License-Identifier: LGPL-2.1-or-later
/* From which places a service is asked, for the listeners it has and what is published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "agent/daemon/vantage.h"
#include "base/cleanup.h"
#include "base/text.h"

#define NETNS 7
#define PORT  587

static void show(uint32_t vantages, const struct address addresses[static VANTAGE_COUNT], char *to, size_t size)
{
	char text[ADDRESS_TEXT_SIZE];

	*to = '\0';
	for (int v = 0; v < VANTAGE_COUNT; v++) {
		if (!(vantages & UINT32_C(1) << v))
			continue;
		address_show(&addresses[v], text);
		(void)text_append(to, size, "%s%s", *to ? " " : "", text);
	}
}

static const struct {
	const char *why;
	const char *listeners; /* as the kernel shows them; "6" before the one that is v6only */
	const char *places;
} inside[] = {
	{ "IPv4", "0.0.0.0", "127.0.0.1" },
	{ "both", "0.0.0.0 6::", "127.0.0.1 ::1" },
	{ "one for both", "::", "127.0.0.1 ::1" },
	{ "IPv6 alone", "6::", "::1" },
	{ "an address", "192.0.2.1", "192.0.2.1" },
	{ "two addresses, in whatever order", "192.0.2.9 192.0.2.1", "192.0.2.1" },
	{ "the same", "192.0.2.1 192.0.2.9", "192.0.2.1" },
	{ "an address and a wildcard", "192.0.2.1 0.0.0.0", "127.0.0.1" },
	{ "an address of each", "2001:db8::1 192.0.2.1", "192.0.2.1 2001:db8::1" },
	{ "nobody", "", "" },
};

static void test_inside(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++) {
		struct listener listeners[4] = { 0 }, elsewhere = { .port = PORT, .netns = NETNS + 1 };
		struct listener other_port = { .port = PORT + 1, .netns = NETNS };
		struct listener *list[6] = { &elsewhere, &other_port };
		struct address addresses[VANTAGE_COUNT];
		char words[64], *cursor = words, *word, places[128];
		size_t n = 0;

		elsewhere.address.family = other_port.address.family = AF_INET;
		(void)text_copy(words, sizeof(words), inside[i].listeners);
		while ((word = text_word(&cursor))) {
			struct listener *listener = &listeners[n];

			listener->v6only = word[0] == '6';
			listener->port = PORT;
			listener->netns = NETNS;
			assert_int_equal(address_parse(word + listener->v6only, &listener->address), 0);
			list[2 + n++] = listener;
		}
		show(vantage_inside(list, n + 2, NETNS, PORT, addresses), addresses, places, sizeof(places));
		if (strcmp(places, inside[i].places) != 0)
			fail_msg("%s: %s", inside[i].why, places);
	}
}

static const struct {
	const char *why;
	uint16_t port;
	enum protocol protocol;
	const char *own, *general; /* NULL: unset; "none"; or a list */
	const char *places;
} published[] = {
	{ "nothing said", 587, PROTOCOL_SUBMISSION, NULL, NULL, "" },
	{ "for all", 587, PROTOCOL_SUBMISSION, NULL, "192.0.2.1", "192.0.2.1" },
	{ "both families", 993, PROTOCOL_IMAP, NULL, "192.0.2.1 2001:db8::1", "192.0.2.1 2001:db8::1" },
	{ "not for one that clients do not use", 10025, PROTOCOL_SUBMISSION, NULL, "192.0.2.1", "" },
	{ "nor LMTP", 24, PROTOCOL_LMTP, NULL, "192.0.2.1", "" },
	{ "unless it says so", 10025, PROTOCOL_SUBMISSION, "192.0.2.2", "192.0.2.1", "192.0.2.2" },
	{ "this one not", 587, PROTOCOL_SUBMISSION, "none", "192.0.2.1", "" },
	{ "this one elsewhere", 587, PROTOCOL_SUBMISSION, "2001:db8::2", "192.0.2.1", "2001:db8::2" },
	{ "the first of a family", 587, PROTOCOL_SUBMISSION, NULL, "192.0.2.2 192.0.2.1", "192.0.2.2" },
};

static struct published parse(const char *s)
{
	struct published ret = { .mode = PUBLISHED_UNSET };
	char words[128], *cursor = words, *word;

	if (!s)
		return ret;
	ret.mode = strcmp(s, "none") == 0 ? PUBLISHED_NONE : PUBLISHED_LIST;
	(void)text_copy(words, sizeof(words), s);
	while (ret.mode == PUBLISHED_LIST && (word = text_word(&cursor)))
		assert_int_equal(address_parse(word, &ret.addresses[ret.n++]), 0);
	return ret;
}

static void test_published(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(published); i++) {
		struct published general = parse(published[i].general);
		struct service service = { .want.port = published[i].port, .want.protocol = published[i].protocol };
		struct address addresses[VANTAGE_COUNT];
		char places[128];

		service.want.published = parse(published[i].own);
		show(vantage_published(&service, &general, addresses), addresses, places, sizeof(places));
		if (strcmp(places, published[i].places) != 0)
			fail_msg("%s: %s", published[i].why, places);
	}
}

/* What the default route says; a machine without one has nothing published, and says so by leaving
 * it out. */
static void test_published_auto(void **state)
{
	const struct published automatic = { .mode = PUBLISHED_AUTO };
	const struct service service = { .want.port = 587, .want.protocol = PROTOCOL_SUBMISSION };
	struct address addresses[VANTAGE_COUNT];
	uint32_t found = vantage_published(&service, &automatic, addresses);

	assert_int_equal(found & ~(1u << VANTAGE_PUBLISHED_IPV4 | 1u << VANTAGE_PUBLISHED_IPV6), 0);
	if (found & 1u << VANTAGE_PUBLISHED_IPV4)
		assert_true(addresses[VANTAGE_PUBLISHED_IPV4].family == AF_INET &&
			    !address_is_wildcard(&addresses[VANTAGE_PUBLISHED_IPV4]));
}

static void test_socket(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = -1, error = -1;
	socklen_t size = sizeof(to);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&to, size), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(vantage_socket(NULL, 0, ORIGIN_STRANGER, (struct sockaddr *)&to, size, &fd, &error), 0);
	assert_int_equal(error, 0);
	close(fd);
	close(listener);
	assert_int_equal(vantage_socket("/nonexistent", 0, ORIGIN_STRANGER, (struct sockaddr *)&to, size, &fd, &error),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_published_auto),
		cmocka_unit_test(test_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
