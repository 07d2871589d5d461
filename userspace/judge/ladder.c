// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ladder.h"

#include <errno.h>

#include "text.h"

/* Dovecot's and sysexits.h's way to say "my configuration or my surroundings are wrong". */
static bool is_fatal_start(const struct watch *watch)
{
	return watch->end_known && (watch->end.exit_code == 89 || watch->end.exit_code == 78);
}

static enum rung rung_of_cause(const struct service *service, const struct watch *watch,
			       enum withheld *ret_why)
{
	*ret_why = WITHHELD_FUTILE;
	switch (watch->cause) {
	case CAUSE_OWNER_CRASHED:
	case CAUSE_OWNER_OOM_KILLED:
		return RUNG_RESTART;
	case CAUSE_OWNER_EXITED:
		return is_fatal_start(watch) ? RUNG_NONE : RUNG_RESTART;
	case CAUSE_CLOSED_BY_OWNER:
		/* A reload brings back only what the configuration still has. */
		return service->rendered == RENDERED_YES ? RUNG_RELOAD : RUNG_NONE;
	case CAUSE_UNIT_STOPPED:
		*ret_why = WITHHELD_STOPPED_BY_OPERATOR;
		return RUNG_NONE;
	case CAUSE_NOT_STARTED:
		*ret_why = WITHHELD_BEGINNING_NOT_SEEN;
		return RUNG_NONE;
	case CAUSE_NONE:
	case CAUSE_NOT_CONFIGURED:
	case CAUSE_BIND_FAILED:
	case CAUSE_UNIT_FAILED:
	case CAUSE_CONTAINER_GONE:
	case CAUSE_UNKNOWN:
	case CAUSE_COUNT:
		break;
	}
	return RUNG_NONE;
}

enum rung ladder_choose(const struct policy *policy, const struct service *service,
			const struct watch *watch, bool others_held, enum withheld *ret_why)
{
	enum rung rung = RUNG_NONE;

	*ret_why = WITHHELD_OFF;
	if (policy->repair == RUNG_NONE)
		return RUNG_NONE;
	*ret_why = WITHHELD_FUTILE;
	if (watch->finding == FINDING_MISSING)
		rung = rung_of_cause(service, watch, ret_why);
	if (rung == RUNG_NONE)
		return RUNG_NONE;
	/* A command can only start the server again: it stands for the higher rung. */
	if (rung == RUNG_RELOAD && (*service->restart_command || !*service->unit))
		rung = RUNG_RESTART;
	if (rung == RUNG_RESTART && others_held) {
		*ret_why = WITHHELD_PORT_HELD;
		return RUNG_NONE;
	}
	if (policy->repair < rung) {
		*ret_why = WITHHELD_OFF;
		return RUNG_NONE;
	}
	if (!*judge_target(service)) {
		*ret_why = WITHHELD_NO_MEANS;
		return RUNG_NONE;
	}
	*ret_why = WITHHELD_NO;
	return rung;
}

static void remedy_of_bind(const struct watch *watch, const char *target, char *to, size_t size)
{
	const char *server = *target ? target : "the server";

	switch (watch->refused.error) {
	case EADDRINUSE:
		if (*watch->refused.holder)
			(void)text_format(to, size, "stop %s, then reload or restart %s.", watch->refused.holder,
					  server);
		else
			(void)text_format(to, size,
					  "find and stop who holds the port (a socket that is bound and does not "
					  "listen), then reload or restart %s.",
					  server);
		return;
	case EADDRNOTAVAIL:
		(void)text_format(to, size,
				  "the host does not have that address (now): it heals when the address appears "
				  "and %s is reloaded or restarted; net.ipv4.ip_nonlocal_bind lets a server bind before.",
				  server);
		return;
	case EACCES:
		(void)text_format(to, size,
				  "give %s the right: ports below 1024 need root or CAP_NET_BIND_SERVICE, and SELinux "
				  "or AppArmor may refuse too.",
				  server);
		return;
	default:
		(void)text_format(to, size, "look at the addresses that %s is told to listen on, and at its log.",
				  server);
	}
}

void ladder_remedy(const struct service *service, const struct watch *watch, char *to, size_t size)
{
	const char *target = judge_target(service);

	*to = '\0';
	switch (watch->cause) {
	case CAUSE_NOT_CONFIGURED:
		(void)text_copy(to, size, service->remedy);
		return;
	case CAUSE_CLOSED_BY_OWNER:
		if (service->rendered == RENDERED_NO)
			(void)text_copy(to, size, service->remedy);
		else
			(void)text_format(to, size, "reload %s.", *target ? target : "the server");
		return;
	case CAUSE_OWNER_EXITED:
		if (is_fatal_start(watch)) {
			(void)text_copy(to, size,
					"read the server's log: its configuration, a certificate or a taken port "
					"kept it from starting.");
			return;
		}
		(void)text_format(to, size, "restart %s.", *target ? target : "the server");
		return;
	case CAUSE_OWNER_CRASHED:
	case CAUSE_OWNER_OOM_KILLED:
	case CAUSE_NOT_STARTED:
	case CAUSE_UNIT_STOPPED:
	case CAUSE_UNIT_FAILED:
		(void)text_format(to, size, "restart %s.", *target ? target : "the server");
		return;
	case CAUSE_UNKNOWN:
		(void)text_copy(to, size, "look whether the server runs, and at its configuration.");
		return;
	case CAUSE_BIND_FAILED:
		remedy_of_bind(watch, target, to, size);
		return;
	case CAUSE_NONE:
	case CAUSE_CONTAINER_GONE:
	case CAUSE_COUNT:
		return;
	}
}
