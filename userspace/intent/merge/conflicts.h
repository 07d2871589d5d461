/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where sources disagree: declared and not rendered, rendered and not declared, another TLS mode,
 * another address. Found in what each said, of ports that are expected; what hearken.conf says is
 * the last word, so a disagreement on it is none. Pure. */
#ifndef CONFLICTS_H
#define CONFLICTS_H

#include "intent/merge/statement.h"
#include "model/conflict.h"
#include "model/service.h"
#include "model/source.h"

/* Adds what there is about @service to @conflicts. @sources: those that the statements' indices
 * mean. */
void conflicts_find(const struct service *service, const struct statements *statements,
		    const struct source *sources, size_t n_sources, struct conflicts *conflicts);

#endif
