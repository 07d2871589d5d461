// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bind_watch.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <malloc.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "bind.skel.h"
#include "listener_event.h"
#include "owner.h"
#include "text.h"

#define LINKS 2 /* both rungs are made of two programs */

struct bind_watch {
	struct bind_bpf *skel;
	struct bpf_link *links[LINKS];
	struct ring_buffer *ring;
	sd_event_source *source;
	const char *rung;
	bind_watch_handler *handler;
	void *userdata;
	int cgroup_fd;
	bool pids_are_nested;
};

/* The tracing file system where it is mounted, else one that is mounted nowhere: in a container and on
 * small systems it often is not, and we leave no mount behind. */
static int open_tracefs(void)
{
	cleanup(fd_closep) int context = -1;
	int fd = open("/sys/kernel/tracing/events", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		fd = open("/sys/kernel/tracing", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	context = fsopen("tracefs", FSOPEN_CLOEXEC);
	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = fsmount(context, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static int read_id(int tracefs, const char *path, uint64_t *ret)
{
	cleanup(fd_closep) int fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	char text[32];
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return text_u64(text_trim(text), UINT32_MAX, ret);
}

/* As bpf_program__attach_tracepoint(), which needs the file system mounted. */
static int attach_tracepoint(int tracefs, const char *path, struct bpf_program *program, struct bpf_link **ret)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	cleanup(fd_closep) int fd = -1;
	struct bpf_link *link;
	uint64_t id;
	int r = read_id(tracefs, path, &id);

	if (r < 0)
		return r;
	attr.config = id;
	/* The program runs for every task on every processor, whatever this says (perf_event_set_bpf_prog). */
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	link = bpf_program__attach_perf_event(program, fd);
	if (!link)
		return -errno;
	TAKE_FD(fd); /* the link's now */
	*ret = link;
	return 0;
}

static int attach_tracepoints(struct bind_watch *watch)
{
	cleanup(fd_closep) int tracefs = open_tracefs();
	int r;

	if (tracefs < 0)
		return tracefs;
	/* The end before the beginning: an end without a beginning is nothing, a beginning without an end
	 * would stay in the map. */
	r = attach_tracepoint(tracefs, "events/syscalls/sys_exit_bind/id", watch->skel->progs.on_exit_bind,
			      &watch->links[0]);
	if (r < 0)
		return r;
	return attach_tracepoint(tracefs, "events/syscalls/sys_enter_bind/id",
				 watch->skel->progs.on_enter_bind, &watch->links[1]);
}

static int attach_fexit(struct bind_watch *watch)
{
	watch->links[0] = bpf_program__attach(watch->skel->progs.after_inet_bind);
	if (!watch->links[0])
		return -errno;
	watch->links[1] = bpf_program__attach(watch->skel->progs.after_inet6_bind);
	return watch->links[1] ? 0 : -errno;
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
	bpf_program__set_autoload(watch->skel->progs.after_inet_bind, rung->is_fexit);
	bpf_program__set_autoload(watch->skel->progs.after_inet6_bind, rung->is_fexit);
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
		.port = event->port,
		.address.family = event->family,
	};

	assert(size >= sizeof(*event));
	memcpy(failed.address.bytes, event->address, sizeof(failed.address.bytes));
	memcpy(failed.command, event->command, sizeof(failed.command));
	failed.command[sizeof(failed.command) - 1] = '\0';
	text_sanitize(failed.command);
	owner_find(watch->cgroup_fd, event->cgroup_id, watch->pids_are_nested ? 0 : (pid_t)event->kernel_pid,
		   failed.unit, failed.container);
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
	watch->cgroup_fd = -1;
	(void)owner_open(&watch->cgroup_fd); /* without it, owners come from /proc */
	watch->pids_are_nested = owner_pids_are_nested();
	(void)libbpf_set_print(NULL); /* the caller says in one sentence what failed */
	for (size_t i = 0; i < ARRAY_SIZE(rungs) && !watch->rung; i++)
		r = climb(watch, &rungs[i]);
	if (r < 0)
		return r;
	watch->ring = ring_buffer__new(bpf_map__fd(watch->skel->maps.events), on_event, watch, NULL);
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
	if (watch->cgroup_fd >= 0)
		close(watch->cgroup_fd);
	free(watch);
}

const char *bind_watch_rung(const struct bind_watch *watch)
{
	return watch ? watch->rung : "none";
}

void bind_watch_ports(struct bind_watch *watch, const uint16_t *ports, size_t n)
{
	uint64_t words[LISTENER_PORT_WORDS] = { 0 };

	for (size_t i = 0; i < n; i++)
		words[ports[i] / 64] |= UINT64_C(1) << ports[i] % 64;
	for (size_t i = 0; i < LISTENER_PORT_WORDS; i++)
		*(volatile __u64 *)&watch->skel->bss->watched_ports[i] = words[i];
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
	int r = sd_event_add_io(event, &watch->source, bind_watch_fd(watch), EPOLLIN, on_ring_readable, watch);

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
			       *(volatile __u64 *)&watch->skel->bss->suppressed :
		       0;
}
