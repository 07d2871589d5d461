// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/discover.h"

#include "intent/declared/discover_docker.h"
#include "intent/declared/discover_processes.h"

int discover(const char *root, struct discovery *ret)
{
	int r;

	*ret = (struct discovery){ 0 };
	/* What runs tells more than what lies about. */
	r = discover_docker(root, ret);
	if (r >= 0)
		r = discover_processes(root, ret);
	discovery_look_in_places(ret, root);
	return r;
}
