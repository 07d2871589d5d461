// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/silence.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LINE_SIZE 512

static int take_value(const char *key, const char *value, uint64_t written_sec, struct silence *ret,
		      char *why, size_t size)
{
	uint64_t usec;

	if (strcmp(key, "target") == 0 && *value)
		return text_copy(ret->target, sizeof(ret->target), value) < 0 ? -EINVAL : 0;
	if (strcmp(key, "reason") == 0) {
		(void)text_copy(ret->reason, sizeof(ret->reason), value);
		text_sanitize(ret->reason);
		return 0;
	}
	if (strcmp(key, "until") == 0 &&
	    text_u64(value, INT32_MAX * UINT64_C(64), &ret->until_sec) >= 0)
		return 0;
	if (strcmp(key, "for") == 0 && text_duration(value, &usec) >= 0) {
		ret->until_sec = written_sec + usec / USEC_PER_SEC;
		return 0;
	}
	(void)text_format(why, size, "\"%s = %s\" is not understood", key, value);
	text_sanitize(why);
	return -EINVAL;
}

int silence_parse(const char *text, uint64_t written_sec, struct silence *ret, char *why,
		  size_t size)
{
	struct silence silence = { .target = "all" };
	char line[LINE_SIZE];

	while (text_line(&text, line, sizeof(line))) {
		char *key = text_trim(line), *equals = strchr(key, '=');
		int r;

		if (!*key || *key == '#')
			continue;
		if (equals)
			*equals = '\0';
		r = take_value(text_trim(key), equals ? text_trim(equals + 1) : "", written_sec,
			       &silence, why, size);
		if (r < 0)
			return r;
	}
	if (!silence.until_sec || silence.until_sec > written_sec + SILENCE_LONGEST_SEC) {
		(void)text_copy(why, size, "it has no end, or one that is more than a year away");
		return -EINVAL;
	}
	*ret = silence;
	return 0;
}

int silence_format(const struct silence *silence, char *to, size_t size)
{
	return text_format(to, size, "target = %s\nuntil = %" PRIu64 "\nreason = %s\n",
			   silence->target, silence->until_sec, silence->reason);
}

static bool is_unit(const char *target, const char *unit)
{
	const char *rest = text_after(unit, target);

	return *unit && rest && (!*rest || strcmp(rest, ".service") == 0 || *rest == '@');
}

bool silence_covers(const struct silence *silence, const struct service *service)
{
	const char *target = silence->target;
	uint16_t port;

	return strcmp(target, "all") == 0 || strcmp(target, service->name) == 0 ||
	       is_unit(target, service->server.unit) ||
	       (*service->server.container && strcmp(target, service->server.container) == 0) ||
	       (text_port(target, &port) >= 0 && port == service->want.port);
}

void silence_tell(const struct silence *silence, char *to, size_t size)
{
	char until[32];

	(void)text_show_time((int64_t)silence->until_sec, "%Y-%m-%d %H:%M:%S UTC", until,
			     sizeof(until));
	(void)text_format(to, size, "%s until %s%s%s%s", silence->target, until,
			  *silence->reason ? " (" : "", silence->reason,
			  *silence->reason ? ")" : "");
}

const struct silence *silence_find(const struct silence *list, size_t n,
				   const struct service *service, uint64_t now_sec)
{
	const struct silence *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (list[i].until_sec > now_sec && silence_covers(&list[i], service) &&
		    (!best || list[i].until_sec > best->until_sec))
			best = &list[i];
	return best;
}
