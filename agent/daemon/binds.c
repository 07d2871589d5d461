// SPDX-License-Identifier: LGPL-2.1-or-later
/* A bind that the kernel refused becomes a fact: who asked, why not, and who holds the port. */
#include "agent/daemon/daemon.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

static bool is_held_by(const struct listener *listener, uint32_t kernel_pid)
{
	for (size_t i = 0; i < listener->n_holders; i++)
		if (listener->holders[i].kernel_pid == kernel_pid)
			return true;
	return listener->opener == kernel_pid;
}

/* A server that binds both families in turn is refused the port by its own first socket. */
static bool is_own(const struct listener *listener, const struct failed_bind *failed)
{
	return is_held_by(listener, failed->kernel_pid) ||
	       (*failed->unit && strcmp(listener->unit, failed->unit) == 0) ||
	       (*failed->container && strcmp(listener->container, failed->container) == 0);
}

/* Who listens on the port, whatever the address: another's listener first. NULL: nobody. */
static const struct listener *find_holder(const struct daemon *daemon,
					  const struct failed_bind *failed)
{
	const struct inventory *inventory = observer_inventory(daemon->observer);
	const struct listener *found = NULL;

	for (size_t i = 0; i < inventory->n; i++) {
		const struct listener *listener = inventory->list[i];

		if (listener->port != failed->port || listener->netns != failed->netns)
			continue;
		if (!found || is_own(found, failed))
			found = listener;
	}
	return found;
}

static void describe_holder(const struct listener *listener, char *to, size_t size)
{
	const struct holder *holder = &listener->holders[0];
	char container[CONTAINER_NAME_SIZE];

	if (!listener->n_holders)
		return;
	(void)text_format(to, size, "%s (pid %u", holder->command,
			  holder->pid ? (unsigned int)holder->pid : holder->kernel_pid);
	if (*listener->unit)
		(void)text_append(to, size, ", %s", listener->unit);
	if (*listener->container) {
		container_show(listener->container, listener->container_name, container);
		(void)text_append(to, size, ", container %s", container);
	}
	(void)text_append(to, size, ")");
}

static struct fact fact_of(const struct daemon *daemon, const struct failed_bind *failed)
{
	const char *name = strerrorname_np(failed->error), *text = strerrordesc_np(failed->error);
	struct fact fact = { .kind = FACT_BIND_FAILED };
	char address[ADDRESS_TEXT_SIZE];

	fact.bind.at_usec = failed->at_ns / NSEC_PER_USEC;
	fact.bind.error = failed->error;
	fact.bind.pid = failed->kernel_pid;
	memcpy(fact.bind.command, failed->command, sizeof(fact.bind.command));
	memcpy(fact.bind.unit, failed->unit, sizeof(fact.bind.unit));
	(void)text_format(fact.bind.detail, FACT_DETAIL_SIZE, "bind: %s (%s) for %s (pid %u)",
			  text ? text : "error", name ? name : "?", failed->command,
			  failed->kernel_pid);
	if (!address_is_wildcard(&failed->address)) {
		address_show(&failed->address, address);
		(void)text_append(fact.bind.detail, FACT_DETAIL_SIZE, " at %s", address);
	}
	if (failed->error == EADDRINUSE) {
		const struct listener *holder = find_holder(daemon, failed);

		if (holder)
			describe_holder(holder, fact.bind.holder, FACT_DETAIL_SIZE);
		(void)text_append(fact.bind.detail, FACT_DETAIL_SIZE, "; the port is held by %s",
				  *fact.bind.holder ? fact.bind.holder
						    : "a socket that does not listen");
	}
	return fact;
}

/* The server of another service on the same port is none of ours; who cannot be placed may be the
 * server. */
static bool is_foreign(const struct service *service, const struct failed_bind *failed)
{
	return *service->server.unit && !service->server.unit_is_guess && *failed->unit &&
	       strcmp(service->server.unit, failed->unit) != 0;
}

/* Whether the port is in the hands of neither the asker nor whoever should have it. */
static bool others_hold(const struct daemon *daemon, const struct service *service,
			const struct failed_bind *failed)
{
	const struct listener *holder =
		failed->error == EADDRINUSE ? find_holder(daemon, failed) : NULL;

	if (!holder || is_own(holder, failed))
		return false;
	return !*service->server.unit || service->server.unit_is_guess ||
	       strcmp(service->server.unit, holder->unit) != 0;
}

static void on_failed(const struct failed_bind *failed, void *userdata)
{
	struct daemon *daemon = userdata;
	struct fact fact;

	if (!daemon->started || failed->netns != daemon->netns)
		return;
	daemon->bind_failures[bind_error_of(failed->error)]++;
	daemon->dirty = true;
	/* What the kernel said of listeners before this waits in another ring. */
	(void)observer_consume(daemon->observer);
	fact = fact_of(daemon, failed);
	for (size_t i = 0; i < daemon->intent.services.n; i++) {
		const struct service *service = &daemon->intent.services.list[i];

		if (service->want.port != failed->port || is_foreign(service, failed))
			continue;
		fact.service = i;
		fact.bind.other_holds = others_hold(daemon, service, failed);
		facts_feed(daemon, &fact);
	}
	daemon_arm(daemon);
}

void binds_open(struct daemon *daemon)
{
	char why[DEGRADED_SIZE];
	int r;

	/* One look is too short to see anybody fail; and where we poll, BPF is refused. */
	if (daemon->once || !daemon->observer || observer_is_polling(daemon->observer))
		return;
	r = bind_watch_new(on_failed, daemon, &daemon->binds);
	if (r >= 0)
		r = bind_watch_attach(daemon->binds, daemon->event);
	if (r >= 0)
		return;
	bind_watch_free(daemon->binds);
	daemon->binds = NULL;
	(void)text_format(why, sizeof(why),
			  "failed binds cannot be seen (neither fexit nor system call tracepoints: "
			  "%s), so a missing "
			  "listener is seen but \"bind-failed\" is never its cause",
			  strerror(-r));
	degraded_begin(daemon, DEGRADED_BINDS, why);
}
