// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/precheck.h"

#include <string.h>

#include "base/text.h"
#include "intent/merge/broken.h"
#include "probe/disk/key_pairs.h"

bool prechecks_add(struct prechecks *prechecks, const char *incident)
{
	for (size_t i = 0; i < PRECHECKS_MAX; i++) {
		if (*prechecks->incidents[i])
			continue;
		(void)text_copy(prechecks->incidents[i], INCIDENT_ID_SIZE, incident);
		return true;
	}
	return false;
}

bool precheck_fits(const struct intent *intent, const struct service *service, char *detail,
		   size_t size)
{
	const struct source *broken = broken_find(intent, service);

	if (broken) {
		(void)text_format(detail, size, "%s", broken_why(broken));
		return false;
	}
	if (service->provenance.rendered == RENDERED_NO) {
		(void)text_format(detail, size,
				  "the server's own configuration does not open port %u",
				  service->want.port);
		return false;
	}
	/* One that has expired is served all the same, so it does not keep the server from coming
	 * back. */
	switch (key_pairs_check(service, detail, size)) {
	case KEY_PAIR_NO_CERTIFICATE:
	case KEY_PAIR_NO_KEY:
	case KEY_PAIR_MISMATCH:
		return false;
	case KEY_PAIR_FITS:
	case KEY_PAIR_UNKNOWN:
	case KEY_PAIR_EXPIRED:
		break;
	}
	return true;
}

static bool is_of(const struct judge *judge, size_t service, const char *incident)
{
	struct judge_view view;

	judge_view(judge, service, &view);
	return view.incident && strcmp(view.incident, incident) == 0;
}

static void tell(struct core *core, const struct intent *intent, const char *incident)
{
	struct fact fact = core_fact(core, FACT_CHECKED, 0);

	fact.checked.ok = true;
	(void)text_copy(fact.checked.incident, sizeof(fact.checked.incident), incident);
	for (size_t i = 0; i < intent->services.n && fact.checked.ok; i++)
		if (is_of(core_judge(core), i, incident))
			fact.checked.ok =
				precheck_fits(intent, &intent->services.list[i],
					      fact.checked.detail, sizeof(fact.checked.detail));
	text_sanitize(fact.checked.detail);
	(void)core_post(core, &fact);
}

void prechecks_finish(struct prechecks *prechecks, struct core *core, const struct intent *intent)
{
	const struct prechecks asked = *prechecks;

	memset(prechecks, 0, sizeof(*prechecks)); /* who asks again waits for the next reading */
	for (size_t i = 0; i < PRECHECKS_MAX; i++)
		if (*asked.incidents[i])
			tell(core, intent, asked.incidents[i]);
}
