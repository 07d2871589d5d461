// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/injection.h"

#include "base/cleanup.h"

#define INTERVAL_USEC (86400 * USEC_PER_SEC)
#define RETRY_USEC \
	(3600 * USEC_PER_SEC) /* nothing was found out; or a fault that may be mended by now */

bool injection_is_due(const struct injection *injection, const struct service *service,
		      const struct answer *answer, uint64_t now_usec)
{
	if (service->want.tls != TLS_STARTTLS && service->want.tls != TLS_STARTTLS_OPTIONAL)
		return false;
	/* Where TLS cannot be had, there is no inside for a command to get into. */
	return answer->complete && answer->tls_version[0] && now_usec >= injection->due_usec;
}

void injection_take(struct injection *injection, const struct answer *answer, uint64_t now_usec)
{
	bool is_obeyed = answer->finding == FINDING_COMMAND_INJECTION;
	/* That nobody could be reached, say, is none of this check's business. */
	bool is_told = answer->complete && (is_obeyed || answer->finding == FINDING_NONE);

	injection->due_usec = now_usec + (is_told && !is_obeyed ? INTERVAL_USEC : RETRY_USEC);
	if (is_told)
		injection->found = *answer;
}
