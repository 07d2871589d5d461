// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/statement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int statements_add(struct statements *statements, enum source_kind kind, int source,
		   const struct service *service)
{
	struct statement *list, *statement;

	if (statements->n == STATEMENTS_MAX)
		return 0;
	list = realloc(statements->list, (statements->n + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	statements->list = list;
	statement = &list[statements->n++];
	*statement = (struct statement){
		.kind = kind,
		.source = source,
		.port = service->want.port,
		.protocol = service->want.protocol,
		.tls = service->want.tls,
		.n_addresses = service->want.n_addresses,
		.proxy_header = service->want.proxy_header,
		.expected = service->expected,
	};
	memcpy(statement->addresses, service->want.addresses, sizeof(statement->addresses));
	return 0;
}

void statements_clear(struct statements *statements)
{
	free(statements->list);
	*statements = (struct statements){ 0 };
}

bool source_is_rendered(enum source_kind kind)
{
	return kind >= SOURCE_DOVECOT && kind <= SOURCE_SYSTEMD;
}

bool source_is_declared(enum source_kind kind)
{
	return kind >= SOURCE_MAILU && kind <= SOURCE_DOCKER_MAILSERVER;
}
