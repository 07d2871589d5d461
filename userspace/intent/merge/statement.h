/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one source says of one port. The merged service keeps only what counts; these keep it all,
 * so that it can be shown who said what, and where sources disagree. Pure. */
#ifndef STATEMENT_H
#define STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/service.h"

#define STATEMENTS_MAX (4 * SERVICES_MAX)

struct statement {
	enum source_kind kind;
	int source; /* index in intent.sources; -1: hearken.conf or the policy */
	uint16_t port;
	enum protocol protocol; /* these are UNSET, or 0, where nothing was said */
	enum tls_mode tls;
	struct address addresses[SERVICE_ADDRESSES_MAX];
	size_t n_addresses;
	enum proxy_header proxy_header;
	bool expected; /* else it takes the port off */
};

struct statements { /* zeroed is empty; the strongest source first */
	struct statement *list;
	size_t n;
};

/* @service as a source of @kind says it. Returns 0, or -ENOMEM; one too many is not kept. */
int statements_add(struct statements *statements, enum source_kind kind, int source,
		   const struct service *service);
void statements_clear(struct statements *statements);

/* A server's own configuration: dovecot, postfix and so on. */
bool source_is_rendered(enum source_kind kind);

/* What an operator wrote for a product that renders it: mailu.env and so on. */
bool source_is_declared(enum source_kind kind);

#endif
