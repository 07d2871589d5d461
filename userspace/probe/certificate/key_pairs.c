// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/certificate/key_pairs.h"

#include <time.h>

#include "base/text.h"

enum key_pair key_pairs_check(const struct service *service, char *detail, size_t size)
{
	const char *certificates = service->server.certificate, *keys = service->server.key;
	char certificate[SERVICE_FILES_SIZE], key[SERVICE_FILES_SIZE];

	*detail = '\0';
	while (text_line(&certificates, certificate, sizeof(certificate))) {
		int r;

		(void)text_line(&keys, key, sizeof(key));
		r = key_pair_check(certificate, key, time(NULL), detail, size);
		if (r == KEY_PAIR_NO_KEY && service->server.keys_unknown)
			continue;
		if (r > KEY_PAIR_FITS && r != KEY_PAIR_UNKNOWN)
			return (enum key_pair)r;
	}
	*detail = '\0';
	return KEY_PAIR_FITS;
}
