// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/server_read.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/spawn.h"
#include "base/text.h"

/* Whether @line is of the program @name itself: "postconf: fatal: ...", "/usr/sbin/postconf: fatal:
 * ...". */
static bool is_its_own(const char *line, const char *name)
{
	size_t n = strcspn(line, ": ");

	while (n > 0 && line[n - 1] != '/')
		n--;
	return text_starts_with(*line == '/' ? line + n : line, name);
}

/* The last line of what a failed program said, with the one before it where it goes on from there;
 * if it is about the failure: it may have failed while it printed settings, passwords among them.
 */
static const char *last_words(const struct intent_tool *tool, const char *name, char *to,
			      size_t size)
{
	const char *output = tool->output ? tool->output : "";
	size_t n;
	const char *line = text_last_line(output, &n), *before = line;

	while (before > output && (*line == ' ' || *line == '\t') &&
	       (before == line || before[-1] != '\n'))
		before--;
	(void)text_format(to, size, "%.*s", (int)(n + (size_t)(line - before)), before);
	for (char *s = to; *s; s++)
		if (*s == '\n')
			*s = ' ';
	if (!is_its_own(to, name) && (WIFSIGNALED(tool->result) || strstr(to, " =")))
		*to = '\0';
	return *to ? to : "it did not say why";
}

/* Whether @tool printed something to read; else says why not. */
static bool is_good(const struct intent_tool *tool, const char *name, const char *path,
		    struct complaints *complaints)
{
	char text[256], why[64];

	if (tool->state != TOOL_RAN) {
		complain_error(complaints, "%s: %s could not be run: nobody tried", path, name);
	} else if (tool->result == -ENOENT) {
		complain_error(complaints, "%s: there is no %s to read it with", path, name);
	} else if (tool->result == -ETIMEDOUT) {
		complain_error(complaints, "%s: %s did not end in time", path, name);
	} else if (tool->result == -EFBIG) {
		complain_error(complaints, "%s: %s printed more than 4 MiB", path, name);
	} else if (tool->result == -EROFS || tool->result == -EXDEV) {
		complain_error(complaints,
			       "%s: %s is not run in the container, whose cgroup cannot be joined "
			       "from here: it would not be bound by its limits",
			       path, name);
	} else if (tool->result < 0) {
		complain_failure(complaints, tool->result, "%s: %s could not be run", path, name);
	} else if (tool->result > 0) {
		spawn_show_status(tool->result, why, sizeof(why));
		complain_error(complaints, "%s: %s %s: %s", path, name, why,
			       last_words(tool, name, text, sizeof(text)));
	} else {
		return true;
	}
	return false;
}

static bool are_good(const struct rendered_server *server, struct complaints *complaints)
{
	for (size_t i = 0; i < server->n_tools; i++) {
		const struct intent_tool *tool = &server->tools[i];

		if (tool->question && !tool->question->checker && tool->state != TOOL_NOT_ASKED &&
		    !is_good(tool, server->server->tool, server->path, complaints))
			return false;
	}
	return true;
}

/* The first line of several words that @output has: what comes behind it is a consequence, and a
 * program's name alone is no reason. */
static void first_words(const char *output, char *to, size_t size)
{
	const char *rest = output ? output : "";

	while (text_line(&rest, to, size))
		if (strchr(text_trim(to), ' '))
			return;
	(void)text_format(to, size, "it did not say why");
}

/* What the server's own checker has against the files that we could read. */
static void hear_checkers(const struct rendered_server *server, struct complaints *complaints)
{
	for (size_t i = 0; i < server->n_tools; i++) {
		const struct intent_tool *tool = &server->tools[i];
		char text[256];

		if (!tool->question || !tool->question->checker || tool->state != TOOL_RAN)
			continue;
		first_words(tool->output, text, sizeof(text));
		if (tool->result < 0)
			complain_warning(complaints, "%s: %s %s could not look at it: %s",
					 server->path, tool->argv[0], tool->question->args[0],
					 strerror(-tool->result));
		else if (tool->result > 0)
			complain_error(complaints, "%s: %s %s says: %s; %s cannot start so",
				       server->path, tool->argv[0], tool->question->args[0], text,
				       server->server->title);
	}
}

int server_read(const struct rendered_server *server, const struct enter_process *inside,
		struct rendering *ret, struct complaints *complaints)
{
	struct server_words words = { .path = server->path, .inside = inside };
	size_t n_errors = complaints->n_errors;
	int r;

	if (!are_good(server, complaints))
		return -EINVAL;
	intent_tools_said(server, words.said);
	r = server->server->read(&words, ret, complaints);
	if (r >= 0 && complaints->n_errors == n_errors)
		hear_checkers(server, complaints);
	return r;
}

static const struct intent_tool *find_socket(const struct rendered_server *server)
{
	for (size_t i = 0; i < server->n_tools; i++)
		if (!server->tools[i].question)
			return &server->tools[i];
	return NULL;
}

bool server_has_socket(const struct rendered_server *server)
{
	return find_socket(server) != NULL;
}

int server_read_socket(const struct rendered_server *server, struct rendering *ret,
		       struct complaints *complaints)
{
	const struct intent_tool *tool = find_socket(server);

	if (!is_good(tool, "systemctl", server->server->socket, complaints))
		return -EINVAL;
	return server->server->read_socket(tool->output ? tool->output : "", ret, complaints);
}
