// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/kernel/signals.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "bpf/listener.skel.h"
#include "observe/owner/owner.h"
#include "observe/owner/sender.h"

#define MANAGER_PID 1
#define MEMORY_NS   (90 * UINT64_C(1000000000)) /* an order is carried out by then, or forgotten */

void signals_attach(struct observer *observer)
{
	struct bpf_program *program = observer->skel->progs.on_signal;

	if (bpf_program__autoload(program))
		observer->signals_link = bpf_program__attach(program);
}

bool signals_are_seen(const struct observer *observer)
{
	return observer->signals_link != NULL;
}

/* A signal from before the listener was opened is another story, or another process's. */
static bool find_note(const struct observer *observer, uint32_t pid, int signal,
		      const struct listener *listener, uint64_t at_ns, struct signal_note *ret)
{
	uint32_t place = signal_place(pid, (uint32_t)signal);

	return pid &&
	       bpf_map_lookup_elem(bpf_map__fd(observer->skel->maps.signals), &place, ret) == 0 &&
	       ret->target == pid && ret->signal == (uint32_t)signal &&
	       ret->time_ns >= listener->opened_ns && ret->time_ns <= at_ns &&
	       at_ns - ret->time_ns < MEMORY_NS;
}

/* The newest that a server takes as its order to end. Returns the signal, 0: none. */
static int find_order(const struct observer *observer, uint32_t pid,
		      const struct listener *listener, uint64_t at_ns, struct signal_note *ret)
{
	static const int orders[] = { SIGTERM, SIGINT, SIGQUIT };
	int signal = 0;

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct signal_note note;

		if (!find_note(observer, pid, orders[i], listener, at_ns, &note) ||
		    (signal && note.time_ns < ret->time_ns))
			continue;
		*ret = note;
		signal = orders[i];
	}
	return signal;
}

static bool is_polite(int signal)
{
	return signal == 0 || signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
}

static int find_signal(const struct observer *observer, const struct listener *listener,
		       uint64_t at_ns, const struct task_end *end, struct signal_note *ret)
{
	int signal = 0;

	if (end->signal && find_note(observer, end->kernel_pid, end->signal, listener, at_ns, ret))
		return end->signal;
	if (!is_polite(end->signal))
		return 0;
	signal = find_order(observer, end->kernel_pid, listener, at_ns, ret);
	/* A child that only follows: it ends as its master was told to. */
	return signal ? signal : find_order(observer, listener->opener, listener, at_ns, ret);
}

/* By the names that its cgroups had then. */
static void find_owner_by_way(const struct signal_note *note, struct owner *ret)
{
	char path[SIGNAL_WAY * (SIGNAL_WAY_SIZE + 1) + 1] = "";

	for (size_t i = SIGNAL_WAY; i-- > 0;)
		if (*note->way[i])
			(void)text_append(path, sizeof(path), "/%.*s", SIGNAL_WAY_SIZE - 1,
					  note->way[i]);
	cgroup_path_parse(path, ret);
	text_sanitize(ret->unit);
	text_sanitize(ret->container);
}

void signals_explain(struct observer *observer, const struct listener *listener, uint64_t at_ns,
		     struct task_end *end)
{
	struct signal_sent *sent = &end->sent;
	bool is_nested = observer->finder.pids_are_nested, is_manager;
	struct signal_note note;
	struct owner owner;
	int signal = end->oom ? 0 : find_signal(observer, listener, at_ns, end, &note);

	if (!signal)
		return;
	sent->signal = (uint8_t)signal;
	sent->kernel_pid = note.pid;
	sent->uid = note.uid;
	memcpy(sent->command, note.command, sizeof(sent->command));
	sent->command[sizeof(sent->command) - 1] = '\0';
	text_sanitize(sent->command);
	is_manager = owner_is_manager(&observer->finder, note.cgroup_id) ||
		     (!is_nested && note.kernel_pid == MANAGER_PID);
	owner_find(&observer->finder, note.cgroup_id, is_nested ? 0 : (pid_t)note.kernel_pid,
		   note.started_ns, &owner);
	if (!is_manager && !*owner.unit && !*owner.container)
		find_owner_by_way(&note, &owner);
	sender_enter(&owner, is_manager, listener, SENDER_SESSIONS, sent);
}
