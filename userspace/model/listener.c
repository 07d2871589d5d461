// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/listener.h"

#include <string.h>

#include "base/text.h"

#define SHORT_ID 12 /* digits, as docker shows them */

static bool is_hexadecimal(const char *s)
{
	while ((*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'f'))
		s++;
	return !*s;
}

void pid_show_here(pid_t pid, char to[static PID_TEXT_SIZE])
{
	if (pid > 0)
		(void)text_format(to, PID_TEXT_SIZE, "pid %d", pid);
	else
		(void)text_copy(to, PID_TEXT_SIZE, "of another pid namespace");
}

void pid_show(const struct task_end *end, char to[static PID_TEXT_SIZE])
{
	uint32_t pid = end->pid_here ? end->pid_here : end->kernel_pid;

	pid_show_here(pid == PID_NOT_HERE ? 0 : (pid_t)pid, to);
}

void container_show(const char *id, const char *name, char to[static CONTAINER_NAME_SIZE])
{
	size_t digits = strspn(id, "0123456789"), user = id[digits] == ':' ? digits + 1 : 0;

	if (*name)
		(void)text_copy(to, CONTAINER_NAME_SIZE, name);
	else
		(void)text_format(to, CONTAINER_NAME_SIZE, "%.*s%.*s", (int)user, id,
				  is_hexadecimal(id + user) ? SHORT_ID : CONTAINER_NAME_SIZE,
				  id + user);
}
