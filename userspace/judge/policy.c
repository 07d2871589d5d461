// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/policy.h"

#include "base/cleanup.h"

const struct policy policy_default = {
	.repair = RUNG_NONE,
	.repair_limit = 3,
	.repair_window_usec = 3600 * USEC_PER_SEC,
	.probe_interval_usec = 60 * USEC_PER_SEC,
	.reload_grace_usec = 2 * USEC_PER_SEC,
	.restart_grace_usec = 5 * USEC_PER_SEC,
	.container_grace_usec = 30 * USEC_PER_SEC,
	.container_memory_usec = 600 * USEC_PER_SEC,
	.container_word_usec = 250 * USEC_PER_MSEC,
	.job_grace_usec = 120 * USEC_PER_SEC,
	.settle_usec = 500 * USEC_PER_MSEC,
	.proof_usec = 30 * USEC_PER_SEC,
	.check_usec = 30 * USEC_PER_SEC,
	.bind_memory_usec = 60 * USEC_PER_SEC,
	.confirm_usec = 2 * USEC_PER_SEC,
	.hold_usec = 3 * USEC_PER_SEC,
	.falls_max = 3,
	.falls_window_usec = 600 * USEC_PER_SEC,
	.queue_patience_usec = 5 * USEC_PER_SEC,
};
