/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a kind of mail server is: how it is found, asked and read, what is its to open, and what an
 * administrator would write to have a port. Each kind is one file with one row (dovecot.c,
 * postfix.c, ...) beside the pure reader of what it says; servers.c has the list of the rows.
 * Nothing else in intent/ asks which kind a server is. Private to intent/. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/enter.h"
#include "intent/rendered/rendering.h"
#include "model/service.h"
#include "model/source.h"

#define SERVER_PROGRAMS_MAX  5
#define SERVER_CONFIGS_MAX   3
#define SERVER_SIGNS_MAX     12
#define SERVER_PROCESSES_MAX 8
#define SERVER_QUESTIONS_MAX 4
#define SERVER_ARGS_MAX	     16

/* What "systemctl enable" and its like leave behind for @unit, and what is there while it runs:
 * systemd removes the cgroup at the end. */
#define SERVER_ENABLED(unit)                                                                       \
	"/etc/systemd/system/*.wants/" unit ".service",                                            \
		"/sys/fs/cgroup/system.slice/" unit ".service", "/etc/rc[2-5].d/S[0-9][0-9]" unit, \
		"/etc/runlevels/default/" unit

/* One call of a program, which says something about the configuration. */
struct server_question {
	const char *args[SERVER_ARGS_MAX + 1]; /* behind the program and the path's option */
	/* Another program than the row's, that looks whether the server would take the files, which
	 * are read by us; without side effects. It is asked where it is there, on this host, and is
	 * heard where it fails. */
	const char *checker;
	/* Whether it is asked, by the answers to those before it; NULL: always. */
	bool (*is_asked)(const char *const said[]);
};

/* What one server said, and where more of it is found. */
struct server_words {
	const char *path;			/* of its configuration */
	const struct enter_process *inside;	/* of the container that it is in; NULL: here */
	const char *said[SERVER_QUESTIONS_MAX]; /* by its questions; "" where it was not asked */
};

struct server_kind {
	enum source_kind kind;
	const char *title; /* "Dovecot" */
	const char *tool;  /* what prints its configuration, or is it: "doveconf" */
	const char *programs[SERVER_PROGRAMS_MAX + 1];	 /* the tool; none: its files are read */
	const char *configs[SERVER_CONFIGS_MAX + 1];	 /* its configuration by default */
	const char *signs[SERVER_SIGNS_MAX + 1];	 /* globs: it is started at boot, or runs */
	const char *processes[SERVER_PROCESSES_MAX + 1]; /* how their names begin */
	const char *path_option; /* what says another configuration to the tool: "-c" */
	bool takes_directory;	 /* it is told the configuration's directory */
	struct server_question questions[SERVER_QUESTIONS_MAX];
	const char *restart_for; /* settings of addresses that a reload does not take up; or NULL */
	const char *socket; /* systemd's unit that may open its ports for it; NULL: there is none */
	uint32_t protocols; /* 1 << enum protocol: what it can serve */
	uint32_t by_choice; /* of these: where it was turned on, or when no other server can */
	uint32_t chosen_by; /* 1 << enum source_kind: products that turn them all on */
	bool forwards; /* what it is told to: only its configuration tells whether it has to do with
			  mail */
	const char *(*unit)(void); /* its systemd unit, most likely: "dovecot.service" */
	/* As rendering.h says of readers. */
	int (*read)(const struct server_words *words, struct rendering *ret,
		    struct complaints *complaints);
	int (*read_socket)(const char *text, struct rendering *ret, struct complaints *complaints);
	/* What an administrator would write to have @service. @traits: of what was read. Returns 0,
	 * or -E2BIG with what fits. */
	int (*remedy)(const struct server_traits *traits, const struct service *service, char *to,
		      size_t size);
};

#define SERVER_CAN(protocol) (1u << (protocol))

/* Whether @server can serve @protocol. */
bool server_can(const struct server_kind *server, enum protocol protocol);

/* Whether it would be the one to open a port of @protocol. @traits: of what was read of it. */
bool server_would(const struct server_kind *server, const struct server_traits *traits,
		  enum protocol protocol);

/* A file that helps to understand what a program said; NULL when it cannot be had. In a container,
 * too, it is text to read, wherever a link may lead. */
char *server_read_beside(const struct server_words *words, const char *path, size_t max);

/* The configuration itself, of a server whose files are read: with all that they include, as
 * include.h says. Returns 0, -EINVAL with an error in @complaints, or -ENOMEM. */
int server_read_files(const struct server_words *words, char **ret, struct complaints *complaints);

#endif
