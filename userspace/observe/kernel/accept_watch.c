// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/kernel/accept_watch.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "bpf/accept.skel.h"
#include "bpf/listener_event.h"
#include "observe/kernel/lockdown.h"
#include "observe/port_set.h"
#include "observe/kernel/tracepoint.h"

#define LINKS	    2
#define ACCEPTS_MAX 16384 /* as accept.bpf.c has it */
#define CPUS_MAX    1024  /* whose counts are added; more processors have no rung */

struct accept_watch {
	struct accept_bpf *skel;
	struct bpf_link *links[LINKS];
	const char *rung;
	int n_cpus;
};

static int attach_fexit(struct accept_watch *watch)
{
	watch->links[0] = bpf_program__attach(watch->skel->progs.after_accept);
	return watch->links[0] ? 0 : -errno;
}

static int attach_tracepoints(struct accept_watch *watch)
{
	cleanup(fd_closep) int tracefs = tracepoint_open();
	int r;

	if (tracefs < 0)
		return tracefs;
	r = tracepoint_attach(tracefs, "syscalls/sys_exit_accept",
			      watch->skel->progs.on_exit_accept, &watch->links[0]);
	if (r < 0)
		return r;
	return tracepoint_attach(tracefs, "syscalls/sys_exit_accept4",
				 watch->skel->progs.on_exit_accept4, &watch->links[1]);
}

static const struct rung {
	const char *name;
	bool is_fexit;
	int (*attach)(struct accept_watch *watch);
} rungs[] = {
	{ "fexit", true, attach_fexit },
	{ "tracepoint", false, attach_tracepoints },
};

static void climb_down(struct accept_watch *watch)
{
	for (size_t i = 0; i < LINKS; i++) {
		bpf_link__destroy(watch->links[i]);
		watch->links[i] = NULL;
	}
	accept_bpf__destroy(watch->skel);
	watch->skel = NULL;
}

static int climb(struct accept_watch *watch, const struct rung *rung)
{
	int r;

	watch->skel = accept_bpf__open();
	if (!watch->skel)
		return -errno;
	watch->skel->rodata->kernel_may_be_read = !lockdown_is_confidential();
	bpf_program__set_autoload(watch->skel->progs.after_accept, rung->is_fexit);
	bpf_program__set_autoload(watch->skel->progs.on_exit_accept, !rung->is_fexit);
	bpf_program__set_autoload(watch->skel->progs.on_exit_accept4, !rung->is_fexit);
	r = accept_bpf__load(watch->skel);
	if (r >= 0)
		r = rung->attach(watch);
	if (r < 0)
		climb_down(watch);
	else
		watch->rung = rung->name;
	return r;
}

int accept_watch_new(const char *rung, struct accept_watch **ret)
{
	cleanup(accept_watch_freep) struct accept_watch *watch = calloc(1, sizeof(*watch));
	int r = -ENOENT;

	if (!watch)
		return -ENOMEM;
	watch->n_cpus = libbpf_num_possible_cpus();
	if (watch->n_cpus < 0)
		return watch->n_cpus;
	if (watch->n_cpus > CPUS_MAX)
		return -E2BIG;
	(void)libbpf_set_print(NULL); /* the caller says in one sentence what failed */
	for (size_t i = 0; i < ARRAY_SIZE(rungs) && !watch->rung; i++)
		if (!rung || strcmp(rung, rungs[i].name) == 0)
			r = climb(watch, &rungs[i]);
	if (r < 0)
		return r;
	malloc_trim(0); /* the kernel's own BTF was read for the relocations */
	*ret = TAKE_PTR(watch);
	return 0;
}

void accept_watch_free(struct accept_watch *watch)
{
	if (!watch)
		return;
	climb_down(watch);
	free(watch);
}

const char *accept_watch_rung(const struct accept_watch *watch)
{
	return watch ? watch->rung : "none";
}

void accept_watch_ports(struct accept_watch *watch, const uint16_t *ports, size_t n)
{
	struct port_set set = { 0 };

	for (size_t i = 0; i < n; i++)
		port_set_add(&set, ports[i]);
	port_set_publish(&set, watch->skel->bss->watched_ports);
}

void accept_watch_count(const struct accept_watch *watch, const struct inventory *inventory)
{
	struct accept_count counts[CPUS_MAX];

	for (size_t i = 0; watch && i < inventory->n; i++) {
		struct listener *listener = inventory->list[i];

		/* None accepted yet: there is no entry. */
		if (bpf_map_lookup_elem(bpf_map__fd(watch->skel->maps.accepts), &listener->cookie,
					counts) < 0)
			continue;
		listener->accepted = 0;
		for (int cpu = 0; cpu < watch->n_cpus; cpu++) {
			listener->accepted += counts[cpu].accepted;
			if (counts[cpu].last_ns > listener->last_accept_ns)
				listener->last_accept_ns = counts[cpu].last_ns;
		}
	}
}

void accept_watch_forget(struct accept_watch *watch, uint64_t cookie)
{
	if (watch)
		(void)bpf_map_delete_elem(bpf_map__fd(watch->skel->maps.accepts), &cookie);
}

void accept_watch_make_room(struct accept_watch *watch, const struct inventory *inventory)
{
	int fd = bpf_map__fd(watch->skel->maps.accepts);
	__u64 cookie, next;
	bool more = bpf_map_get_next_key(fd, NULL, &next) == 0;

	for (size_t i = 0; more && i < ACCEPTS_MAX;
	     i++) { /* who adds some meanwhile is not waited for */
		cookie = next;
		more = bpf_map_get_next_key(fd, &cookie, &next) == 0; /* before it is deleted */
		if (!inventory_find(inventory, cookie))
			(void)bpf_map_delete_elem(fd, &cookie);
	}
	*(volatile __u64 *)&watch->skel->bss->dropped = 0;
}

uint64_t accept_watch_lost(const struct accept_watch *watch)
{
	return watch ? *(volatile __u64 *)&watch->skel->bss->dropped : 0;
}
