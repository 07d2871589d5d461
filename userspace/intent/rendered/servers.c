// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/servers.h"

#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/dovecot.h"
#include "intent/rendered/exim.h"
#include "intent/rendered/nginx.h"
#include "intent/rendered/opensmtpd.h"
#include "intent/rendered/postfix.h"

const struct server_kind *const servers[] = {
	&dovecot_server, &postfix_server, &exim_server, &opensmtpd_server, &nginx_server,
};

const size_t n_servers = ARRAY_SIZE(servers);

const struct server_kind *servers_find(enum source_kind kind)
{
	for (size_t i = 0; i < n_servers; i++)
		if (servers[i]->kind == kind)
			return servers[i];
	return NULL;
}

bool server_owns_unit(const struct server_kind *server, const char *unit)
{
	const char *own = server->unit(), *rest;
	char stem[UNIT_NAME_SIZE];

	(void)text_format(stem, sizeof(stem), "%.*s", (int)strcspn(own, "@."), own);
	rest = text_after(unit, stem);
	return rest && (*rest == '.' || *rest == '@');
}

const struct server_kind *servers_find_unit(const char *unit)
{
	for (size_t i = 0; i < n_servers; i++)
		if (server_owns_unit(servers[i], unit))
			return servers[i];
	return NULL;
}

const char *server_program(const struct server_kind *server)
{
	for (size_t i = 0; server->programs[i]; i++)
		if (access(server->programs[i], X_OK) == 0)
			return server->programs[i];
	return NULL;
}

const char *server_config(const struct server_kind *server)
{
	for (size_t i = 0; server->configs[i]; i++)
		if (access(server->configs[i], F_OK) == 0)
			return server->configs[i];
	return server->configs[0];
}

bool server_is_meant(const struct server_kind *server)
{
	char why[SOURCE_WHY_SIZE];

	return server_explain(server, why);
}

bool server_explain(const struct server_kind *server, char why[static SOURCE_WHY_SIZE])
{
	bool found = false;

	if (server->programs[0] && !server_program(server)) {
		(void)text_format(why, SOURCE_WHY_SIZE, "%s is not installed", server->tool);
		return false;
	}
	if (access(server_config(server), F_OK) < 0) {
		(void)text_format(why, SOURCE_WHY_SIZE, "there is no %s", server_config(server));
		return false;
	}
	(void)text_copy(why, SOURCE_WHY_SIZE,
			"it is there, but neither started at boot nor running");
	for (size_t i = 0; server->signs[i] && !found; i++) {
		glob_t paths = { 0 };

		found = glob(server->signs[i], GLOB_NOSORT, NULL, &paths) == 0;
		if (found)
			(void)text_format(why, SOURCE_WHY_SIZE, "told by %s", paths.gl_pathv[0]);
		globfree(&paths);
	}
	return found;
}
