// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/plan.h"

#include <string.h>

#define SMTP_PORT 25

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

enum scrutiny plan_scrutiny(enum protocol protocol, enum tls_mode tls, uint16_t port,
			    const struct trust *trust, bool is_local)
{
	bool is_asked = trust->n_pins > 0 || trust->n_tlsa > 0;

	if (protocol == PROTOCOL_SMTP && tls == TLS_STARTTLS_OPTIONAL)
		return is_asked ? SCRUTINY_WARNING : is_local ? SCRUTINY_LOCAL : SCRUTINY_NOTICE;
	if ((protocol == PROTOCOL_LMTP || is_local) && !is_asked)
		return SCRUTINY_LOCAL;
	if (protocol == PROTOCOL_SMTP && tls == TLS_STARTTLS && port == SMTP_PORT)
		return SCRUTINY_WARNING;
	return SCRUTINY_FULL;
}

/* A bool that is 2 must not be read as one. */
static bool is_bool(const bool *value)
{
	unsigned char byte;

	memcpy(&byte, value, sizeof(byte));
	return byte <= 1;
}

bool plan_is_valid(const struct probe_plan *plan)
{
	if (!is_bool(&plan->hurried) || !is_bool(&plan->name_is_guess) ||
	    (unsigned int)plan->scrutiny >= SCRUTINY_COUNT ||
	    (unsigned int)plan->check >= PROBE_CHECK_COUNT ||
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
