// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/remarks.h"

#include "base/log.h"
#include "base/text.h"

#define LINE_SIZE 512

static uint64_t hash(const char *s) /* FNV-1a: it need not withstand anybody */
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (; *s; s++)
		value = (value ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return value;
}

static void say_once(struct remarks *remarks, const char *line)
{
	uint64_t value = hash(line);

	for (size_t i = 0; i < REMARKS_MAX; i++)
		if (remarks->said[i] == value)
			return;
	remarks->said[remarks->next++ % REMARKS_MAX] = value;
	log_info("%s", line);
}

/* One a port, at whatever addresses. Who holds it comes with the status, and may change often. */
static void say_surplus(struct remarks *remarks, const struct listener *listener)
{
	char line[LINE_SIZE];

	(void)text_format(
		line, sizeof(line),
		"Port %u is listened on%s%s, and no source expects it: \"hearken status\" "
		"tells whose it is",
		listener->port, *listener->unit ? " by " : "", listener->unit);
	say_once(remarks, line);
}

static void say_notices(struct remarks *remarks, const struct service_view *service)
{
	for (uint32_t i = 0; service->probed && i < service->answer.n_notices; i++) {
		const struct answer_finding *notice = &service->answer.notices[i];
		char line[LINE_SIZE];

		(void)text_format(line, sizeof(line), "%s (%u): notice, no fault: %s: %s",
				  service->service->name, service->service->want.port,
				  finding_name(notice->finding), notice->detail);
		say_once(remarks, line);
	}
}

void remarks_say(struct remarks *remarks, const struct view *view)
{
	for (size_t i = 0; i < view->n_surplus; i++)
		say_surplus(remarks, view->surplus[i]);
	for (size_t i = 0; i < view->n_services; i++)
		say_notices(remarks, &view->services[i]);
}
