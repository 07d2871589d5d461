// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/intent_diff.h"

#include <string.h>

#include "base/text.h"

static void show_sources(const struct service *service, char *to, size_t size)
{
	const char *between = "";

	for (enum source_kind kind = 0; kind < SOURCE_KIND_COUNT; kind++) {
		if (!(service->provenance.sources & 1U << kind))
			continue;
		(void)text_append(to, size, "%s%s", between, source_name(kind));
		between = ", ";
	}
}

static void show_addresses(const struct service *service, char *to, size_t size)
{
	char address[ADDRESS_TEXT_SIZE];

	if (service->want.n_addresses == 0)
		(void)text_append(to, size, "any");
	for (size_t i = 0; i < service->want.n_addresses; i++) {
		address_show(&service->want.addresses[i], address);
		(void)text_append(to, size, "%s%s", i ? " " : "", address);
	}
}

static void begin(char *text, size_t size)
{
	if (*text)
		(void)text_append(text, size, "; ");
}

static void tell_word(char *text, size_t size, const char *what, const char *now,
		      const char *before)
{
	if (strcmp(now, before) == 0)
		return;
	begin(text, size);
	(void)text_append(text, size, "%s is %s now, it was %s", what, *now ? now : "not said",
			  *before ? before : "not said");
}

/* Who cannot be asked for a moment, as a server that is started again with its container, has said
 * nothing; and that it opens what it opened before is no news. */
static bool is_word_of_server(enum rendered before, enum rendered now)
{
	return before != now &&
	       (now == RENDERED_NO || (now == RENDERED_YES && before == RENDERED_NO));
}

static bool same_addresses(const struct service *a, const struct service *b)
{
	bool same = a->want.n_addresses == b->want.n_addresses;

	for (size_t i = 0; same && i < a->want.n_addresses; i++)
		same = address_equal(&a->want.addresses[i], &b->want.addresses[i]);
	return same;
}

static void tell_difference(const struct service *before, const struct service *now, char *text,
			    size_t size)
{
	tell_word(text, size, "the protocol", protocol_name(now->want.protocol),
		  protocol_name(before->want.protocol));
	tell_word(text, size, "tls", tls_mode_name(now->want.tls), tls_mode_name(before->want.tls));
	tell_word(text, size, "proxy-header", now->want.proxy_header ? "yes" : "no",
		  before->want.proxy_header ? "yes" : "no");
	tell_word(text, size, "restart-command", now->server.restart_command,
		  before->server.restart_command);
	if (!same_addresses(before, now)) {
		begin(text, size);
		(void)text_append(text, size, "addresses: ");
		show_addresses(now, text, size);
		(void)text_append(text, size, ", before: ");
		show_addresses(before, text, size);
	}
	if (is_word_of_server(before->provenance.rendered, now->provenance.rendered)) {
		begin(text, size);
		(void)text_append(text, size, "the server's configuration %s it now",
				  now->provenance.rendered == RENDERED_YES ? "opens"
									   : "does not open");
	}
}

/* Whoever is expected by nobody, before and now, is no news. */
static void tell(const struct service *before, const struct service *now, char *text, size_t size)
{
	bool was = before && before->expected, is = now && now->expected;

	if (was && is) {
		tell_difference(before, now, text, size);
	} else if (is) {
		(void)text_append(text, size, "expected from now on (");
		show_sources(now, text, size);
		(void)text_append(text, size, "), tls %s", tls_mode_name(now->want.tls));
	} else if (was && now) {
		(void)text_append(text, size, "not expected any more: taken off by ");
		show_sources(now, text, size);
	} else if (was) {
		(void)text_append(text, size,
				  "not expected any more: no source has it now, before: ");
		show_sources(before, text, size);
	}
}

static size_t tell_one(const struct service *before, const struct service *now, intent_changed *say,
		       void *userdata)
{
	struct intent_change change = { .service = now ? now : before };

	tell(before, now, change.text, sizeof(change.text));
	if (!*change.text)
		return 0;
	say(&change, userdata);
	return 1;
}

size_t intent_diff(const struct service_set *before, const struct service_set *now,
		   intent_changed *say, void *userdata)
{
	size_t n = 0;

	for (size_t i = 0; i < before->n; i++)
		if (!service_set_find_same(now, &before->list[i]))
			n += tell_one(&before->list[i], NULL, say, userdata);
	for (size_t i = 0; i < now->n; i++)
		n += tell_one(service_set_find_same(before, &now->list[i]), &now->list[i], say,
			      userdata);
	return n;
}
