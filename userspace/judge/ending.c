// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/ending.h"

#include <string.h>

#include "base/text.h"
#include "judge/sent.h"
#include "model/record.h"

static void tell_signal(const struct task_end *end, char *detail)
{
	const char *name = sigabbrev_np(end->signal);
	char pid[PID_TEXT_SIZE];

	pid_show(end, pid);

	if (end->sent.signal == end->signal)
		sent_show(&end->sent, detail, RECORD_DETAIL_SIZE);
	else
		(void)text_format(detail, RECORD_DETAIL_SIZE, "signal %u (SIG%s)", end->signal,
				  name ? name : "?");
	(void)text_append(detail, RECORD_DETAIL_SIZE, " ended %s (%s)", end->command, pid);
}

/* What came before, where that was no end by itself. */
static void tell_order(const struct task_end *end, char *detail)
{
	char order[RECORD_DETAIL_SIZE];

	if (!end->sent.signal || end->sent.signal == end->signal)
		return;
	sent_show(&end->sent, order, sizeof(order));
	(void)text_append(detail, RECORD_DETAIL_SIZE, ", after %s", order);
}

static enum cause tell(const struct task_end *end, char *detail)
{
	char pid[PID_TEXT_SIZE];

	pid_show(end, pid);
	if (!end->exiting) {
		(void)text_format(detail, RECORD_DETAIL_SIZE, "%s (%s) lives, and let the port go",
				  end->command, pid);
		return CAUSE_CLOSED_BY_OWNER;
	}
	if (end->oom) {
		(void)text_format(detail, RECORD_DETAIL_SIZE, "the OOM killer ended %s (%s)",
				  end->command, pid);
		return CAUSE_OWNER_OOM_KILLED;
	}
	if (end->signal) {
		tell_signal(end, detail);
		return CAUSE_OWNER_CRASHED;
	}
	(void)text_format(detail, RECORD_DETAIL_SIZE, "exit code %u of %s (%s)", end->exit_code,
			  end->command, pid);
	return CAUSE_OWNER_EXITED;
}

enum cause ending_cause(const struct task_end *end, char *detail)
{
	enum cause cause = tell(end, detail);

	tell_order(end, detail);
	return cause;
}

void ending_of_order(const struct task_end *end, char *detail)
{
	char pid[PID_TEXT_SIZE];

	pid_show(end, pid);
	if (end->exiting && end->signal) {
		(void)ending_cause(end, detail);
		return;
	}
	sent_show(&end->sent, detail, RECORD_DETAIL_SIZE);
	(void)text_append(detail, RECORD_DETAIL_SIZE, ": %s (%s) %s", end->command, pid,
			  end->exiting ? "ended" : "let the port go, and is about to end");
	if (end->exiting && end->exit_code)
		(void)text_append(detail, RECORD_DETAIL_SIZE, " with exit code %u", end->exit_code);
}

void ending_of_init(const struct task_end *end, char *detail)
{
	const char *name = sigabbrev_np(end->init_signal);

	if (end->init_signal)
		(void)text_format(detail, RECORD_DETAIL_SIZE,
				  "signal %u (SIG%s) ended the first process of its container",
				  end->init_signal, name ? name : "?");
	else
		(void)text_format(detail, RECORD_DETAIL_SIZE,
				  "exit code %u of the first process of its container",
				  end->init_exit_code);
}
