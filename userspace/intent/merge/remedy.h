/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an administrator would write into a product's files to have a port opened. Pure. */
#ifndef REMEDY_H
#define REMEDY_H

#include "intent/merge/intent.h"

/* Returns 0, -E2BIG with what fits, or -ENOENT: nothing is known that would. */
int remedy_declared(const struct declared_facts *facts, const struct service *service, char *to,
		    size_t size);

#endif
