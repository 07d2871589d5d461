// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/usage.h"

#include <stdio.h>

int usage_wrong(const char *name)
{
	fprintf(stderr, "\"%s --help\" says what it takes\n", name);
	return COMMAND_USAGE;
}
