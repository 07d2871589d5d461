/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ought to be served here: finds the sources, reads them, merges what they say.
 *
 * hearken.conf is stronger than what is declared (mailu.env), that than what is rendered (doveconf,
 * postconf), and the default policy is the weakest; but the policy takes the TLS ports off where
 * TLS is off, unless hearken.conf says "expected = yes". The stronger source gives a service's
 * fields, the weaker fills in what it left open, and each is kept in service.sources. A source that
 * cannot be read is reported as broken and the rest counts.
 *
 * An event loop takes intent_tools_find(), runs what that names by itself (spawn.h), and calls
 * intent_merge(); intent_read() is all of it, and waits up to INTENT_TOOL_USEC for each server. */
#ifndef INTENT_H
#define INTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/complaints.h"
#include "intent/config/config.h"
#include "intent/declared/compose.h"
#include "intent/declared/mailu.h"
#include "intent/merge/conflicts.h"
#include "intent/merge/last_good.h"
#include "intent/merge/statement.h"
#include "intent/rendered/intent_tools.h"
#include "model/server_names.h"
#include "model/service.h"
#include "model/source.h"

#define INTENT_RENDER_SIZE 1024

#define DECLARED_PORTS_MAX 16

/* Of the first product that was declared: where its words are, for who is to change them. */
struct declared_facts {
	enum source_kind kind; /* SOURCE_CONFIG: there is none */
	char file[SOURCE_PATH_SIZE];
	char ports[MAILU_PORTS_SIZE]; /* Mailu's PORTS as it is written, or its default */
	char ports_file[SOURCE_PATH_SIZE];
	uint16_t inside[DECLARED_PORTS_MAX]; /* opened in the container, published or not */
	size_t n_inside;
	char compose_file[COMPOSE_FILE_SIZE]; /* what publishes its ports; empty: nothing is known
					       */
	char compose_service[COMPOSE_NAME_SIZE];
};

struct intent { /* zeroed is empty; what is copied is still one, to be cleared once */
	struct service_set services; /* sorted; also those not expected, with who takes them off */
	struct source *sources;	     /* room for SOURCES_MAX */
	size_t n_sources;
	struct statements statements; /* what each of them said */
	struct conflicts conflicts;   /* what they disagree on */
	struct complaints
		complaints;  /* about [listener] sections and sources this version cannot read */
	bool anything_spoke; /* a source was read, or hearken.conf has a listener */
	struct server_names names; /* what clients call this host */
	uint32_t declared;	   /* 1 << enum source_kind: the products whose words count */
	struct server_traits servers[SOURCE_KIND_COUNT]; /* those whose configuration was read */
	struct declared_facts facts;
};

/* @tools: what they printed, or NULL: none was asked. Reads the other sources' files. Returns 0 or
 * -ENOMEM, with *@ret untouched; the caller releases it with intent_clear(). @memory (may be NULL):
 * of the merges before; a source that is broken now counts with its last word. */
int intent_merge(const struct config *config, const struct intent_tools *tools,
		 struct last_good *memory, struct intent *ret);

/* @inside, @containers: as for intent_tools_find(). */
int intent_read(const struct config *config, pid_t inside, const struct container_set *containers,
		struct intent *ret);
void intent_clear(struct intent *intent);

/* What an administrator would write, and where, to have @service opened: a block for Dovecot, lines
 * for Postfix's master.cf, the line for mailu.env. Several lines, no newline at the end. Returns 0,
 * -E2BIG with what fits, or -ENOENT, with
 * @to empty, when no source here could open it. */
int intent_render_line(const struct intent *intent, const struct service *service, char *to,
		       size_t size);

#endif
