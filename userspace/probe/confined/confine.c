// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/confined/confine.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "probe/confined/sandbox.h"
#include "probe/tls/trouble.h"

#define PROBER_USER "hearken-prober"
/* Where there is no such user: of the numbers that nobody gives to anybody (systemd's UIDS-GIDS.md:
 * 65520 to 65533 are unused). */
#define UNUSED_ID 65533

int confine_warm_up(struct tls_store *store, const char *ca_file)
{
	const struct trust trust = { 0 };
	char bytes[4096];
	struct tls *tls;
	int r;

	tzset(); /* of gmtime(), too */
	r = tls_new(&tls, store, ca_file, "warm-up.invalid", &trust, time(NULL));
	if (r < 0)
		return trouble_has_lost_memory() ? -ENOMEM : r;
	(void)tls_handshake(tls);
	while (tls_pull(tls, bytes, sizeof(bytes)) > 0)
		;
	tls_free(tls);
	return trouble_has_lost_memory() ? -ENOMEM : 0;
}

/* Not getpwnam(), which may ask the network. */
static void find_user(uid_t *ret_uid, gid_t *ret_gid)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	*ret_uid = *ret_gid = UNUSED_ID;
	while (file && (entry = fgetpwent(file))) {
		if (strcmp(entry->pw_name, PROBER_USER) != 0 || entry->pw_uid == 0)
			continue;
		*ret_uid = entry->pw_uid;
		*ret_gid = entry->pw_gid;
	}
	if (file)
		fclose(file);
}

int confine_enter(unsigned int walls, unsigned int files, pid_t parent)
{
	struct sandbox sandbox = { .walls = walls, .files = files, .parent = parent };

	find_user(&sandbox.uid, &sandbox.gid);
	return sandbox_enter(&sandbox);
}
