// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/container.h"

#include <signal.h>
#include <string.h>

#include "base/text.h"

#define KILLED_BY 128 /* a shell's and docker's way to say "by this signal" */

bool container_is_alive(const struct container *container)
{
	return container->state == CONTAINER_RUNNING || container->state == CONTAINER_PAUSED;
}

bool container_was_stopped(const struct container *container)
{
	return container->asked && !(container->shot && container->state == CONTAINER_EXITED);
}

bool container_shares_host(const struct container *container)
{
	return strcmp(container->network, "host") == 0;
}

bool container_publishes(const struct container *container, uint16_t port, uint16_t *ret_port)
{
	for (size_t i = 0; i < container->n_ports; i++) {
		if (container->ports[i].host_port != port)
			continue;
		*ret_port = container->ports[i].port;
		return true;
	}
	return false;
}

/* The nearer to running, the better; of the same, the later in the list. */
static int rank(const struct container *container)
{
	switch (container->state) {
	case CONTAINER_RUNNING:
	case CONTAINER_PAUSED:
		return 3;
	case CONTAINER_RESTARTING:
		return 2;
	case CONTAINER_UNKNOWN:
	case CONTAINER_CREATED:
	case CONTAINER_EXITED:
		return 1;
	case CONTAINER_REMOVED:
		break;
	}
	return 0;
}

const struct container *container_set_publisher(const struct container_set *set, uint16_t port,
						uint16_t *ret_port)
{
	const struct container *best = NULL;

	for (size_t i = 0; i < set->n; i++) {
		const struct container *container = &set->list[i];
		uint16_t inside;

		if (!container_publishes(container, port, &inside) ||
		    (best && rank(container) < rank(best)))
			continue;
		best = container;
		*ret_port = inside;
	}
	return best;
}

const struct container *container_set_find(const struct container_set *set, const char *name)
{
	const struct container *best = NULL;

	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->list[i].name, name) == 0 &&
		    (!best || rank(&set->list[i]) >= rank(best)))
			best = &set->list[i];
	return best;
}

static void append_signal(int number, char *to)
{
	const char *name = sigabbrev_np(number);

	(void)text_append(to, CONTAINER_DETAIL_SIZE, "signal %d (SIG%s)", number,
			  name ? name : "?");
}

static void append_exit(const struct container *container, char *to)
{
	int number = container->exit_code - KILLED_BY;

	(void)text_append(to, CONTAINER_DETAIL_SIZE, "exit code %d", container->exit_code);
	if (number <= 0 || number >= NSIG)
		return;
	(void)text_append(to, CONTAINER_DETAIL_SIZE, ", ");
	append_signal(number, to);
}

static void append_policy(const struct container *container, char *to)
{
	static const char *const names[] = {
		[RESTART_NO] = "no",
		[RESTART_ON_FAILURE] = "on-failure",
		[RESTART_UNLESS_STOPPED] = "unless-stopped",
		[RESTART_ALWAYS] = "always",
	};

	(void)text_append(to, CONTAINER_DETAIL_SIZE, "; its restart policy is \"%s\"",
			  names[container->restart]);
	if (container->is_left && container->restart != RESTART_NO)
		(void)text_append(to, CONTAINER_DETAIL_SIZE, ", and %s does not start it again",
				  container->runtime);
}

static void tell_asked(const struct container *container, char *to)
{
	bool removed = container->state == CONTAINER_REMOVED;

	(void)text_format(to, CONTAINER_DETAIL_SIZE, "somebody had %s %s container %s",
			  container->runtime, removed ? "remove" : "stop", container->name);
	(void)text_append(to, CONTAINER_DETAIL_SIZE, " (");
	if (container->signal) {
		append_signal(container->signal, to);
		(void)text_append(to, CONTAINER_DETAIL_SIZE, "; ");
	}
	append_exit(container, to);
	(void)text_append(to, CONTAINER_DETAIL_SIZE, ")");
}

static void tell_end(const struct container *container, char *to)
{
	(void)text_format(to, CONTAINER_DETAIL_SIZE, "the first process of container %s ended: %s",
			  container->name, container->oom ? "the OOM killer was there, " : "");
	append_exit(container, to);
	append_policy(container, to);
}

void container_tell(const struct container *container, char to[static CONTAINER_DETAIL_SIZE])
{
	*to = '\0';
	switch (container->state) {
	case CONTAINER_CREATED:
		(void)text_format(to, CONTAINER_DETAIL_SIZE,
				  "container %s was made and never started", container->name);
		return;
	case CONTAINER_RUNNING:
		(void)text_format(to, CONTAINER_DETAIL_SIZE,
				  container->asked ? "somebody has container %s stopped"
				  : container->is_cut_off
					  ? "container %s runs, and is taken from its network: "
					    "nothing that it publishes leads to it"
					  : "container %s runs",
				  container->name);
		return;
	case CONTAINER_PAUSED:
		(void)text_format(to, CONTAINER_DETAIL_SIZE, "container %s is paused",
				  container->name);
		return;
	case CONTAINER_UNKNOWN:
		return;
	case CONTAINER_RESTARTING:
	case CONTAINER_EXITED:
	case CONTAINER_REMOVED:
		if (container_was_stopped(container))
			tell_asked(container, to);
		else
			tell_end(container, to);
		return;
	}
}

/* Podman has had a "compose" of its own only since 4.7; what it composes is podman-compose's. */
static const char *composer(const struct container *container)
{
	return strcmp(container->runtime, "podman") == 0 ? "podman-compose" : "docker compose";
}

void container_remedy(const struct container *container, char to[static CONTAINER_DETAIL_SIZE])
{
	if (container->state == CONTAINER_PAUSED)
		(void)text_format(to, CONTAINER_DETAIL_SIZE, "%s unpause %s", container->runtime,
				  container->name);
	else if (container->is_cut_off)
		(void)text_format(
			to, CONTAINER_DETAIL_SIZE, "%s network connect %s %s", container->runtime,
			strcmp(container->network, "default") == 0 ? "bridge" : container->network,
			container->name);
	else if (*container->unit)
		(void)text_format(to, CONTAINER_DETAIL_SIZE, "systemctl start %s", container->unit);
	else if (*container->service && *container->directory)
		(void)text_format(to, CONTAINER_DETAIL_SIZE, "cd %s && %s up -d %s",
				  container->directory, composer(container), container->service);
	else if (container->state != CONTAINER_REMOVED)
		(void)text_format(to, CONTAINER_DETAIL_SIZE, "%s start %s", container->runtime,
				  container->name);
	else
		*to = '\0';
}

bool container_comes_back(const struct container *container)
{
	if (container->asked || container->is_left || container->state == CONTAINER_REMOVED)
		return false;
	switch (container->restart) {
	case RESTART_NO:
		return false;
	case RESTART_ON_FAILURE:
		return container->state == CONTAINER_RESTARTING || container->exit_code != 0;
	case RESTART_UNLESS_STOPPED:
	case RESTART_ALWAYS:
		return true;
	}
	return false;
}
