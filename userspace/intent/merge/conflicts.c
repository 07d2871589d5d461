// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/conflicts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define WHO_SIZE 160

/* Everything about one service while it is looked at. */
struct looking {
	const struct service *service;
	const struct statements *statements;
	const struct source *sources;
	size_t n_sources;
	struct conflicts *conflicts;
};

static void note(const struct looking *looking, enum conflict_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void note(const struct looking *looking, enum conflict_kind kind, const char *format, ...)
{
	struct conflict *conflict;
	char sentence[CONFLICT_TEXT_SIZE];
	va_list ap;

	if (looking->conflicts->n == CONFLICTS_MAX) {
		looking->conflicts->n_more++;
		return;
	}
	conflict = &looking->conflicts->list[looking->conflicts->n++];
	conflict->kind = kind;
	conflict->port = looking->service->want.port;
	va_start(ap, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	(void)text_format(conflict->text, sizeof(conflict->text), "%s (%u): %s",
			  looking->service->name, looking->service->want.port, sentence);
	text_sanitize(conflict->text);
}

/* "mailu (/mailu/mailu.env)" */
static const char *who(const struct looking *looking, const struct statement *statement,
		       char to[static WHO_SIZE])
{
	const char *path = "";

	if (statement->source >= 0 && (size_t)statement->source < looking->n_sources)
		path = looking->sources[statement->source].path;
	(void)text_format(to, WHO_SIZE, "%s%s%s%s", source_name(statement->kind), *path ? " (" : "",
			  path, *path ? ")" : "");
	return to;
}

/* The strongest that wants the port, of those that @counts; NULL: there is none. */
static const struct statement *find(const struct looking *looking,
				    bool (*counts)(enum source_kind kind))
{
	for (size_t i = 0; i < looking->statements->n; i++) {
		const struct statement *statement = &looking->statements->list[i];

		if (statement->port == looking->service->want.port && statement->expected &&
		    counts(statement->kind))
			return statement;
	}
	return NULL;
}

static bool is_any(enum source_kind kind)
{
	return true;
}

static bool is_hearken(enum source_kind kind)
{
	return kind == SOURCE_CONFIG;
}

static bool is_policy(enum source_kind kind)
{
	return kind == SOURCE_POLICY;
}

/* STARTTLS that is offered where it is required, or the other way round, is no reason to look. */
static bool tls_differs(enum tls_mode a, enum tls_mode b)
{
	if (a == TLS_UNSET || b == TLS_UNSET)
		return false;
	return (a == TLS_NONE) != (b == TLS_NONE) || (a == TLS_IMPLICIT) != (b == TLS_IMPLICIT);
}

static bool takes(const struct statement *statement, const struct address *address)
{
	for (size_t i = 0; i < statement->n_addresses; i++) {
		const struct address *own = &statement->addresses[i];

		if (own->family == 0 || address_equal(own, address) ||
		    (own->family == address->family && address_is_wildcard(own)))
			return true;
	}
	return statement->n_addresses == 0;
}

static void compare_addresses(const struct looking *looking, const struct statement *declared,
			      const struct statement *rendered)
{
	static const struct address families[] = { { .family = AF_INET }, { .family = AF_INET6 } };
	char who_declares[WHO_SIZE], who_renders[WHO_SIZE], shown[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < declared->n_addresses; i++) {
		const struct address *address = &declared->addresses[i];
		const struct address *lost = NULL;

		for (size_t j = 0; address->family == 0 && j < ARRAY_SIZE(families); j++)
			if (!takes(rendered, &families[j]))
				lost = &families[j];
		if (address->family != 0 && !takes(rendered, address))
			lost = address;
		if (!lost)
			continue;
		address_show(lost, shown);
		note(looking, CONFLICT_ADDRESS, "%s wants it on %s, and %s does not open it there",
		     who(looking, declared, who_declares), shown,
		     who(looking, rendered, who_renders));
		return;
	}
}

/* @stronger and @weaker speak of the same port. */
static void compare(const struct looking *looking, const struct statement *stronger,
		    const struct statement *weaker)
{
	char first[WHO_SIZE], second[WHO_SIZE];
	bool both_files = source_is_declared(stronger->kind) && source_is_rendered(weaker->kind),
	     knows_proxy;

	if (tls_differs(stronger->tls, weaker->tls))
		note(looking, CONFLICT_TLS,
		     "%s says %s, %s says %s; the first counts, unless hearken.conf says which "
		     "(tls =)",
		     who(looking, stronger, first), tls_mode_name(stronger->tls),
		     who(looking, weaker, second), tls_mode_name(weaker->tls));
	/* The other products have no word for it. */
	knows_proxy = stronger->kind == SOURCE_MAILU || stronger->proxy_header;
	if (both_files && knows_proxy && stronger->proxy_header != weaker->proxy_header)
		note(looking, CONFLICT_PROXY_HEADER,
		     "%s wants %s PROXY header before the greeting, %s %s; the first counts, "
		     "unless hearken.conf "
		     "says which (proxy-header =)",
		     who(looking, stronger, first), stronger->proxy_header ? "a" : "no",
		     who(looking, weaker, second), weaker->proxy_header ? "wants one" : "none");
	if (both_files)
		compare_addresses(looking, stronger, weaker);
}

static void compare_all(const struct looking *looking, const struct statement *strongest)
{
	uint32_t compared = 0; /* one word on each source is enough */

	for (size_t i = 0; i < looking->statements->n; i++) {
		const struct statement *other = &looking->statements->list[i];
		uint32_t bit = other->source >= 0 ? UINT32_C(1) << other->source : 0;

		if (other == strongest || other->port != strongest->port || other->source < 0 ||
		    compared & bit)
			continue;
		compared |= bit;
		compare(looking, strongest, other);
	}
}

static const struct source *first_read(const struct looking *looking,
				       bool (*counts)(enum source_kind kind))
{
	for (size_t i = 0; i < looking->n_sources; i++)
		if (counts(looking->sources[i].kind) && looking->sources[i].state == SOURCE_READ)
			return &looking->sources[i];
	return NULL;
}

static void note_not_rendered(const struct looking *looking, const struct statement *wants)
{
	const struct source *declared = first_read(looking, source_is_declared);
	const struct source *rendered = first_read(looking, source_is_rendered);
	char name[WHO_SIZE];

	/* That of servers in containers, when nobody could be asked but the file that it is made
	 * from; what auto found on the host is another one. */
	if (wants->kind == SOURCE_POLICY && declared && (!rendered || *rendered->why))
		note(looking, CONFLICT_NOT_RENDERED,
		     "the default policy wants it, since TLS is on, and by %s (%s) the server does "
		     "not open it",
		     source_name(declared->kind), declared->path);
	else
		note(looking, CONFLICT_NOT_RENDERED,
		     "%s wants it, and the server's own configuration does not open it",
		     who(looking, wants, name));
}

void conflicts_find(const struct service *service, const struct statements *statements,
		    const struct source *sources, size_t n_sources, struct conflicts *conflicts)
{
	const struct looking looking = { service, statements, sources, n_sources, conflicts };
	const struct statement *wants = find(&looking, is_any);
	const struct statement *declares = find(&looking, source_is_declared);
	const struct statement *renders = find(&looking, source_is_rendered);
	char name[WHO_SIZE];

	if (!service->expected || !wants)
		return;
	if (service->provenance.rendered == RENDERED_NO)
		note_not_rendered(&looking, wants);
	if (find(&looking, is_hearken))
		return;
	if (declares)
		compare_all(&looking, declares);
	else if (renders && !find(&looking, is_policy) && well_known_port(service->want.port) &&
		 first_read(&looking, source_is_declared))
		note(&looking, CONFLICT_NOT_DECLARED,
		     "%s opens it, and what was declared does not ask for it; if it is meant, say "
		     "so in "
		     "hearken.conf with a section [listener %s]",
		     who(&looking, renders, name), service->name);
}
