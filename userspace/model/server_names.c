// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/server_names.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

bool server_name_is_valid(const char *name)
{
	size_t n = strlen(name);

	for (const char *s = name; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(".-_:", *s))
			return false;
	return n > 0 && n < HOST_NAME_SIZE && name[0] != '.' && name[0] != '-';
}

static bool is_same(const struct server_name *known, const char *name, size_t n)
{
	return strlen(known->name) == n && strncasecmp(known->name, name, n) == 0;
}

int server_names_add(struct server_names *names, const char *name, uint32_t sources,
		     uint32_t protocols)
{
	struct server_name *fresh;
	size_t n = strlen(name);

	if (!server_name_is_valid(name))
		return -EINVAL;
	if (n > 1 && name[n - 1] == '.') /* the root, which a certificate has not */
		n--;
	for (size_t i = 0; i < names->n; i++) {
		struct server_name *known = &names->list[i];

		if (!is_same(known, name, n))
			continue;
		known->sources |= sources;
		known->protocols = known->protocols && protocols ? known->protocols | protocols : 0;
		return 0;
	}
	if (names->n == SERVER_NAMES_MAX) {
		names->n_more++;
		return -ENOSPC;
	}
	fresh = &names->list[names->n++];
	*fresh = (struct server_name){ .sources = sources, .protocols = protocols };
	memcpy(fresh->name, name, n);
	return 0;
}

bool server_name_is_of(const struct server_name *name, enum protocol protocol)
{
	return !name->protocols || name->protocols & UINT32_C(1) << protocol;
}

bool server_name_is_said(const struct server_name *name)
{
	return name->sources != 0;
}
