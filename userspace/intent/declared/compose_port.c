// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/compose_port.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define ENTRY_SIZE 256

/* "587" or "8000-8005". */
static int parse_range(const char *s, uint16_t *first, uint16_t *last)
{
	const char *dash = strchr(s, '-');
	char word[16];

	if (!dash) {
		if (text_port(s, first) < 0)
			return -EINVAL;
		*last = *first;
		return 0;
	}
	if ((size_t)(dash - s) >= sizeof(word))
		return -EINVAL;
	memcpy(word, s, (size_t)(dash - s));
	word[dash - s] = '\0';
	if (text_port(word, first) < 0 || text_port(dash + 1, last) < 0 || *last < *first)
		return -EINVAL;
	return 0;
}

int compose_range_long(const char *target, const char *published, const char *host_ip,
		       const char *protocol, struct compose_range *ret)
{
	struct compose_range range = { 0 };
	uint16_t host_last = 0;

	range.is_tcp = !*protocol || strcasecmp(protocol, "tcp") == 0;
	if (parse_range(target, &range.first, &range.last) < 0)
		return -EINVAL;
	if (strcmp(published, "0") == 0) /* as docker would have it */
		published = "";
	if (*published && parse_range(published, &range.host_first, &host_last) < 0)
		return -EINVAL;
	/* One port inside, and several on the host to choose from: docker takes whichever is free.
	 */
	if (*published && range.first == range.last && host_last > range.host_first)
		range.host_first = 0;
	else if (*published && host_last - range.host_first != range.last - range.first)
		return -EINVAL;
	if (*host_ip) {
		if (address_parse(host_ip, &range.address) < 0 || range.address.family == 0)
			return -EINVAL;
		range.has_address = true;
	}
	*ret = range;
	return 0;
}

int compose_range_short(const char *value, struct compose_range *ret)
{
	char entry[ENTRY_SIZE], *protocol, *target, *published, *host = (char *)"";

	if (text_copy(entry, sizeof(entry), value) < 0)
		return -EINVAL;
	protocol = strchr(entry, '/');
	if (protocol)
		*protocol++ = '\0';
	target = strrchr(entry, ':');
	if (!target)
		return compose_range_long(entry, "", "", protocol ? protocol : "", ret);
	*target++ = '\0';
	published = strrchr(entry, ':');
	if (published) {
		*published++ = '\0';
		host = entry; /* its own colons may be in brackets, or not */
	} else {
		published = entry;
	}
	return compose_range_long(target, published, host, protocol ? protocol : "", ret);
}
