/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ought to be served here, and who says what of it: the result of a merge (intent_read.h). */
#ifndef INTENT_H
#define INTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/complaints.h"
#include "intent/declared/compose.h"
#include "intent/declared/mailu.h"
#include "intent/merge/conflicts.h"
#include "intent/merge/statement.h"
#include "intent/rendered/rendering.h"
#include "model/server_names.h"
#include "model/service.h"
#include "model/source.h"

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

void intent_clear(struct intent *intent);

#endif
