// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/ladder.h"

#include <errno.h>

#include "base/text.h"

/* Dovecot's and sysexits.h's way to say "my configuration or my surroundings are wrong". */
static bool is_fatal_start(const struct watch *watch)
{
	return watch->seen.end_known &&
	       (watch->seen.end.exit_code == 89 || watch->seen.end.exit_code == 78);
}

/* A dead unit cannot be reloaded. */
static enum rung wake(const struct watch *watch)
{
	return watch_unit_is_gone(watch) ? RUNG_RESTART : RUNG_RELOAD;
}

static enum rung rung_of_cause(const struct service *service, const struct watch *watch,
			       enum withheld *ret_why)
{
	*ret_why = WITHHELD_FUTILE;
	switch (watch->opinion.cause) {
	case CAUSE_OWNER_CRASHED:
	case CAUSE_OWNER_OOM_KILLED:
		return RUNG_RESTART;
	case CAUSE_OWNER_EXITED:
		return is_fatal_start(watch) ? RUNG_NONE : RUNG_RESTART;
	case CAUSE_CLOSED_BY_OWNER:
		/* A reload brings back only what the configuration still has. */
		return service->provenance.rendered == RENDERED_YES ? wake(watch) : RUNG_NONE;
	case CAUSE_UNIT_STOPPED:
		*ret_why = WITHHELD_STOPPED_BY_OPERATOR;
		return RUNG_NONE;
	case CAUSE_CONTAINER_STOPPED:
		*ret_why = WITHHELD_STOPPED_BY_OPERATOR;
		return RUNG_NONE;
	case CAUSE_CONTAINER_EXITED:
		if (watch->seen.container.may_be_meant) {
			*ret_why = WITHHELD_STOPPED_BY_OPERATOR;
			return RUNG_NONE;
		}
		/* Where its runtime starts it again, or nobody knows who ended it, that is all that
		 * can be done. */
		return watch_container_ended(watch) && !watch->seen.container.comes_back
			       ? RUNG_RESTART
			       : RUNG_NONE;
	case CAUSE_NOT_STARTED:
		if (watch->seen.place == PLACE_THERE)
			*ret_why = WITHHELD_BEGINNING_NOT_SEEN;
		return RUNG_NONE;
	case CAUSE_NONE:
	case CAUSE_BIND_FAILED:
	case CAUSE_UNKNOWN:
		/* Servers do not try again by themselves. */
		return watch->seen.freed && service->provenance.rendered != RENDERED_NO
			       ? wake(watch)
			       : RUNG_NONE;
	case CAUSE_NOT_CONFIGURED:
	case CAUSE_UNIT_FAILED:
	case CAUSE_CONTAINER_GONE:
	case CAUSE_COUNT:
		break;
	}
	return RUNG_NONE;
}

/* The next certificate lies there already: all that is wrong with this one ends by a reload. */
static bool has_newer_certificate(const struct watch *watch)
{
	return finding_is_of_certificate(watch->opinion.finding) && watch->seen.disk == DISK_NEWER;
}

enum rung ladder_choose(const struct policy *policy, const struct service *service,
			const struct watch *watch, bool others_held, uint32_t tried,
			enum withheld *ret_why)
{
	enum rung rung = RUNG_NONE;

	*ret_why = WITHHELD_OFF;
	if (policy->repair == RUNG_NONE)
		return RUNG_NONE;
	*ret_why = WITHHELD_STOPPED_BY_OPERATOR;
	if (watch_is_stopped(watch))
		return RUNG_NONE;
	*ret_why = WITHHELD_FUTILE;
	if (finding_is_of_listener(watch->opinion.finding))
		rung = rung_of_cause(service, watch, ret_why);
	if (has_newer_certificate(watch))
		rung = RUNG_RELOAD;
	/* A reload often makes new processes, which take the queue over, and costs no client
	 * anything. */
	if (watch->opinion.finding == FINDING_NOT_ACCEPTING) {
		*ret_why = WITHHELD_STOPPED_BY_OPERATOR;
		if (watch->seen.container.state == CONTAINER_PAUSED)
			return RUNG_NONE;
		rung = tried & 1U << RUNG_RELOAD ? RUNG_RESTART : RUNG_RELOAD;
	}
	if (rung == RUNG_NONE)
		return RUNG_NONE;
	/* A command can only start the server again: it stands for the higher rung. */
	if (rung == RUNG_RELOAD && (*service->server.restart_command || !*service->server.unit ||
				    service_target(service) == service->server.container))
		rung = RUNG_RESTART;
	if (rung == RUNG_RESTART && others_held) {
		*ret_why = WITHHELD_PORT_HELD;
		return RUNG_NONE;
	}
	if (policy->repair < rung) {
		*ret_why = WITHHELD_OFF;
		return RUNG_NONE;
	}
	if (!*service_target(service)) {
		*ret_why = WITHHELD_NO_MEANS;
		return RUNG_NONE;
	}
	*ret_why = WITHHELD_NO;
	return rung;
}

/* In words: a container's name alone might be a unit's. */
static void name_target(const struct service *service, char *to, size_t size)
{
	const char *target = service_target(service);

	(void)text_format(to, size, "%s%s",
			  *target && target == service->server.container ? "container " : "",
			  target);
}

static void remedy_of_bind(const struct watch *watch, const char *target, char *to, size_t size)
{
	const char *server = *target ? target : "the server";

	switch (watch->seen.refused.error) {
	case EADDRINUSE:
		if (*watch->seen.refused.holder)
			(void)text_format(to, size, "stop %s, then reload or restart %s.",
					  watch->seen.refused.holder, server);
		else
			(void)text_format(to, size,
					  "find and stop who holds the port (a socket that is "
					  "bound and does not "
					  "listen), then reload or restart %s.",
					  server);
		return;
	case EADDRNOTAVAIL:
		(void)text_format(to, size,
				  "the host does not have that address (now): it heals when the "
				  "address appears "
				  "and %s is reloaded or restarted; net.ipv4.ip_nonlocal_bind lets "
				  "a server bind before.",
				  server);
		return;
	case EACCES:
		(void)text_format(to, size,
				  "give %s the right: ports below 1024 need root or "
				  "CAP_NET_BIND_SERVICE, and SELinux "
				  "or AppArmor may refuse too.",
				  server);
		return;
	default:
		(void)text_format(
			to, size,
			"look at the addresses that %s is told to listen on, and at its log.",
			server);
	}
}

static void remedy_of_certificate(const struct watch *watch, const char *server, char *to,
				  size_t size)
{
	switch (watch->seen.disk) {
	case DISK_NEWER:
		(void)text_format(to, size, "reload %s: a newer certificate lies on disk.", server);
		return;
	case DISK_OLDER:
		(void)text_format(to, size,
				  "put the certificate that is served back on disk, or a newer "
				  "one: a reload or restart "
				  "of %s now would go back to the older one.",
				  server);
		return;
	case DISK_UNUSABLE:
		(void)text_format(to, size,
				  "mend the certificate's file before %s is reloaded or restarted.",
				  server);
		return;
	case DISK_SAME:
		if (watch->opinion.finding == FINDING_CERTIFICATE_EXPIRED ||
		    watch->opinion.finding == FINDING_CERTIFICATE_EXPIRING)
			(void)text_format(to, size,
					  "renew the certificate (its file is the old one still), "
					  "then reload %s.",
					  server);
		return;
	case DISK_UNKNOWN:
		return;
	}
}

void ladder_remedy(const struct service *service, const struct watch *watch, char *to, size_t size)
{
	char target[SERVICE_COMMAND_SIZE];

	name_target(service, target, sizeof(target));
	*to = '\0';
	if (finding_is_of_certificate(watch->opinion.finding)) {
		remedy_of_certificate(watch, *target ? target : "the server", to, size);
		return;
	}
	if (watch->opinion.finding == FINDING_NOT_ACCEPTING &&
	    watch->seen.container.state == CONTAINER_PAUSED) {
		(void)text_format(to, size, "let it go on: %s", watch->seen.container.remedy);
		return;
	}
	if (watch->opinion.finding == FINDING_UNREACHABLE && watch->seen.container.is_cut_off) {
		(void)text_format(to, size, "connect it to its network again: %s",
				  watch->seen.container.remedy);
		return;
	}
	if (watch->opinion.finding == FINDING_NOT_ACCEPTING) {
		if (*service->server.restart_command)
			(void)text_format(to, size, "run \"%s\"", service->server.restart_command);
		else
			(void)text_format(to, size, "reload %s, or else restart it",
					  *target ? target : "the server");
		(void)text_append(to, size,
				  "; if the server's log says that a limit of processes or clients "
				  "is reached, raise that.");
		return;
	}
	if (watch->opinion.finding == FINDING_WRONG_TLS_MODE) {
		(void)text_copy(to, size, service->provenance.remedy);
		return;
	}
	switch (watch->opinion.cause) {
	case CAUSE_NOT_CONFIGURED:
		(void)text_copy(to, size, service->provenance.remedy);
		return;
	case CAUSE_CLOSED_BY_OWNER:
		if (service->provenance.rendered == RENDERED_NO)
			(void)text_copy(to, size, service->provenance.remedy);
		else
			(void)text_format(to, size, "reload %s.", *target ? target : "the server");
		return;
	case CAUSE_OWNER_EXITED:
		if (is_fatal_start(watch)) {
			(void)text_copy(to, size,
					"read the server's log: its configuration, a certificate "
					"or a taken port "
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
		(void)text_copy(to, size,
				"look whether the server runs, and at its configuration.");
		return;
	case CAUSE_BIND_FAILED:
		remedy_of_bind(watch, target, to, size);
		return;
	case CAUSE_CONTAINER_STOPPED:
		if (*watch->seen.container.remedy)
			(void)text_format(to, size, "start it again: %s",
					  watch->seen.container.remedy);
		else
			(void)text_copy(to, size, "start the container again.");
		return;
	case CAUSE_CONTAINER_EXITED:
		(void)text_copy(to, size, "read the container's log for why it ended");
		if (*watch->seen.container.remedy && !watch->seen.container.comes_back)
			(void)text_append(to, size, ", and start it again: %s",
					  watch->seen.container.remedy);
		else
			(void)text_append(to, size, ".");
		return;
	case CAUSE_CONTAINER_GONE:
		(void)text_copy(to, size,
				"start the container again, and read its log for why it ended.");
		return;
	case CAUSE_NONE:
	case CAUSE_COUNT:
		return;
	}
}
