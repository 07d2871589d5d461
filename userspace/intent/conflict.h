/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where sources disagree: declared and not rendered, rendered and not declared, another TLS mode, another
 * address. Found in what each said, of ports that are expected; what hearken.conf says is the last word, so a
 * disagreement on it is none. Pure. */
#ifndef CONFLICT_H
#define CONFLICT_H

#include "service.h"
#include "source.h"
#include "statement.h"

#define CONFLICTS_MAX	   64
#define CONFLICT_TEXT_SIZE 400

enum conflict_kind {
	CONFLICT_NOT_RENDERED, /* wanted, and the server's own configuration does not open it */
	CONFLICT_NOT_DECLARED, /* a mail port that the server opens, and its product's own file does not want */
	CONFLICT_TLS,
	CONFLICT_PROXY_HEADER,
	CONFLICT_ADDRESS,
};

struct conflict {
	enum conflict_kind kind;
	uint16_t port;
	char text[CONFLICT_TEXT_SIZE]; /* a sentence: which port, who says what, which one counts */
};

struct conflicts { /* zeroed is empty */
	struct conflict list[CONFLICTS_MAX];
	size_t n;
	size_t n_more; /* that found no room */
};

const char *conflict_kind_name(enum conflict_kind kind); /* "not-rendered", "tls" */

/* Adds what there is about @service to @conflicts. @sources: those that the statements' indices mean. */
void conflicts_find(const struct service *service, const struct statements *statements,
		    const struct source *sources, size_t n_sources, struct conflicts *conflicts);

#endif
