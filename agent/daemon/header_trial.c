// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/header_trial.h"

#include "base/cleanup.h"

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
