// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/precheck.h"

#include <string.h>

#include "base/text.h"
#include "intent/merge/broken.h"
#include "probe/certificate/key_pairs.h"

void precheck_start(struct daemon *daemon, const struct action *action)
{
	for (size_t i = 0; i < DAEMON_REPAIRS_MAX; i++) {
		char *incident = daemon->prechecks[i];

		if (*incident)
			continue;
		memcpy(incident, action->record.incident, INCIDENT_ID_SIZE);
		/* Not here and now: whoever carries out this action still works on the old set. */
		daemon->precheck_usec = daemon_now(daemon).usec;
		daemon_arm(daemon);
		return;
	}
}

static bool is_of(const struct daemon *daemon, size_t service, const char *incident)
{
	struct judge_view view;

	judge_view(daemon->judge, service, &view);
	return view.incident && strcmp(view.incident, incident) == 0;
}

static bool fits(const struct daemon *daemon, const struct service *service, char *detail,
		 size_t size)
{
	const struct source *broken = broken_find(&daemon->intent, service);

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

static void tell(struct daemon *daemon, const char *incident)
{
	struct fact fact = { .kind = FACT_CHECKED };

	fact.checked.ok = true;
	(void)text_copy(fact.checked.incident, sizeof(fact.checked.incident), incident);
	for (size_t i = 0; i < daemon->intent.services.n && fact.checked.ok; i++)
		if (is_of(daemon, i, incident))
			fact.checked.ok = fits(daemon, &daemon->intent.services.list[i],
					       fact.checked.detail, sizeof(fact.checked.detail));
	text_sanitize(fact.checked.detail);
	facts_feed(daemon, &fact);
}

void precheck_finish(struct daemon *daemon)
{
	for (size_t i = 0; i < DAEMON_REPAIRS_MAX; i++) {
		char incident[INCIDENT_ID_SIZE];

		if (!*daemon->prechecks[i])
			continue;
		memcpy(incident, daemon->prechecks[i], sizeof(incident));
		*daemon->prechecks[i] = '\0'; /* before what follows, which may ask again */
		tell(daemon, incident);
	}
}
