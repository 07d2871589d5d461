/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answers of one service: one for each place from where it was asked. Pure. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <stdint.h>

#include "model/address.h"
#include "model/answer.h"

/* Inside the listener's network namespace, and at the address that clients use, from the host. A
 * family each: they are different sockets nearly everywhere, and fail one by one. */
enum vantage {
	VANTAGE_INSIDE_IPV4,
	VANTAGE_INSIDE_IPV6,
	VANTAGE_PUBLISHED_IPV4,
	VANTAGE_PUBLISHED_IPV6,
	VANTAGE_COUNT,
};

const char *vantage_name(enum vantage vantage); /* "inside-ipv4" */

struct answers {	/* zeroed: there are none */
	uint32_t given; /* 1 << enum vantage */
	struct address addresses[VANTAGE_COUNT];
	struct answer list[VANTAGE_COUNT];
};

void answers_add(struct answers *answers, enum vantage vantage, const struct address *address,
		 const struct answer *answer);

/* What they say together: the gravest finding, of equals the one from further inside. Where they
 * differ, the detail names who says what. Not complete when one place could not be asked and no
 * other has a critical finding: what is not known is neither up nor recovered. */
void answers_combine(const struct answers *answers, struct answer *ret);

#endif
