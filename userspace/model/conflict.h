/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disagreement between sources about one port: a warning, whoever is right. Pure. */
#ifndef CONFLICT_H
#define CONFLICT_H

#include <stddef.h>
#include <stdint.h>

#define CONFLICTS_MAX	   64
#define CONFLICT_TEXT_SIZE 400

enum conflict_kind {
	CONFLICT_NOT_RENDERED, /* wanted, and the server's own configuration does not open it */
	CONFLICT_NOT_DECLARED, /* a mail port that the server opens, and its product's own file does
				  not want */
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

#endif
