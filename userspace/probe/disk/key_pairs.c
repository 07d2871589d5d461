// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/disk/key_pairs.h"

#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/disk/disk_file.h"

enum key_pair key_pairs_check(const struct service *service, char *detail, size_t size)
{
	const char *certificates = service->server.certificate, *keys = service->server.key;
	char certificate[SERVICE_FILES_SIZE], key[SERVICE_FILES_SIZE];
	cleanup(fd_closep) int root = DISK_HERE;

	*detail = '\0';
	if (disk_root(service, &root) < 0)
		return KEY_PAIR_FITS; /* nothing is known of what is not there */
	while (text_line(&certificates, certificate, sizeof(certificate))) {
		int r;

		(void)text_line(&keys, key, sizeof(key));
		r = key_pair_check(root, certificate, key, time(NULL), detail, size);
		if (r == KEY_PAIR_NO_KEY && service->server.keys_unknown)
			continue;
		if (r > KEY_PAIR_FITS && r != KEY_PAIR_UNKNOWN)
			return (enum key_pair)r;
	}
	*detail = '\0';
	return KEY_PAIR_FITS;
}
