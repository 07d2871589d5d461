// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dovecot_host.h"

#include <glob.h>
#include <unistd.h>

#include "cleanup.h"

static const char *const doveconf_programs[] = {
	"/usr/bin/doveconf", "/usr/local/bin/doveconf", "/usr/sbin/doveconf", "/opt/dovecot/bin/doveconf",
};

static const char *const signs[] = {
	"/run/dovecot/master.pid",
	"/etc/systemd/system/*.wants/dovecot.service",
	"/etc/systemd/system/sockets.target.wants/dovecot.socket",
	"/etc/rc[2-5].d/S[0-9][0-9]dovecot",
	"/etc/runlevels/default/dovecot",
};

const char *dovecot_find_doveconf(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(doveconf_programs); i++)
		if (access(doveconf_programs[i], X_OK) == 0)
			return doveconf_programs[i];
	return NULL;
}

bool dovecot_is_meant(void)
{
	bool found = false;

	if (!dovecot_find_doveconf() || access(DOVECOT_CONFIG, F_OK) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signs) && !found; i++) {
		glob_t paths = { 0 };

		found = glob(signs[i], GLOB_NOSORT, NULL, &paths) == 0;
		globfree(&paths);
	}
	return found;
}
