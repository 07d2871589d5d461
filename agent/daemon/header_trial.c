// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/header_trial.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/wire/proxy.h"

#define PAUSE_MIN_USEC \
	(10 * USEC_PER_SEC) /* between two trials; four times as long after each in vain ... */
#define PAUSE_MAX_USEC (3600 * USEC_PER_SEC) /* ... up to this */

static uint64_t pause_after(unsigned int tries)
{
	uint64_t pause = PAUSE_MIN_USEC;

	while (--tries > 0 && pause < PAUSE_MAX_USEC)
		pause *= 4;
	return pause < PAUSE_MAX_USEC ? pause : PAUSE_MAX_USEC;
}

bool header_trial_is_due(const struct header_trial *trial, uint64_t now)
{
	return !trial->tries || now - trial->tried_usec >= pause_after(trial->tries);
}

enum proxy_header header_trial_start(struct header_trial *trial, uint64_t now)
{
	trial->tried_usec = now;
	return trial->tries++ % 2 ? PROXY_HEADER_V1 : PROXY_HEADER_V2;
}

void header_trial_end(struct header_trial *trial, enum proxy_header header, enum tls_mode tls,
		      const struct answer *answer)
{
	if (header != PROXY_HEADER_NO && proxy_has_helped(answer, tls))
		trial->learned = header;
	else if (header == PROXY_HEADER_NO && answer->complete && !proxy_may_help(answer))
		trial->learned = PROXY_HEADER_NO;
}

void header_trial_note(struct header_trial *trial, enum proxy_header header,
		       const struct service *service, struct answer *answer)
{
	char option[SERVICE_NAME_SIZE + 64];

	if (proxy_has_helped(answer, service->want.tls))
		trial->tries = 0;
	if (!trial->learned || header != trial->learned)
		return;
	(void)text_format(option, sizeof(option), "\"proxy-header = %s\" in [listener %s]",
			  header == PROXY_HEADER_V1 ? "v1" : "v2", service->name);
	if (!proxy_has_helped(answer, service->want.tls))
		trial->learned = PROXY_HEADER_NO;
	else if (service->want.proxy_header == PROXY_HEADER_NO)
		proxy_explain(answer, option);
}
