// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/round.h"

#include <errno.h>

struct round round_moved(const struct round *round)
{
	struct round moved = *round;

	moved.is_open = false;
	moved.asked = moved.waiting = moved.under_way = 0;
	return moved;
}

void round_forget_seen(struct round *round)
{
	struct answer nobody = { .complete = true };

	answer_add(&nobody, FINDING_UNREACHABLE, "nobody listens any more");
	for (int v = 0; v < VANTAGE_COUNT; v++)
		if (round->answers.given & UINT32_C(1) << v)
			round->answers.list[v] = nobody;
	round->combined = (struct answer){ .complete = false };
	round->answered = false;
	round->disk = (struct disk_word){ .disk = DISK_UNKNOWN };
}

bool round_has_no_vantage(const struct round *round, enum vantage vantage, int r)
{
	static const struct address loopback = { .family = AF_INET6, .bytes = { [15] = 1 } };

	return address_equal(&round->addresses[vantage], &loopback) &&
	       round->asked != UINT32_C(1) << vantage &&
	       (r == EADDRNOTAVAIL || r == ENETUNREACH || r == -EAFNOSUPPORT);
}
