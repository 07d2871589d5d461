/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of expectations: what the merge of sources cannot know of a service, whether anybody said
 * its unit, and what an administrator would write to have it. */
#ifndef COMPLETION_H
#define COMPLETION_H

#include "intent/config/config.h"
#include "intent/merge/intent.h"
#include "model/container.h"

/* @before: the set until now; a unit that was learned by sight goes on. @containers: of this host,
 * or NULL. */
void completion_fill(const struct config *config, const struct service_set *before,
		     const struct container_set *containers, struct intent *intent);

#endif
