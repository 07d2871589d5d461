/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The programs that print what a server is configured to do: which of them to run, and what they
 * said.
 *
 * intent_tools_find() makes the list. Its owner runs them one after the other, without a shell, as
 * intent_tools_next() names them, each bounded by INTENT_TOOL_USEC and RENDERING_TEXT_MAX, and
 * hands the result over by intent_tool_done(); intent_tools_run() does that and waits. When one of
 * a server's programs fails, the rest of its are not run: a hanging server costs one wait. What
 * they said may hold passwords, and is wiped by intent_tools_clear(). */
#ifndef INTENT_TOOLS_H
#define INTENT_TOOLS_H

#include <sys/types.h>

#include "base/enter.h"
#include "intent/config/config.h"
#include "intent/rendered/servers.h"
#include "model/container.h"

#define INTENT_TOOL_USEC (5 * USEC_PER_SEC)
#define INTENT_TOOL_ARGS (SERVER_ARGS_MAX + 4)
#define INTENT_TOOLS_MAX (SERVER_QUESTIONS_MAX + 1) /* of one server */

enum tool_state {
	TOOL_WAITS,
	TOOL_RAN,
	TOOL_SKIPPED,	/* one before it failed */
	TOOL_NOT_ASKED, /* what was said before makes it needless */
};

struct intent_tool {
	const struct enter_process *inside;	/* as its server's */
	const struct server_question *question; /* of its server's row; NULL: systemd's socket */
	enum tool_state state;
	const char *argv[INTENT_TOOL_ARGS]; /* the words are constants, or the server's path */
	int result;			    /* when it ran: its wait status, or why not: -errno */
	char *output;			    /* may be NULL */
};

struct rendered_server { /* one whose configuration is a source */
	const struct server_kind *server;
	char path[SOURCE_PATH_SIZE]; /* of the configuration */
	bool said;		     /* hearken.conf names it, else "auto" looked for it */
	bool absent;		     /* which found that it is not meant to run here */
	/* The container whose process this is has its programs and files; NULL: here. It is held
	 * from the first look until intent_tools_clear(); one that is gone is nowhere. */
	const struct enter_process *inside;
	const struct container *container; /* that auto found it in; NULL: none */
	struct intent_tool tools[INTENT_TOOLS_MAX];
	size_t n_tools;
};

struct intent_tools { /* zeroed is empty */
	bool is_away; /* another network namespace is watched, whose addresses no checker here sees
		       */
	struct rendered_server list[SOURCES_MAX];
	size_t n;
	struct container *containers; /* those that matter, as they were found */
	size_t n_containers;
	struct enter_process *held; /* one for each of these, and one that hearken.conf names */
	size_t n_held;
};

/* What @config asks for, or what there is when it says auto and watches this host's namespace: the
 * host's own servers, and those in @containers (may be NULL) that publish mail ports. Looks for
 * files, runs nothing. *@ret is filled in place and must stay where it is: argv points into it.
 * @inside: a process of the container that @config names, whose programs are then run inside of it;
 * auto looks for none there. 0: @config names none, or it is not there and they all fail. Where
 * netns is path:/proc/PID/ns/net, and PID sees other files than we, they are run inside too. */
void intent_tools_find(const struct config *config, pid_t inside,
		       const struct container_set *containers, struct intent_tools *ret);

/* The answers to @server's questions, in their order; "" for what was not asked, or not answered.
 */
void intent_tools_said(const struct rendered_server *server,
		       const char *said[SERVER_QUESTIONS_MAX]);

/* The next to run; NULL: all is done. */
struct intent_tool *intent_tools_next(struct intent_tools *tools);

/* @result: a wait status, or -errno. @output (may be NULL) is taken. */
void intent_tool_done(struct intent_tool *tool, int result, char *output);

/* Runs all of them, waiting. */
void intent_tools_run(struct intent_tools *tools);

void intent_tools_clear(struct intent_tools *tools);

#endif
