// SPDX-License-Identifier: LGPL-2.1-or-later
#include "key_pairs.h"

#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "text.h"

/* Takes the next line out of *@list into @to; false at the end. Lines may be empty. */
static bool take_line(const char **list, char *to, size_t size)
{
	size_t n = strcspn(*list, "\n");

	if (!**list || n >= size)
		return false;
	memcpy(to, *list, n);
	to[n] = '\0';
	*list += n + ((*list)[n] == '\n');
	return true;
}

enum key_pair key_pairs_check(const struct service *service, char *detail, size_t size)
{
	const char *certificates = service->certificate, *keys = service->key;
	char certificate[SERVICE_FILES_SIZE], key[SERVICE_FILES_SIZE];

	*detail = '\0';
	while (take_line(&certificates, certificate, sizeof(certificate))) {
		int r;

		if (!take_line(&keys, key, sizeof(key)))
			*key = '\0';
		r = key_pair_check(certificate, key, time(NULL), detail, size);
		if (r > KEY_PAIR_FITS && r != KEY_PAIR_UNKNOWN)
			return (enum key_pair)r;
	}
	*detail = '\0';
	return KEY_PAIR_FITS;
}
