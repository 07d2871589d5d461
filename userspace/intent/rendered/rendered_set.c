// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/rendered_set.h"

#include <stdlib.h>

void rendered_set_clear(struct rendered_set *rendered)
{
	for (size_t i = 0; i < rendered->n; i++)
		rendering_clear(&rendered->list[i].rendering);
	free(rendered->list);
	*rendered = (struct rendered_set){ 0 };
}
