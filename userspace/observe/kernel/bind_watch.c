// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/kernel/bind_watch.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "base/text.h"
#include "bpf/bind.skel.h"
#include "bpf/listener_event.h"
#include "observe/port_set.h"
#include "observe/kernel/tracepoint.h"
#include "observe/owner/owner.h"

#define LINKS 3 /* programs of a rung, at most */

struct bind_watch {
	struct bind_bpf *skel;
	struct bpf_link *links[LINKS];
	struct ring_buffer *ring;
	sd_event_source *source;
	const char *rung;
	bind_watch_handler *handler;
	void *userdata;
	struct owners owners;
};

static int attach_tracepoints(struct bind_watch *watch)
{
	cleanup(fd_closep) int tracefs = tracepoint_open();
	int r;

	if (tracefs < 0)
		return tracefs;
	/* The end before the beginning: an end without a beginning is nothing, a beginning without
	 * an end would stay in the map. */
	r = tracepoint_attach(tracefs, "syscalls/sys_exit_bind", watch->skel->progs.on_exit_bind,
			      &watch->links[0]);
	if (r < 0)
		return r;
	return tracepoint_attach(tracefs, "syscalls/sys_enter_bind",
				 watch->skel->progs.on_enter_bind, &watch->links[1]);
}

static int attach_fexit(struct bind_watch *watch)
{
	watch->links[0] = bpf_program__attach(watch->skel->progs.after_inet_bind);
	if (!watch->links[0])
		return -errno;
	watch->links[1] = bpf_program__attach(watch->skel->progs.after_inet6_bind);
	if (!watch->links[1])
		return -errno;
	/* Without it, all is seen but MPTCP. */
	if (bpf_program__autoload(watch->skel->progs.after_mptcp_bind))
		watch->links[2] = bpf_program__attach(watch->skel->progs.after_mptcp_bind);
	return 0;
}

/* Whether its binds do not come by at inet_bind(). */
static bool mptcp_binds_by_itself(void)
{
	return libbpf_find_vmlinux_btf_id("mptcp_bind", BPF_TRACE_FEXIT) > 0 &&
	       libbpf_find_vmlinux_btf_id("inet_bind_sk", BPF_TRACE_FEXIT) > 0;
}

static const struct rung {
	const char *name;
	bool is_fexit;
	int (*attach)(struct bind_watch *watch);
} rungs[] = {
	{ "fexit", true, attach_fexit },
	{ "tracepoint", false, attach_tracepoints },
};

static void climb_down(struct bind_watch *watch)
{
	for (size_t i = 0; i < LINKS; i++) {
		bpf_link__destroy(watch->links[i]);
		watch->links[i] = NULL;
	}
	bind_bpf__destroy(watch->skel);
	watch->skel = NULL;
}

static int climb(struct bind_watch *watch, const struct rung *rung)
{
	int r;

	watch->skel = bind_bpf__open();
	if (!watch->skel)
		return -errno;
	watch->skel->rodata->pid_namespace_is_nested = watch->owners.pids_are_nested;
	watch->skel->rodata->pid_namespace = watch->owners.pid_namespace;
	bpf_program__set_autoload(watch->skel->progs.after_inet_bind, rung->is_fexit);
	bpf_program__set_autoload(watch->skel->progs.after_inet6_bind, rung->is_fexit);
	bpf_program__set_autoload(watch->skel->progs.after_mptcp_bind,
				  rung->is_fexit && mptcp_binds_by_itself());
	bpf_program__set_autoload(watch->skel->progs.on_enter_bind, !rung->is_fexit);
	bpf_program__set_autoload(watch->skel->progs.on_exit_bind, !rung->is_fexit);
	r = bind_bpf__load(watch->skel);
	if (r >= 0)
		r = rung->attach(watch);
	if (r < 0)
		climb_down(watch);
	else
		watch->rung = rung->name;
	return r;
}

static int on_event(void *context, void *data, size_t size)
{
	struct bind_watch *watch = context;
	const struct bind_event *event = data;
	struct failed_bind failed = {
		.at_ns = event->time_ns,
		.error = event->error,
		.netns = event->netns,
		.kernel_pid = event->kernel_pid,
		.pid = (pid_t)event->pid,
		.port = event->port,
		.address.family = event->family,
	};
	struct owner owner;

	assert(size >= sizeof(*event));
	memcpy(failed.address.bytes, event->address, sizeof(failed.address.bytes));
	memcpy(failed.command, event->command, sizeof(failed.command));
	failed.command[sizeof(failed.command) - 1] = '\0';
	text_sanitize(failed.command);
	owner_find(&watch->owners, event->cgroup_id, (pid_t)event->pid, event->started_ns, &owner);
	memcpy(failed.unit, owner.unit, sizeof(failed.unit));
	memcpy(failed.container, owner.container, sizeof(failed.container));
	watch->handler(&failed, watch->userdata);
	return 0;
}

int bind_watch_new(bind_watch_handler *handler, void *userdata, struct bind_watch **ret)
{
	cleanup(bind_watch_freep) struct bind_watch *watch = calloc(1, sizeof(*watch));
	int r = -ENOENT;

	if (!watch)
		return -ENOMEM;
	watch->handler = handler;
	watch->userdata = userdata;
	owners_open(&watch->owners);
	(void)libbpf_set_print(NULL); /* the caller says in one sentence what failed */
	for (size_t i = 0; i < ARRAY_SIZE(rungs) && !watch->rung; i++)
		r = climb(watch, &rungs[i]);
	if (r < 0)
		return r;
	watch->ring =
		ring_buffer__new(bpf_map__fd(watch->skel->maps.events), on_event, watch, NULL);
	if (!watch->ring)
		return -errno;
	malloc_trim(0); /* the kernel's own BTF was read for the relocations */
	*ret = TAKE_PTR(watch);
	return 0;
}

void bind_watch_free(struct bind_watch *watch)
{
	if (!watch)
		return;
	sd_event_source_disable_unref(watch->source);
	ring_buffer__free(watch->ring);
	climb_down(watch);
	owners_close(&watch->owners);
	free(watch);
}

const char *bind_watch_rung(const struct bind_watch *watch)
{
	return watch ? watch->rung : "none";
}

void bind_watch_ports(struct bind_watch *watch, const uint16_t *ports, size_t n)
{
	struct port_set set = { 0 };

	for (size_t i = 0; i < n; i++)
		port_set_add(&set, ports[i]);
	port_set_publish(&set, watch->skel->bss->watched_ports);
}

int bind_watch_consume(struct bind_watch *watch)
{
	int r = ring_buffer__consume(watch->ring);

	return r < 0 ? r : 0;
}

int bind_watch_fd(const struct bind_watch *watch)
{
	return ring_buffer__epoll_fd(watch->ring);
}

static int on_ring_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	return bind_watch_consume(userdata);
}

int bind_watch_attach(struct bind_watch *watch, sd_event *event)
{
	int r = sd_event_add_io(event, &watch->source, bind_watch_fd(watch), EPOLLIN,
				on_ring_readable, watch);

	if (r < 0)
		return r;
	r = sd_event_source_set_priority(watch->source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r < 0)
		return r;
	return sd_event_source_set_exit_on_failure(watch->source, true);
}

uint64_t bind_watch_lost(const struct bind_watch *watch)
{
	return watch ? *(volatile __u64 *)&watch->skel->bss->dropped +
			       *(volatile __u64 *)&watch->skel->bss->suppressed
		     : 0;
}
