// SPDX-License-Identifier: LGPL-2.1-or-later
/* Readers of a word or a line. The first byte of the input says which. */
#include "fuzz_reader.h"

#include "intent/declared/compose_port.h"
#include "intent/declared/interpolate.h"
#include "intent/declared/mailu.h"
#include "intent/rendered/chain_files.h"
#include "intent/rendered/netservices.h"
#include "model/address.h"
#include "model/trust.h"
#include "observe/owner/cgroup_path.h"
#include "observe/owner/container.h"

static void sanitizing(char *s)
{
	size_t size = strlen(s) + 1;

	text_sanitize(s);
	claim(strlen(s) + 1 == size);
	claim_clean(s, size);
}

/* The cut is never inside of a character, where there was none outside of one. */
static void cutting(char *s)
{
	char to[24], same[24], more[24] = "12345678";

	text_sanitize(s);
	claim(text_copy(to, sizeof(to), s) == (strlen(s) < sizeof(to) ? 0 : -E2BIG));
	claim(text_starts_with(s, to));
	claim_clean(to, sizeof(to));
	claim(strlen(s) < sizeof(to) ? strcmp(s, to) == 0 : strlen(to) > sizeof(to) - 5);
	(void)text_format(same, sizeof(same), "%s", s);
	claim(text_starts_with(to, same) && strlen(same) + 4 >= strlen(to));
	claim(text_append(more, sizeof(more), "%s", s) == (strlen(s) + 8 < sizeof(more) ? 0 : -E2BIG));
	claim(text_starts_with(more, "12345678") && text_starts_with(s, more + 8));
	claim_clean(more, sizeof(more));
}

static void words(char *s)
{
	cleanup(memory_freep) char *copy = strdup(s);
	char *cursor = s, *word, *trimmed = text_trim(copy);

	while ((word = text_word(&cursor))) {
		claim(*word && !strpbrk(word, " \t\r\n"));
		claim(text_starts_with(trimmed, word));
		trimmed += strlen(word);
		trimmed += strspn(trimmed, " \t\r\n");
	}
	claim(!*trimmed);
}

static void numbers(char *s)
{
	static const char *const names[] = { "hearken", "listener", "probe-interval", NULL };
	uint64_t value = 7, usec = 7;
	char shown[64];
	uint16_t port = 0;
	bool is_on = false;

	if (text_u64(s, UINT64_MAX, &value) == 0)
		claim(strtoull(s, NULL, 10) == value && !s[strspn(s, "0123456789")]);
	else
		claim(value == 7);
	if (text_port(s, &port) == 0)
		claim(port > 0 && value == port);
	else
		claim(port == 0);
	if (text_duration(s, &usec) == 0) {
		text_show_duration(usec, shown, sizeof(shown));
		claim(*shown);
	} else {
		claim(usec == 7);
	}
	(void)text_bool(s, &is_on);
	(void)text_nearest(s, names);
}

static void addresses(char *s)
{
	struct address address = { .family = 99 }, again = { 0 };
	char shown[ADDRESS_TEXT_SIZE];

	if (address_parse(s, &address) < 0) {
		claim(address.family == 99);
		return;
	}
	address_show(&address, shown);
	claim(address_parse(shown, &again) == 0 && address_equal(&address, &again));
}

static void compose_ports(char *s)
{
	struct compose_range range = { .first = 9 };

	if (compose_range_short(s, &range) < 0) {
		claim(range.first == 9);
		return;
	}
	claim(range.first > 0 && range.last >= range.first);
	claim(range.host_first + (range.last - range.first) <= 65535);
	claim(!range.has_address || range.address.family);
}

static const char *lookup(const char *name, size_t n, const void *userdata)
{
	claim(n > 0 && n <= strlen(name));
	return *name == 'A' ? userdata : *name == 'E' ? "" : NULL;
}

static void variables(char *s)
{
	char to[256], unknown[INTERPOLATE_NAME_SIZE];
	int r = interpolate(s, lookup, "value", to, sizeof(to), unknown);

	claim(r == 0 || r == -EINVAL || r == -E2BIG);
	claim(memchr(unknown, '\0', sizeof(unknown)));
	if (r == 0)
		claim(memchr(to, '\0', sizeof(to)) && (strchr(s, '$') || strcmp(s, to) == 0));
}

static void claim_owner(const struct owner *owner)
{
	claim(memchr(owner->unit, '\0', sizeof(owner->unit)));
	claim(memchr(owner->container, '\0', sizeof(owner->container)));
	claim(!*owner->container_name);
	claim(*owner->unit || owner->manager == MANAGER_SYSTEM);
	claim(!*owner->unit || strstr(owner->unit, ".service") || strstr(owner->unit, ".scope"));
	claim(container_is(owner->container, owner->container, "") == (*owner->container ? 2 : 0));
}

static void cgroups(char *s)
{
	struct owner owner;

	cgroup_path_parse(s, &owner);
	claim_owner(&owner);
	cgroup_lines_parse(s, &owner);
	claim_owner(&owner);
	if (cgroup_is_container_id(s))
		claim(strlen(s) == 64);
}

static void trusts(char *s)
{
	struct trust trust = { 0 };

	(void)tls_minimum_parse(s, &trust.tls_minimum);
	(void)trust_add_pins(&trust, s);
	(void)trust_add_tlsa(&trust, s);
	claim(trust_is_valid(&trust));
	(void)mailu_version_parse(s);
}

static void ports(char *s)
{
	uint16_t port = 0;

	claim((netservices_port(s, "smtp", &port) == 0) == (port > 0));
	port = 0;
	claim((netservices_port(FUZZ_SERVICES, s, &port) == 0) == (port > 0));
}

static void chains(char *s)
{
	char certificates[SERVICE_FILES_SIZE] = "", keys[SERVICE_FILES_SIZE] = "";

	chain_files_add(certificates, keys, s);
	claim_files(certificates, keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(char *) = { sanitizing, cutting, words,	numbers, addresses, compose_ports,
						   variables,  cgroups, trusts, ports,	 chains };
	cleanup(memory_freep) char *text = size ? fuzz_text(data + 1, size - 1, "") : NULL;

	/* Letters, so that seeds can be read: 'a' is the first. */
	if (text)
		readers[(unsigned char)(data[0] - 'a') % ARRAY_SIZE(readers)](text);
	return 0;
}
