// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/intent_tools.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/text.h"
#include "intent/rendered/container_servers.h"
#include "intent/rendered/rendering.h"

#define SYSTEMCTL "/usr/bin/systemctl"
#define NOWHERE	  ((pid_t)-1) /* in a container that is not there */

static struct intent_tool *add_tool(struct rendered_server *server,
				    const struct server_question *question)
{
	struct intent_tool *tool = &server->tools[server->n_tools++];

	*tool = (struct intent_tool){ .question = question, .inside = server->inside };
	return tool;
}

/* Which of its programs is there; in a container a link may lead elsewhere than it seems, so any
 * will do. */
static const char *find_program(const struct server_kind *server,
				const struct enter_process *inside)
{
	cleanup(fd_closep) int root = -1;

	if (!inside)
		return server_program(server);
	(void)enter_root(inside, &root);
	for (size_t i = 0; server->programs[i] && root >= 0; i++)
		if (file_exists_below(root, server->programs[i]))
			return server->programs[i];
	return server->programs[0];
}

/* The program, the option and the path where it has to be said, then the question. */
static void write_argv(const struct rendered_server *server, const char *program, bool has_path,
		       struct intent_tool *tool)
{
	size_t n = 0;

	tool->argv[n++] = program;
	if (has_path) {
		tool->argv[n++] = server->server->path_option;
		tool->argv[n++] = server->path;
	}
	for (size_t i = 0; tool->question->args[i]; i++)
		tool->argv[n++] = tool->question->args[i];
}

/* A path that hearken.conf names is said to the server's own programs, and any to a checker. */
static void add_tools(struct rendered_server *server, bool has_path, bool is_away)
{
	const struct server_kind *kind = server->server;
	const char *program = find_program(kind, server->inside);

	for (size_t i = 0; i < SERVER_QUESTIONS_MAX && kind->questions[i].args[0]; i++) {
		const char *checker = kind->questions[i].checker;
		struct intent_tool *tool;

		if (checker && (is_away || server->inside || access(checker, X_OK) < 0))
			continue;
		tool = add_tool(server, &kind->questions[i]);
		write_argv(server, checker ? checker : program, checker || has_path, tool);
		if (!checker && !program &&
		    !server->inside) /* there, it is for the attempt to tell */
			intent_tool_done(tool, -ENOENT, NULL);
	}
}

/* systemd opens the server's ports where its socket unit is enabled. */
static void add_socket(struct rendered_server *server)
{
	const char *socket = server->server->socket;
	char pattern[128];
	glob_t paths = { 0 };

	if (!socket)
		return;
	(void)text_format(pattern, sizeof(pattern), "/etc/systemd/system/*.wants/%s", socket);
	if (glob(pattern, GLOB_NOSORT, NULL, &paths) == 0 && access(SYSTEMCTL, X_OK) == 0) {
		const char *const argv[] = { SYSTEMCTL, "show", socket, "-p", "Listen" };

		memcpy(add_tool(server, NULL)->argv, argv, sizeof(argv));
	}
	globfree(&paths);
}

static void add_server(struct intent_tools *tools, const struct server_kind *row,
		       const struct enter_process *inside, const char *path, bool said)
{
	const char *standard = inside ? row->configs[0] : server_config(row);
	struct rendered_server *server;

	if (tools->n == SOURCES_MAX)
		return;
	server = &tools->list[tools->n++];
	*server = (struct rendered_server){ .server = row, .said = said, .inside = inside };
	(void)text_copy(server->path, sizeof(server->path), path[0] ? path : standard);
	/* Postfix is told the directory. */
	if (!path[0] && row->takes_directory && strrchr(server->path, '/'))
		*strrchr(server->path, '/') = '\0';
	server->absent = !said && !server_is_meant(row);
	if (server->absent)
		return;
	add_tools(server, path[0], tools->is_away);
	if (!path[0] && !inside)
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

/* Before anything of it is looked at. One that cannot be held is nowhere. */
static const struct enter_process *hold(struct intent_tools *tools, pid_t pid)
{
	struct enter_process *held = &tools->held[tools->n_held++];

	*held = (struct enter_process){ .pid = pid, .pidfd = -1 };
	(void)enter_hold(pid, held);
	return held;
}

/* What should run where nothing is has failed already. */
static void skip_nowhere(struct intent_tools *tools)
{
	for (size_t i = 0; i < tools->n; i++)
		for (size_t j = 0; j < tools->list[i].n_tools; j++)
			if (tools->list[i].inside && tools->list[i].inside->pidfd < 0)
				intent_tool_done(&tools->list[i].tools[j], -ESRCH, NULL);
}

/* ---- in containers that are found ---- */

/* Servers that were found there before are asked for again while it does not run, or they do not:
 * what they said last is what is missed. */
static void add_container(struct intent_tools *tools, const struct container *container)
{
	bool runs = container->state == CONTAINER_RUNNING && container->pid > 0 &&
		    !container->pid_is_foreign;
	const struct enter_process *nowhere = hold(tools, NOWHERE);
	const struct enter_process *inside = runs ? hold(tools, container->pid) : nowhere;

	for (size_t i = 0; i < n_servers; i++) {
		size_t n = tools->n;

		if (runs && !container_has(servers[i], inside))
			continue;
		add_server(tools, servers[i],
			   runs && container_runs(servers[i], inside) ? inside : nowhere, "", true);
		if (tools->n == n)
			return;
		tools->list[n].container = container;
		tools->list[n].said = false;
	}
}

static void look_into_containers(struct intent_tools *tools, const struct container_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (container_may_serve_mail(&set->list[i]))
			tools->containers[tools->n_containers++] = set->list[i];
	for (size_t i = 0; i < tools->n_containers; i++)
		if (tools->containers[i].state != CONTAINER_CREATED)
			add_container(tools, &tools->containers[i]);
}

/* False: no memory, and nothing is looked for. */
static bool make_room(struct intent_tools *tools, size_t n_containers)
{
	tools->n = tools->n_containers = tools->n_held = 0;
	tools->containers = calloc(n_containers + 1, sizeof(*tools->containers));
	tools->held = calloc(2 * n_containers + 1, sizeof(*tools->held));
	if (tools->containers && tools->held)
		return true;
	intent_tools_clear(tools);
	return false;
}

void intent_tools_find(const struct config *config, pid_t inside,
		       const struct container_set *containers, struct intent_tools *ret)
{
	const struct enter_process *held = NULL;
	bool look;

	if (!inside)
		inside = config->container[0] ? NOWHERE : container_of(config->netns);
	/* What this host's own servers open is no word about another namespace, a container's. */
	look = config->sources_auto && config_is_on_host(config) && !inside;

	ret->is_away = !config_is_on_host(config);
	if (!make_room(ret, look && containers ? containers->n : 0))
		return;
	if (inside)
		held = hold(ret, inside);
	/* Before the host's own: what a container publishes is none of theirs. */
	if (look && containers)
		look_into_containers(ret, containers);
	for (size_t i = 0; i < n_servers && look; i++)
		add_server(ret, servers[i], NULL, "", false);
	for (size_t i = 0; i < config->n_sources; i++)
		for (size_t j = 0; j < n_servers; j++)
			if (servers[j]->kind == config->sources[i].kind)
				add_server(ret, servers[j], held, config->sources[i].path, true);
	skip_nowhere(ret);
}

/* By the answers to those before it. */
static bool is_asked(const struct rendered_server *server, const struct intent_tool *tool)
{
	const char *said[SERVER_QUESTIONS_MAX];

	if (!tool->question || !tool->question->is_asked)
		return true;
	intent_tools_said(server, said);
	return tool->question->is_asked(said);
}

void intent_tools_said(const struct rendered_server *server, const char *said[SERVER_QUESTIONS_MAX])
{
	for (size_t i = 0; i < SERVER_QUESTIONS_MAX; i++)
		said[i] = "";
	for (size_t i = 0; i < server->n_tools; i++)
		if (server->tools[i].question && server->tools[i].output)
			said[server->tools[i].question - server->server->questions] =
				server->tools[i].output;
}

struct intent_tool *intent_tools_next(struct intent_tools *tools)
{
	for (size_t i = 0; i < tools->n; i++) {
		struct rendered_server *server = &tools->list[i];
		bool failed = false;

		for (size_t j = 0; j < server->n_tools; j++) {
			struct intent_tool *tool = &server->tools[j];

			if (tool->state == TOOL_WAITS && failed)
				tool->state = TOOL_SKIPPED;
			if (tool->state == TOOL_WAITS && !is_asked(server, tool))
				tool->state = TOOL_NOT_ASKED;
			if (tool->state == TOOL_WAITS)
				return tool;
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
		int r = spawn_run(tool->inside, tool->argv, RENDERING_TEXT_MAX, INTENT_TOOL_USEC,
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
	for (size_t i = 0; i < tools->n_held; i++)
		enter_release(&tools->held[i]);
	free(tools->containers);
	free(tools->held);
	tools->containers = NULL;
	tools->held = NULL;
	tools->n = tools->n_containers = tools->n_held = 0;
}
