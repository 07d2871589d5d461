// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cgroup_procs.h"
#include "base/cleanup.h"

/* Debian 12 with systemd: version 2 alone. */
static const char unified[] = "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 "
			      "rw,nsdelegate,memory_recursiveprot\n";
/* The same with systemd.unified_cgroup_hierarchy=no: version 1, and version 2 without a controller. */
static const char hybrid[] = "31 30 0:27 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw,nsdelegate\n"
			     "32 30 0:28 / /sys/fs/cgroup/systemd rw shared:11 - cgroup cgroup rw,xattr,name=systemd\n"
			     "36 30 0:32 / /sys/fs/cgroup/memory rw shared:15 - cgroup cgroup rw,memory\n"
			     "37 30 0:33 / /sys/fs/cgroup/cpu,cpuacct rw shared:16 - cgroup cgroup rw,cpu,cpuacct\n"
			     "38 30 0:34 / /sys/fs/cgroup/pids rw shared:17 - cgroup cgroup rw,pids\n"
			     "39 30 0:35 / /sys/fs/cgroup/devices rw shared:18 - cgroup cgroup rw,devices\n"
			     "40 30 0:36 / /sys/fs/cgroup/freezer rw shared:19 - cgroup cgroup rw,freezer\n";
#define OURS_HYBRID                                                                                           \
	"8:freezer:/\n7:cpu,cpuacct:/system.slice/hearken.service\n6:devices:/system.slice/hearken.service\n" \
	"5:pids:/system.slice/hearken.service\n4:memory:/system.slice/hearken.service\n"                      \
	"1:name=systemd:/system.slice/hearken.service\n0::/system.slice/hearken.service\n"

static const struct {
	const char *why, *mounts, *ours, *theirs;
	int r;
	const char *paths[CGROUP_PROCS_MAX];
} rows[] = {
	{ "version 2",
	  unified,
	  "0::/system.slice/hearken.service\n",
	  "0::/system.slice/docker-12.scope\n",
	  1,
	  { "/sys/fs/cgroup/system.slice/docker-12.scope/cgroup.procs" } },
	{ "the root of it",
	  unified,
	  "0::/system.slice/hearken.service\n",
	  "0::/\n",
	  1,
	  { "/sys/fs/cgroup/cgroup.procs" } },
	{ "ours, too", unified, "0::/a\n", "0::/a\n", 0, { NULL } },
	{ "gone", unified, "0::/a\n", "0::/b (deleted)\n", -ESRCH, { NULL } },
	{ "beyond our cgroup namespace", unified, "0::/\n", "0::/../b\n", -EXDEV, { NULL } },
	{ "hybrid: all that bounds, and not the freezer",
	  hybrid,
	  OURS_HYBRID,
	  "8:freezer:/docker/12\n7:cpu,cpuacct:/docker/12\n6:devices:/docker/12\n5:pids:/docker/12\n"
	  "4:memory:/docker/12\n1:name=systemd:/docker/12\n0::/docker/12\n",
	  6,
	  { "/sys/fs/cgroup/unified/docker/12/cgroup.procs", "/sys/fs/cgroup/devices/docker/12/cgroup.procs",
	    "/sys/fs/cgroup/memory/docker/12/cgroup.procs", "/sys/fs/cgroup/pids/docker/12/cgroup.procs",
	    "/sys/fs/cgroup/cpu,cpuacct/docker/12/cgroup.procs", "/sys/fs/cgroup/systemd/docker/12/cgroup.procs" } },
	{ "hybrid: one that only systemd knows",
	  hybrid,
	  "5:pids:/\n1:name=systemd:/\n0::/\n",
	  "5:pids:/\n1:name=systemd:/machine/x\n0::/\n",
	  1,
	  { "/sys/fs/cgroup/systemd/machine/x/cgroup.procs" } },
	{ "a hierarchy that is mounted nowhere",
	  unified,
	  "4:memory:/\n0::/a\n",
	  "4:memory:/x\n0::/a\n",
	  -EXDEV,
	  { NULL } },
	{ "controllers together are one file",
	  "36 30 0:32 / /cg rw - cgroup cgroup rw,memory,pids\n",
	  "4:memory,pids:/\n",
	  "4:memory,pids:/x\n",
	  1,
	  { "/cg/x/cgroup.procs" } },
	{ "\"cpu\" is not \"cpuset\"",
	  "36 30 0:32 / /cg rw - cgroup cgroup rw,cpuset\n",
	  "4:cpuset:/\n",
	  "4:cpuset:/x\n",
	  0,
	  { NULL } },
	{ "a part of the hierarchy, mounted elsewhere",
	  "30 23 0:26 /pods /cg rw - cgroup2 cgroup2 rw\n31 23 0:26 / /host\\040cg rw - cgroup2 cgroup2 rw\n",
	  "0::/a\n",
	  "0::/podsman/x\n",
	  1,
	  { "/host cg/podsman/x/cgroup.procs" } },
	{ "the part that has it",
	  "30 23 0:26 /pods /cg rw master:1 shared:2 - cgroup2 cgroup2 rw\n",
	  "0::/a\n",
	  "0::/pods/x\n",
	  1,
	  { "/cg/x/cgroup.procs" } },
	{ "no cgroups at all", "", "", "", 0, { NULL } },
};

static void finds_the_files(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static char paths[CGROUP_PROCS_MAX][PATH_MAX];
		int r = cgroup_procs_paths(rows[i].mounts, rows[i].ours, rows[i].theirs, paths);

		if (r != rows[i].r)
			fail_msg("%s: %d", rows[i].why, r);
		for (int k = 0; k < r; k++)
			if (strcmp(paths[k], rows[i].paths[k]) != 0)
				fail_msg("%s: %s", rows[i].why, paths[k]);
	}
}

static void our_own_need_no_joining(void **state)
{
	struct cgroup_procs procs;

	assert_int_equal(cgroup_procs_open(getpid(), &procs), 0);
	assert_int_equal(procs.n, 0);
	assert_int_equal(cgroup_procs_open(0x3fffff, &procs), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_files),
		cmocka_unit_test(our_own_need_no_joining),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
