// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/ending.h"

#include <string.h>

#include "base/text.h"
#include "model/record.h"

enum cause ending_cause(const struct task_end *end, char *detail)
{
	const char *signal_name;

	if (!end->exiting) {
		(void)text_format(detail, RECORD_DETAIL_SIZE,
				  "%s (pid %u) lives, and let the port go", end->command,
				  end->kernel_pid);
		return CAUSE_CLOSED_BY_OWNER;
	}
	if (end->oom) {
		(void)text_format(detail, RECORD_DETAIL_SIZE, "the OOM killer ended %s (pid %u)",
				  end->command, end->kernel_pid);
		return CAUSE_OWNER_OOM_KILLED;
	}
	if (end->signal) {
		signal_name = sigabbrev_np(end->signal);
		(void)text_format(detail, RECORD_DETAIL_SIZE, "signal %u (SIG%s) ended %s (pid %u)",
				  end->signal, signal_name ? signal_name : "?", end->command,
				  end->kernel_pid);
		return CAUSE_OWNER_CRASHED;
	}
	(void)text_format(detail, RECORD_DETAIL_SIZE, "exit code %u of %s (pid %u)", end->exit_code,
			  end->command, end->kernel_pid);
	return CAUSE_OWNER_EXITED;
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
