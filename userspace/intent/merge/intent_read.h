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
#ifndef INTENT_READ_H
#define INTENT_READ_H

#include <sys/types.h>

#include "intent/config/config.h"
#include "intent/merge/intent.h"
#include "intent/merge/last_good.h"
#include "intent/rendered/intent_tools.h"
#include "model/container.h"

/* @tools: what they printed, or NULL: none was asked. Reads the other sources' files. Returns 0 or
 * -ENOMEM, with *@ret untouched; the caller releases it with intent_clear(). @memory (may be NULL):
 * of the merges before; a source that is broken now counts with its last word. */
int intent_merge(const struct config *config, const struct intent_tools *tools,
		 struct last_good *memory, struct intent *ret);

/* @inside, @containers: as for intent_tools_find(). */
int intent_read(const struct config *config, pid_t inside, const struct container_set *containers,
		struct intent *ret);

#endif
