// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/intent.h"

#include <stdlib.h>
#include <string.h>

void intent_clear(struct intent *intent)
{
	service_set_clear(&intent->services);
	statements_clear(&intent->statements);
	free(intent->sources);
	memset(intent, 0, sizeof(*intent));
}
