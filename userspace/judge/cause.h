/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a listener is missing, in words of the truth table. Private to judge/; pure. */
#ifndef CAUSE_H
#define CAUSE_H

#include "judge/watch.h"
#include "model/service.h"

/* From what is known of the service, its unit, a failed bind and (a seen closing) the end of its
 * owner; writes the evidence into @detail (RECORD_DETAIL_SIZE). */
enum cause cause_of_missing(const struct policy *policy, const struct service *service,
			    const struct watch *watch, uint64_t now_usec, char *detail);

/* How long to wait before that is an outage. */
uint64_t cause_patience(const struct policy *policy, enum cause cause, const struct watch *watch);

#endif
