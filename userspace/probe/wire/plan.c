// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/plan.h"

#include <string.h>

static bool is_name(const char *s, size_t size)
{
	size_t n = strnlen(s, size);

	if (n == size)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((signed char)s[i] <= ' ' ||
		    s[i] == 0x7f) /* nor bytes beyond ASCII, which are negative */
			return false;
	return true;
}

bool plan_is_valid(const struct probe_plan *plan)
{
	unsigned char hurried;

	memcpy(&hurried, &plan->hurried,
	       sizeof(hurried)); /* a bool that is 2 must not be read as one */
	if (hurried > 1 || (unsigned int)plan->check >= PROBE_CHECK_COUNT ||
	    (unsigned int)plan->protocol >= PROTOCOL_COUNT ||
	    (unsigned int)plan->tls >= TLS_MODE_COUNT ||
	    (unsigned int)plan->proxy_header > PROXY_HEADER_V1 ||
	    plan->timeout_usec > PLAN_TIMEOUT_MAX)
		return false;
	return is_name(plan->helo_name, sizeof(plan->helo_name)) &&
	       is_name(plan->server_name, sizeof(plan->server_name)) &&
	       strnlen(plan->ca_file, sizeof(plan->ca_file)) < sizeof(plan->ca_file) &&
	       trust_is_valid(&plan->trust);
}
