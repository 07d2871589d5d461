// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/intent_tools.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/spawn.h"
#include "base/text.h"
#include "intent/rendered/rendering.h"

#define SYSTEMCTL "/usr/bin/systemctl"
#define NOWHERE	  ((pid_t)-1) /* in a container that is not there */

/* What follows the program: the option and the path that hearken.conf names, if it does, then
 * these. */
static const struct {
	enum tool_kind kind;
	enum source_kind server;
	const char *option;
	const char *args[4];
} tool_rows[] = {
	{ TOOL_DOVECONF, SOURCE_DOVECOT, "-c", { "-a", "-P" } },
	{ TOOL_POSTCONF_MASTER, SOURCE_POSTFIX, "-c", { "-M" } },
	{ TOOL_POSTCONF_OPTIONS, SOURCE_POSTFIX, "-c", { "-P", "-x" } },
	{ TOOL_POSTCONF_MAIN, SOURCE_POSTFIX, "-c", { "-x" } },
	{ TOOL_EXIM, SOURCE_EXIM, "-C", { "-bP" } },
};

static void add_tool(struct rendered_server *server, enum tool_kind kind, const char *const argv[])
{
	struct intent_tool *tool = &server->tools[server->n_tools++];

	*tool = (struct intent_tool){ .kind = kind };
	for (size_t i = 0; argv[i]; i++)
		tool->argv[i] = argv[i];
}

/* Which of its programs is there; in a container a link may lead elsewhere than it seems, so any
 * will do. */
static const char *find_program(const struct server_kind *server, pid_t inside)
{
	char path[SOURCE_PATH_SIZE];
	struct stat st;

	if (!inside)
		return server_program(server);
	for (size_t i = 0; server->programs[i]; i++) {
		(void)text_format(path, sizeof(path), "/proc/%d/root%s", (int)inside,
				  server->programs[i]);
		if (lstat(path, &st) == 0)
			return server->programs[i];
	}
	return server->programs[0];
}

static void add_tools(struct rendered_server *server, pid_t inside, bool has_path)
{
	const char *program = find_program(server->server, inside);

	for (size_t i = 0; i < ARRAY_SIZE(tool_rows); i++) {
		const char *argv[INTENT_TOOL_ARGS] = { program };
		size_t n = 1;

		if (tool_rows[i].server != server->server->kind)
			continue;
		if (has_path) {
			argv[n++] = tool_rows[i].option;
			argv[n++] = server->path;
		}
		for (size_t j = 0; j < ARRAY_SIZE(tool_rows[i].args) && tool_rows[i].args[j]; j++)
			argv[n++] = tool_rows[i].args[j];
		add_tool(server, tool_rows[i].kind, argv);
		if (!program && !inside) /* there, it is for the attempt to tell */
			intent_tool_done(&server->tools[server->n_tools - 1], -ENOENT, NULL);
	}
}

/* systemd opens Dovecot's ports where its socket unit is enabled. */
static void add_socket(struct rendered_server *server)
{
	static const char *const argv[] = { SYSTEMCTL, "show",	 "dovecot.socket",
					    "-p",      "Listen", NULL };
	static const char pattern[] = "/etc/systemd/system/*.wants/dovecot.socket";
	glob_t paths = { 0 };

	if (server->server->kind == SOURCE_DOVECOT &&
	    glob(pattern, GLOB_NOSORT, NULL, &paths) == 0 && access(SYSTEMCTL, X_OK) == 0)
		add_tool(server, TOOL_DOVECOT_SOCKET, argv);
	globfree(&paths);
}

static void add_server(struct intent_tools *tools, const struct server_kind *row, const char *path,
		       bool said)
{
	const char *standard = tools->inside ? row->configs[0] : server_config(row);
	struct rendered_server *server;

	if (tools->n == SOURCES_MAX)
		return;
	server = &tools->list[tools->n++];
	*server = (struct rendered_server){ .server = row, .said = said };
	(void)text_copy(server->path, sizeof(server->path), path[0] ? path : standard);
	/* Postfix is told the directory. */
	if (!path[0] && row->kind == SOURCE_POSTFIX && strrchr(server->path, '/'))
		*strrchr(server->path, '/') = '\0';
	server->absent = !said && !server_is_meant(row);
	if (server->absent)
		return;
	add_tools(server, tools->inside, path[0]);
	if (!path[0] && !tools->inside)
		add_socket(server);
}

/* The process that "/proc/PID/ns/net" speaks of, if it sees other files than we; else 0. */
static pid_t container_of(const char *netns)
{
	char path[64], number[16];
	const char *rest = text_after(netns, "/proc/");
	size_t n = rest ? strcspn(rest, "/") : 0;
	struct stat ours, theirs;
	uint64_t pid;

	if (n == 0 || strcmp(rest + n, "/ns/net") != 0 ||
	    text_format(number, sizeof(number), "%.*s", (int)n, rest) < 0 ||
	    text_u64(number, INT32_MAX, &pid) < 0)
		return 0;
	(void)text_format(path, sizeof(path), "/proc/%s/ns/mnt", number);
	/* One that is gone is not here: to ask our own servers instead would be an answer to
	 * another question. */
	if (stat("/proc/self/ns/mnt", &ours) == 0 && stat(path, &theirs) == 0 &&
	    ours.st_ino == theirs.st_ino)
		return 0;
	return (pid_t)pid;
}

void intent_tools_find(const struct config *config, pid_t inside, struct intent_tools *ret)
{
	bool look;

	if (!inside)
		inside = config->container[0] ? NOWHERE : container_of(config->netns);
	/* What this host's own servers open is no word about another namespace, a container's. */
	look = config->sources_auto && config_is_on_host(config) && !inside;

	ret->n = 0;
	ret->inside = inside;
	for (size_t i = 0; i < n_servers && look; i++)
		add_server(ret, &servers[i], "", false);
	for (size_t i = 0; i < config->n_sources; i++)
		for (size_t j = 0; j < n_servers; j++)
			if (servers[j].kind == config->sources[i].kind)
				add_server(ret, &servers[j], config->sources[i].path, true);
	for (struct intent_tool *tool; inside == NOWHERE && (tool = intent_tools_next(ret));)
		intent_tool_done(tool, -ESRCH, NULL);
}

struct intent_tool *intent_tools_next(struct intent_tools *tools)
{
	for (size_t i = 0; i < tools->n; i++) {
		struct rendered_server *server = &tools->list[i];
		bool failed = false;

		for (size_t j = 0; j < server->n_tools; j++) {
			struct intent_tool *tool = &server->tools[j];

			if (tool->state == TOOL_WAITS && !failed)
				return tool;
			if (tool->state == TOOL_WAITS)
				tool->state = TOOL_SKIPPED;
			failed = failed || tool->result != 0;
		}
	}
	return NULL;
}

void intent_tool_done(struct intent_tool *tool, int result, char *output)
{
	tool->state = TOOL_RAN;
	tool->result = result;
	tool->output = output;
}

void intent_tools_run(struct intent_tools *tools)
{
	struct intent_tool *tool;

	while ((tool = intent_tools_next(tools))) {
		char *output = NULL;
		int status = 0;
		int r = spawn_run(tools->inside, tool->argv, RENDERING_TEXT_MAX, INTENT_TOOL_USEC,
				  &status, &output);

		intent_tool_done(tool, r < 0 ? r : status, output);
	}
}

void intent_tools_clear(struct intent_tools *tools)
{
	for (size_t i = 0; i < tools->n; i++) {
		for (size_t j = 0; j < tools->list[i].n_tools; j++) {
			char *output = tools->list[i].tools[j].output;

			if (output)
				explicit_bzero(output, strlen(output));
			free(output);
		}
	}
	tools->n = 0;
}
