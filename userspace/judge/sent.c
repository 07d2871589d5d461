// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/sent.h"

#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

/* What ends a server because somebody told it to: the servers' own commands, init scripts, and
 * supervisors that keep no unit of their own for it. As the kernel has them, cut after 15
 * characters. */
static const char *const managers[] = {
	"doveadm", "dovecot",						       /* dovecot stop */
	"postfix", "postfix-script",  "postmulti", "postmulti-scrip", "nginx", /* -s quit */
	"smtpctl", "start-stop-daem", "runsv",	   "s6-supervise",    "supervisord",
};

static bool is_manager(const char *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (strcmp(managers[i], command) == 0)
			return true;
	return false;
}

static bool is_polite(int signal)
{
	return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT || signal == SIGHUP;
}

/* What its operator sends in the end to who does not listen. */
static bool is_order(int signal)
{
	return is_polite(signal) || signal == SIGKILL;
}

bool sent_by_operator(const struct task_end *end, const struct unit_word *unit)
{
	const struct signal_sent *sent = &end->sent;

	switch (sent->sender) {
	case SENDER_NONE:
		return false;
	case SENDER_SYSTEMD:
		/* "systemctl kill". What it does for its own reasons is a job, or a failure. */
		return is_polite(sent->signal) && unit->state == UNIT_INACTIVE && !unit->job;
	case SENDER_PERSON:
	case SENDER_OWN:
		if (is_polite(sent->signal))
			return true;
		break;
	case SENDER_OTHER:
		break;
	}
	return is_manager(sent->command) && is_order(sent->signal);
}

bool sent_by_stranger(const struct task_end *end, const struct unit_word *unit)
{
	return end->sent.sender != SENDER_NONE && end->sent.sender != SENDER_SYSTEMD &&
	       !sent_by_operator(end, unit);
}

void sent_show(const struct signal_sent *sent, char *to, size_t size)
{
	const char *name = sigabbrev_np(sent->signal);
	char pid[PID_TEXT_SIZE] = "pid unknown";

	if (sent->kernel_pid)
		(void)text_format(pid, sizeof(pid), "pid %u", sent->kernel_pid);
	(void)text_format(to, size, "SIG%s by %s (%s", name ? name : "?", sent->command, pid);
	if (*sent->whose)
		(void)text_append(to, size, ", %s)", sent->whose);
	else if (sent->sender == SENDER_SYSTEMD)
		(void)text_append(to, size, ")");
	else
		(void)text_append(to, size, ", uid %u)", sent->uid);
}
