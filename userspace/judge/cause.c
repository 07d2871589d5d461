// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/cause.h"

#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "judge/ending.h"
#include "judge/sent.h"

/* No way in which a stop by systemd ends a process. */
static bool is_violent(const struct task_end *end)
{
	return end->oom || end->exit_code || (end->signal && end->signal != SIGTERM);
}

/* The end of a container's first process ends all of it, whatever became of the server: the kernel
 * kills it, or it was told to end before. The runtime knows who wanted that. CAUSE_NONE: it has
 * not ended. */
static enum cause container_cause(const struct policy *policy, const struct watch *watch,
				  uint64_t now_usec, char *detail)
{
	const struct container_word *word = &watch->seen.container;

	/* Somebody has it ended, and its server is the first to go. */
	if (word->asked && word->state == CONTAINER_RUNNING &&
	    now_usec < watch->seen.container_usec + policy->container_grace_usec) {
		(void)text_copy(detail, RECORD_DETAIL_SIZE, word->detail);
		return CAUSE_CONTAINER_STOPPED;
	}

	if (watch_container_ended(watch)) {
		(void)text_copy(detail, RECORD_DETAIL_SIZE, word->detail);
		return word->asked ? CAUSE_CONTAINER_STOPPED : CAUSE_CONTAINER_EXITED;
	}
	if (word->state == CONTAINER_CREATED) {
		(void)text_copy(detail, RECORD_DETAIL_SIZE, word->detail);
		return CAUSE_NOT_STARTED;
	}
	switch (watch->seen.place) {
	case PLACE_MOVED:
		(void)text_copy(detail, RECORD_DETAIL_SIZE, watch->seen.place_detail);
		return CAUSE_NOT_STARTED;
	case PLACE_THERE:
	case PLACE_GONE:
		break;
	}
	if (watch->seen.end_known && watch->seen.end.init_exiting) {
		ending_of_init(&watch->seen.end, detail);
		return CAUSE_CONTAINER_EXITED;
	}
	if (watch->seen.place == PLACE_THERE)
		return CAUSE_NONE;
	(void)text_copy(detail, RECORD_DETAIL_SIZE, watch->seen.place_detail);
	return CAUSE_CONTAINER_GONE;
}

/* What systemd saw of the main process's end, where the kernel's word is not known: nobody looked,
 * or it closed its sockets before. CAUSE_NONE: nothing that says more. */
static enum cause unit_cause(const struct service *service, const struct watch *watch, char *detail)
{
	const struct unit_end *end = &watch->seen.unit.end;
	const char *unit = service->server.unit;
	const char *name = sigabbrev_np(end->signal);

	if (watch->seen.unit.state != UNIT_FAILED)
		return CAUSE_NONE;
	if (strcmp(end->result, "oom-kill") == 0) {
		(void)text_format(detail, RECORD_DETAIL_SIZE,
				  "the OOM killer ended %s, as systemd saw it", unit);
		return CAUSE_OWNER_OOM_KILLED;
	}
	if (strcmp(end->result, "watchdog") == 0) {
		(void)text_format(detail, RECORD_DETAIL_SIZE,
				  "%s gave no sign of life, and systemd ended it (watchdog)", unit);
		return CAUSE_OWNER_CRASHED;
	}
	if (strcmp(end->result, "signal") == 0 || strcmp(end->result, "core-dump") == 0) {
		(void)text_format(detail, RECORD_DETAIL_SIZE,
				  "signal %u (SIG%s) ended the main process of %s, as systemd saw "
				  "it",
				  end->signal, name ? name : "?", unit);
		return CAUSE_OWNER_CRASHED;
	}
	if (*end->result) {
		(void)text_format(detail, RECORD_DETAIL_SIZE, "%s has failed: %s", unit,
				  end->result);
		if (end->exit_code)
			(void)text_append(detail, RECORD_DETAIL_SIZE,
					  ", its main process ended with %u", end->exit_code);
		if (end->restarts)
			(void)text_append(detail, RECORD_DETAIL_SIZE,
					  ", and systemd started it again %u times in vain",
					  end->restarts);
	}
	return CAUSE_UNIT_FAILED;
}

static void tell_leaving(const struct service *service, const struct task_end *end, char *detail)
{
	char order[RECORD_DETAIL_SIZE] = "", pid[PID_TEXT_SIZE];

	pid_show(end, pid);
	if (end->sent.signal)
		sent_show(&end->sent, order, sizeof(order));
	(void)text_format(detail, RECORD_DETAIL_SIZE,
			  "%s%s%s (%s) let the port go and ended; no job of systemd ended %s",
			  order, *order ? ": " : "", end->command, pid, service->server.unit);
}

static enum cause find_cause(const struct policy *policy, const struct service *service,
			     const struct watch *watch, uint64_t now_usec, char *detail)
{
	const struct task_end *end = watch->seen.end_known ? &watch->seen.end : NULL;
	char pid[PID_TEXT_SIZE];
	enum cause cause;

	*detail = '\0';
	pid_show(&watch->seen.end, pid);
	/* However it let go: Dovecot closes its sockets while its master still lives. */
	if (watch->seen.unit.stopped_by_job && !(end && is_violent(end))) {
		(void)text_format(detail, RECORD_DETAIL_SIZE, "%s was stopped by a job of systemd",
				  service->server.unit);
		return CAUSE_UNIT_STOPPED;
	}
	if (watch_was_refused(policy, watch, now_usec)) {
		(void)text_copy(detail, RECORD_DETAIL_SIZE, watch->seen.refused.detail);
		return CAUSE_BIND_FAILED;
	}
	/* Whatever becomes of its container: nobody ever served it there. */
	if (service->provenance.rendered == RENDERED_NO && !watch->seen.falling) {
		(void)text_copy(
			detail, RECORD_DETAIL_SIZE,
			"the server's configuration does not have it, so nobody ever binds it");
		return CAUSE_NOT_CONFIGURED;
	}
	cause = container_cause(policy, watch, now_usec, detail);
	if (cause != CAUSE_NONE)
		return cause;
	if (end && sent_by_operator(end, &watch->seen.unit)) {
		ending_of_order(end, detail);
		return CAUSE_UNIT_STOPPED;
	}
	/* It closed its sockets first, and then left. */
	if (end && !end->exiting && watch_unit_is_gone(watch) && !service->server.unit_is_guess) {
		cause = unit_cause(service, watch, detail);
		if (cause == CAUSE_OWNER_CRASHED || cause == CAUSE_OWNER_OOM_KILLED)
			return cause;
		tell_leaving(service, end, detail);
		return CAUSE_OWNER_EXITED;
	}
	if (end && !end->exiting && service->provenance.rendered == RENDERED_NO) {
		(void)text_format(detail, RECORD_DETAIL_SIZE,
				  "%s (%s) lives, and let the port go: its configuration does "
				  "not have it any more",
				  end->command, pid);
		return CAUSE_NOT_CONFIGURED;
	}
	/* Nobody lives on who was told to end, though it still does. */
	if (end && !end->exiting && sent_by_stranger(end, &watch->seen.unit)) {
		ending_of_order(end, detail);
		return CAUSE_OWNER_EXITED;
	}
	if (end)
		return ending_cause(end, detail);
	if (watch->seen.falling) {
		cause = unit_cause(service, watch, detail);
		if (cause == CAUSE_OWNER_CRASHED || cause == CAUSE_OWNER_OOM_KILLED)
			return cause;
		(void)text_copy(detail, RECORD_DETAIL_SIZE, "no event tells why it went");
		return CAUSE_UNKNOWN;
	}
	(void)text_copy(detail, RECORD_DETAIL_SIZE, "it was so when Hearken started");
	cause = unit_cause(service, watch, detail);
	if (cause != CAUSE_NONE)
		return cause;
	if (watch->seen.unit.state == UNIT_FAILED)
		return CAUSE_UNIT_FAILED;
	if (watch->seen.unit.state == UNIT_INACTIVE)
		return watch->seen.unit.stopped_by_job ? CAUSE_UNIT_STOPPED : CAUSE_NOT_STARTED;
	if (service->provenance.rendered == RENDERED_YES &&
	    watch->seen.unit.state == UNIT_UNKNOWN) {
		(void)text_copy(
			detail, RECORD_DETAIL_SIZE,
			"it was so when Hearken started; the server's configuration has it");
		return CAUSE_NOT_STARTED;
	}
	return CAUSE_UNKNOWN;
}

enum cause cause_of_missing(const struct policy *policy, const struct service *service,
			    const struct watch *watch, uint64_t now_usec, char *detail)
{
	enum cause cause = find_cause(policy, service, watch, now_usec, detail);

	if (*watch->seen.outside)
		(void)text_append(detail, RECORD_DETAIL_SIZE, "%s%s", *detail ? "; " : "",
				  watch->seen.outside);
	return cause;
}

/* What the kernel tells, the runtime explains a moment later: whether it comes back, and whether it
 * was the OOM killer. */
static uint64_t exit_patience(const struct policy *policy, const struct watch *watch)
{
	if (!watch_container_ended(watch) || watch->seen.container.may_be_meant ||
	    (watch->seen.container.comes_back && !watch->seen.exits_again))
		return policy->container_grace_usec;
	return policy->container_word_usec;
}

uint64_t cause_patience(const struct policy *policy, enum cause cause, const struct watch *watch)
{
	const struct task_end *end = watch->seen.end_known ? &watch->seen.end : NULL;

	if (cause == CAUSE_BIND_FAILED)
		return 0;
	if (cause == CAUSE_CONTAINER_GONE || cause == CAUSE_CONTAINER_STOPPED ||
	    (watch->seen.place == PLACE_MOVED && cause == CAUSE_NOT_STARTED))
		return watch->seen.falling ? policy->container_grace_usec : 0;
	if (cause == CAUSE_CONTAINER_EXITED)
		return watch->seen.falling ? exit_patience(policy, watch) : 0;
	/* Nobody knows why it went, so it may be a restart: a poll cannot tell, nor can a lost
	 * event. */
	if (!end)
		return watch->seen.falling ? policy->restart_grace_usec : 0;
	switch (cause) {
	case CAUSE_CLOSED_BY_OWNER:
	case CAUSE_NOT_CONFIGURED:
		return policy->reload_grace_usec;
	case CAUSE_OWNER_EXITED:
		return end->exit_code == 0 ? policy->restart_grace_usec : 0;
	case CAUSE_OWNER_CRASHED:
		/* The polite ways to end a daemon that does not handle them. */
		return end->signal == SIGTERM || end->signal == SIGINT || end->signal == SIGHUP
			       ? policy->restart_grace_usec
			       : 0;
	case CAUSE_UNIT_STOPPED:
		/* Not by a job: whoever does that by hand may start it again by hand. */
		return watch->seen.unit.stopped_by_job ? 0 : policy->restart_grace_usec;
	case CAUSE_NONE:
	case CAUSE_NOT_STARTED:
	case CAUSE_BIND_FAILED:
	case CAUSE_OWNER_OOM_KILLED:
	case CAUSE_UNIT_FAILED:
	case CAUSE_CONTAINER_STOPPED:
	case CAUSE_CONTAINER_EXITED:
	case CAUSE_CONTAINER_GONE:
	case CAUSE_UNKNOWN:
	case CAUSE_COUNT:
		break;
	}
	return 0;
}
