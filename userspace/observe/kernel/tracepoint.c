// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/kernel/tracepoint.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define PATH_SIZE 128

int tracepoint_open(void)
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

static int read_id(int tracefs, const char *name, uint64_t *ret)
{
	char path[PATH_SIZE];
	cleanup(fd_closep) int fd = -1;
	char text[32];
	ssize_t n;
	int r = text_format(path, sizeof(path), "events/%s/id", name);

	if (r < 0)
		return r;
	fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return text_u64(text_trim(text), UINT32_MAX, ret);
}

int tracepoint_attach(int tracefs, const char *name, struct bpf_program *program,
		      struct bpf_link **ret)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	cleanup(fd_closep) int fd = -1;
	struct bpf_link *link;
	uint64_t id;
	int r = read_id(tracefs, name, &id);

	if (r < 0)
		return r;
	attr.config = id;
	/* The program runs for every task on every processor, whatever this says
	 * (perf_event_set_bpf_prog). */
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
