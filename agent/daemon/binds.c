// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/binds.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "observe/kernel/bind_watch.h"

struct binds {
	struct core *core;
	const struct place_table *places;
	struct observer *observer;
	struct bind_watch *watch; /* NULL: failed binds are not seen, and said so */
	uint64_t failures[BIND_ERROR_COUNT];
	binds_news *news;
	void *userdata;
};

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
static const struct listener *find_holder(const struct binds *binds,
					  const struct failed_bind *failed)
{
	const struct inventory *inventory = observer_inventory(binds->observer);
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
	char container[CONTAINER_NAME_SIZE], pid[PID_TEXT_SIZE];

	if (!listener->n_holders)
		return;
	pid_show_here(holder->pid, pid);
	(void)text_format(to, size, "%s (%s", holder->command, pid);
	if (*listener->unit)
		(void)text_append(to, size, ", %s", listener->unit);
	if (*listener->container) {
		container_show(listener->container, listener->container_name, container);
		(void)text_append(to, size, ", container %s", container);
	}
	(void)text_append(to, size, ")");
}

static struct fact fact_of(const struct binds *binds, const struct failed_bind *failed)
{
	const char *name = strerrorname_np(failed->error), *text = strerrordesc_np(failed->error);
	struct fact fact = core_fact(binds->core, FACT_BIND_FAILED, 0);
	char address[ADDRESS_TEXT_SIZE], pid[PID_TEXT_SIZE];

	pid_show_here(failed->pid, pid);
	fact.bind.at_usec = failed->at_ns / NSEC_PER_USEC;
	fact.bind.error = failed->error;
	fact.bind.pid = failed->kernel_pid;
	memcpy(fact.bind.command, failed->command, sizeof(fact.bind.command));
	memcpy(fact.bind.unit, failed->unit, sizeof(fact.bind.unit));
	(void)text_format(fact.bind.detail, FACT_DETAIL_SIZE, "bind: %s (%s) for %s (%s)",
			  text ? text : "error", name ? name : "?", failed->command, pid);
	if (!address_is_wildcard(&failed->address)) {
		address_show(&failed->address, address);
		(void)text_append(fact.bind.detail, FACT_DETAIL_SIZE, " at %s", address);
	}
	if (failed->error == EADDRINUSE) {
		const struct listener *holder = find_holder(binds, failed);

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
static bool others_hold(const struct binds *binds, const struct service *service,
			const struct failed_bind *failed)
{
	const struct listener *holder =
		failed->error == EADDRINUSE ? find_holder(binds, failed) : NULL;

	if (!holder || is_own(holder, failed))
		return false;
	return !*service->server.unit || service->server.unit_is_guess ||
	       strcmp(service->server.unit, holder->unit) != 0;
}

static void on_failed(const struct failed_bind *failed, void *userdata)
{
	struct binds *binds = userdata;
	const struct service_set *services = core_services(binds->core);
	struct fact fact;

	if (!place_is_any(binds->places, failed->netns))
		return;
	binds->failures[bind_error_of(failed->error)]++;
	/* What the kernel said of listeners before this waits in another ring. */
	(void)observer_consume(binds->observer);
	fact = fact_of(binds, failed);
	for (size_t i = 0; i < services->n; i++) {
		const struct service *service = &services->list[i];

		if (service_port_inside(service) != failed->port || is_foreign(service, failed) ||
		    !place_has(binds->places, service, failed->netns))
			continue;
		fact.service = i;
		fact.bind.other_holds = others_hold(binds, service, failed);
		(void)core_post(binds->core, &fact);
	}
	binds->news(binds->userdata);
}

static void open_watch(struct binds *binds, struct degraded *degraded)
{
	char why[DEGRADED_SIZE];
	int r = bind_watch_new(on_failed, binds, &binds->watch);

	if (r >= 0)
		r = bind_watch_attach(binds->watch, core_event(binds->core));
	if (r >= 0)
		return;
	bind_watch_free(binds->watch);
	binds->watch = NULL;
	(void)text_format(why, sizeof(why),
			  "failed binds cannot be seen (neither fexit nor system call tracepoints: "
			  "%s), so a missing listener is seen but \"bind-failed\" is never its "
			  "cause",
			  strerror(-r));
	degraded_begin(degraded, DEGRADED_BINDS, why);
}

int binds_new(struct core *core, const struct place_table *places, struct degraded *degraded,
	      struct observer *observer, binds_news *news, void *userdata, struct binds **ret)
{
	struct binds *binds = calloc(1, sizeof(*binds));

	if (!binds)
		return -ENOMEM;
	binds->core = core;
	binds->places = places;
	binds->observer = observer;
	binds->news = news;
	binds->userdata = userdata;
	if (observer && !observer_is_polling(observer)) /* where we poll, BPF is refused */
		open_watch(binds, degraded);
	*ret = binds;
	return 0;
}

void binds_free(struct binds *binds)
{
	if (!binds)
		return;
	bind_watch_free(binds->watch);
	free(binds);
}

void binds_watch(struct binds *binds, const uint16_t *ports, size_t n)
{
	if (binds->watch)
		bind_watch_ports(binds->watch, ports, n);
}

const char *binds_hook(const struct binds *binds)
{
	return bind_watch_rung(binds ? binds->watch : NULL);
}

uint64_t binds_lost(const struct binds *binds)
{
	return bind_watch_lost(binds ? binds->watch : NULL);
}

const uint64_t *binds_failures(const struct binds *binds)
{
	return binds && binds->watch ? binds->failures : NULL;
}
