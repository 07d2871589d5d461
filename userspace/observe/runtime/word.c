// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/runtime/word.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "observe/owner/cgroup_path.h"

#define LABEL	     "com.docker.compose."
#define SERVICE	     ".service"
#define UNIT_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.@"

static json_t *get(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *s = json_string_value(get(object, key));

	return s ? s : "";
}

static void take_text(const json_t *object, const char *key, char *to, size_t size)
{
	(void)text_copy(to, size, text_at(object, key));
	text_sanitize(to);
}

static bool take_id(const char *id, char to[static CONTAINER_ID_SIZE])
{
	return cgroup_is_container_id(id) && text_copy(to, CONTAINER_ID_SIZE, id) == 0;
}

static json_t *load(const char *text, size_t n)
{
	return json_loadb(text, n, 0, NULL);
}

int runtime_word_list(const char *text, size_t n, struct runtime_list *ret)
{
	cleanup(json_decrefp) json_t *list = load(text, n);
	const json_t *one;
	size_t i;

	if (!json_is_array(list))
		return -EBADMSG;
	ret->n = 0;
	ret->cut = false;
	json_array_foreach(list, i, one)
	{
		if (ret->n == RUNTIME_LIST_MAX) {
			ret->cut = true;
			break;
		}
		ret->n += take_id(text_at(one, "Id"), ret->ids[ret->n]);
	}
	return 0;
}

/* "587/tcp": [{"HostIp": "0.0.0.0", "HostPort": "587"}, ...]; a port that is only exposed has no
 * list. */
static void take_ports(const json_t *object, struct container *to)
{
	const char *key;
	json_t *list;

	json_object_foreach((json_t *)object, key, list)
	{
		const char *protocol = strchr(key, '/');
		char number[8];
		const json_t *one;
		uint16_t port;
		size_t i;

		if (!protocol || strcmp(protocol, "/tcp") != 0 ||
		    text_format(number, sizeof(number), "%.*s", (int)(protocol - key), key) < 0 ||
		    text_port(number, &port) < 0)
			continue;
		json_array_foreach(list, i, one)
		{
			struct container_port *place = &to->ports[to->n_ports];
			const char *address = text_at(one, "HostIp");

			if (to->n_ports == CONTAINER_PORTS_MAX)
				return;
			*place = (struct container_port){ .port = port };
			if (text_port(text_at(one, "HostPort"), &place->host_port) < 0 ||
			    (*address && address_parse(address, &place->address) < 0))
				continue;
			to->n_ports++;
		}
	}
}

static enum container_state find_state(const json_t *state)
{
	static const struct {
		const char *name;
		enum container_state state;
	} names[] = {
		{ "created", CONTAINER_CREATED },    { "initialized", CONTAINER_CREATED },
		{ "configured", CONTAINER_CREATED }, { "running", CONTAINER_RUNNING },
		{ "paused", CONTAINER_PAUSED },	     { "restarting", CONTAINER_RESTARTING },
		{ "exited", CONTAINER_EXITED },	     { "stopped", CONTAINER_EXITED },
		{ "stopping", CONTAINER_RUNNING },   { "dead", CONTAINER_EXITED },
		{ "removing", CONTAINER_REMOVED },
	};
	const char *said = text_at(state, "Status");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, said) == 0)
			return names[i].state;
	/* Docker's file says it in pieces. */
	if (json_is_true(get(state, "Restarting")))
		return CONTAINER_RESTARTING;
	if (json_is_true(get(state, "Paused")))
		return CONTAINER_PAUSED;
	if (json_is_true(get(state, "Running")))
		return CONTAINER_RUNNING;
	/* Never started: its beginning is the year 1. */
	return text_starts_with(text_at(state, "StartedAt"), "0001-") ? CONTAINER_CREATED
								      : CONTAINER_EXITED;
}

static enum container_health find_health(const char *said)
{
	return strcmp(said, "starting") == 0	? HEALTH_STARTING
	       : strcmp(said, "healthy") == 0	? HEALTH_HEALTHY
	       : strcmp(said, "unhealthy") == 0 ? HEALTH_UNHEALTHY
						: HEALTH_NONE;
}

static int number_at(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(get(object, key));

	return n > 0 && n <= INT32_MAX ? (int)n : 0;
}

static void take_state(const json_t *state, struct container *to)
{
	to->state = find_state(state);
	to->asked |= strcmp(text_at(state, "Status"), "stopping") == 0; /* podman's word */
	to->pid = (pid_t)number_at(state, "Pid");
	to->exit_code = number_at(state, "ExitCode");
	to->oom = json_is_true(get(state, "OOMKilled"));
	to->health = find_health(text_at(get(state, "Health"), "Status"));
}

static enum container_restart find_restart(const char *said)
{
	return strcmp(said, "always") == 0	     ? RESTART_ALWAYS
	       : strcmp(said, "unless-stopped") == 0 ? RESTART_UNLESS_STOPPED
	       : strcmp(said, "on-failure") == 0     ? RESTART_ON_FAILURE
						     : RESTART_NO;
}

static void take_host(const json_t *host, struct container *to)
{
	const json_t *policy = get(host, "RestartPolicy");

	take_text(host, "NetworkMode", to->network, sizeof(to->network));
	to->restart = find_restart(text_at(policy, "Name"));
	to->restart_max = (unsigned int)number_at(policy, "MaximumRetryCount");
	to->auto_remove = json_is_true(get(host, "AutoRemove"));
}

/* What "podman generate systemd" and quadlet write. It goes into a command that is advised, and its
 * owner may be a stranger: a name that a shell would take apart is none. */
static void take_unit(const char *name, struct container *to)
{
	size_t n = strlen(name), end = sizeof(SERVICE) - 1;

	if (n <= end || n >= sizeof(to->unit) || strcmp(name + n - end, SERVICE) != 0 ||
	    *name == '-' || name[strspn(name, UNIT_LETTERS)])
		return;
	(void)text_copy(to->unit, sizeof(to->unit), name);
}

static void take_labels(const json_t *labels, struct container *to)
{
	take_unit(text_at(labels, "PODMAN_SYSTEMD_UNIT"), to);
	take_text(labels, LABEL "project", to->project, sizeof(to->project));
	take_text(labels, LABEL "service", to->service, sizeof(to->service));
	take_text(labels, LABEL "project.working_dir", to->directory, sizeof(to->directory));
	take_text(labels, LABEL "project.config_files", to->config_files, sizeof(to->config_files));
}

static int take(const json_t *root, const char *id, const json_t *host, struct container *ret)
{
	struct container to = { 0 };
	const json_t *config = get(root, "Config");
	const char *name = text_at(root, "Name");

	if (!take_id(id, to.id))
		return -EBADMSG;
	(void)text_copy(to.name, sizeof(to.name), name + (*name == '/'));
	text_sanitize(to.name);
	take_text(config, "Image", to.image, sizeof(to.image));
	take_labels(get(config, "Labels"), &to);
	take_state(get(root, "State"), &to);
	take_host(host, &to);
	to.asked |= json_is_true(get(root, "HasBeenManuallyStopped"));
	/* What is in force where it runs, port numbers that were chosen for it included; else what
	 * it shall have. */
	take_ports(get(get(root, "NetworkSettings"), "Ports"), &to);
	if (!to.n_ports) {
		take_ports(get(host, "PortBindings"), &to);
		to.is_cut_off = to.n_ports > 0 && container_is_alive(&to);
	}
	*ret = to;
	return 0;
}

int runtime_word_inspect(const char *text, size_t n, struct container *ret)
{
	cleanup(json_decrefp) json_t *root = load(text, n);

	return root ? take(root, text_at(root, "Id"), get(root, "HostConfig"), ret) : -EBADMSG;
}

int runtime_word_stored(const char *config, size_t n, const char *host, size_t n_host,
			struct container *ret)
{
	cleanup(json_decrefp) json_t *root = load(config, n);
	cleanup(json_decrefp) json_t *settings = n_host ? load(host, n_host) : NULL;

	return root ? take(root, text_at(root, "ID"), settings, ret) : -EBADMSG;
}

static enum runtime_event_kind find_kind(const char *action)
{
	static const struct {
		const char *name;
		enum runtime_event_kind kind;
	} names[] = {
		{ "start", RUNTIME_EVENT_START },     { "kill", RUNTIME_EVENT_KILL },
		{ "stop", RUNTIME_EVENT_STOP },	      { "die", RUNTIME_EVENT_DIE },
		{ "died", RUNTIME_EVENT_DIE },	      { "oom", RUNTIME_EVENT_OOM },
		{ "pause", RUNTIME_EVENT_PAUSE },     { "unpause", RUNTIME_EVENT_UNPAUSE },
		{ "destroy", RUNTIME_EVENT_DESTROY }, { "remove", RUNTIME_EVENT_DESTROY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, action) == 0)
			return names[i].kind;
	return RUNTIME_EVENT_OTHER;
}

/* Numbers are strings there: "signal": "15". */
static int number_in(const json_t *object, const char *key)
{
	uint64_t n;

	return text_u64(text_at(object, key), INT32_MAX, &n) < 0 ? 0 : (int)n;
}

int runtime_word_event(const char *text, size_t n, struct runtime_event *ret)
{
	cleanup(json_decrefp) json_t *root = load(text, n);
	const json_t *actor = get(root, "Actor"), *attributes = get(actor, "Attributes");
	json_int_t time_ns = json_integer_value(get(root, "timeNano"));
	struct runtime_event event = { .time_ns = time_ns > 0 ? (uint64_t)time_ns : 0 };
	const char *action = text_at(root, "Action");
	/* Of what befalls a network, the one that is connected or is no more. */
	const char *id = text_at(attributes, "container");

	if (strcmp(text_at(root, "Type"), "network") != 0 || !*id)
		id = text_at(actor, "ID");
	if (!root || !take_id(id, event.id))
		return -EBADMSG;
	if (!*action)
		action = text_at(root, "status");
	event.kind = find_kind(action);
	event.signal = number_in(attributes, "signal");
	event.exit_code = number_in(attributes, "exitCode");
	if (!get(attributes, "exitCode")) /* podman's word */
		event.exit_code = number_in(attributes, "containerExitCode");
	*ret = event;
	return 0;
}

/* Signals by which servers are told something else than to end. */
static bool may_end(int number)
{
	return number != SIGHUP && number != SIGUSR1 && number != SIGUSR2 && number != SIGWINCH &&
	       number != SIGCONT && number != SIGCHLD;
}

void runtime_word_apply(const struct runtime_event *event, struct container *container)
{
	switch (event->kind) {
	case RUNTIME_EVENT_OTHER:
		return;
	case RUNTIME_EVENT_START:
		container->state = CONTAINER_RUNNING;
		container->asked = container->oom = container->is_left = container->shot = false;
		container->signal = container->exit_code = 0;
		return;
	case RUNTIME_EVENT_KILL:
		if (!container_is_alive(container) || !may_end(event->signal))
			return;
		container->shot =
			event->signal == SIGKILL && (!container->asked || container->shot);
		container->asked = true;
		container->signal = event->signal;
		return;
	case RUNTIME_EVENT_STOP:
		container->asked = true;
		container->shot = false;
		return;
	case RUNTIME_EVENT_DIE:
		container->state = CONTAINER_EXITED;
		container->is_left = false;
		container->exit_code = event->exit_code;
		container->pid = 0;
		return;
	case RUNTIME_EVENT_OOM:
		container->oom = true;
		return;
	case RUNTIME_EVENT_PAUSE:
		container->state = CONTAINER_PAUSED;
		return;
	case RUNTIME_EVENT_UNPAUSE:
		container->state = CONTAINER_RUNNING;
		return;
	case RUNTIME_EVENT_DESTROY:
		/* What ended by itself and was to be removed then, nobody has asked to end. */
		container->asked |= !container->auto_remove;
		container->state = CONTAINER_REMOVED;
		container->pid = 0;
		return;
	}
}
