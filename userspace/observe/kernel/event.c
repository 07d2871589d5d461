// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/kernel/event.h"

#include <string.h>

#include "base/text.h"

struct listener event_listener(const struct listener_socket *socket)
{
	struct listener listener = {
		.cookie = socket->cookie,
		.netns = socket->netns,
		.port = socket->port,
		.backlog = socket->backlog,
		.queued = socket->queued,
		.v6only = socket->v6only,
		.address.family = socket->family,
	};

	memcpy(listener.address.bytes, socket->address, sizeof(socket->address));
	return listener;
}

struct holder event_holder(const struct listener_task *task)
{
	struct holder holder = { .pid = (pid_t)task->pid,
				 .kernel_pid = task->kernel_pid,
				 .started_ns = task->started_ns };

	memcpy(holder.command, task->command, sizeof(holder.command));
	holder.command[sizeof(holder.command) - 1] = '\0';
	text_sanitize(holder.command);
	return holder;
}

struct task_end event_end(const struct listener_event *event)
{
	const struct listener_task *task = &event->task;
	struct task_end end = { .kernel_pid = task->kernel_pid,
				.pid_here = task->pid == task->kernel_pid ? 0
					    : task->pid			  ? task->pid
									  : PID_NOT_HERE,
				.exiting = task->exiting };

	memcpy(end.command, task->command, sizeof(end.command));
	end.command[sizeof(end.command) - 1] = '\0';
	text_sanitize(end.command);
	if (!task->exiting)
		return end;
	end.oom = task->oom;
	end.signal = task->exit_code & 0x7f;
	end.exit_code = (uint8_t)(task->exit_code >> 8);
	end.init_exiting = task->init_exiting;
	end.init_signal = event->init_exit_code & 0x7f;
	end.init_exit_code = (uint8_t)(event->init_exit_code >> 8);
	return end;
}
