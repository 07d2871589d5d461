// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/view.h"

const struct answer_finding *view_also(const struct service_view *service, uint32_t *ret_n)
{
	const struct answer *answer = &service->answer;
	bool is_its = service->probed && service->finding != FINDING_NONE &&
		      answer->finding == service->finding && answer->n_findings > 0;

	*ret_n = is_its ? answer->n_findings - 1 : 0;
	return answer->findings + 1;
}
