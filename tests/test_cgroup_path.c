// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whose a cgroup is, by its path: shapes that systemd, the container runtimes and Kubernetes make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "observe/owner/cgroup_path.h"

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void test_paths(void **state)
{
	static const struct {
		const char *path, *unit;
		enum unit_manager manager;
		const char *container;
	} rows[] = {
		/* systemd */
		{ "/", "", MANAGER_SYSTEM, "" },
		{ "", "", MANAGER_SYSTEM, "" },
		{ "/init.scope", "", MANAGER_SYSTEM, "" },
		{ "/system.slice/dovecot.service", "dovecot.service", MANAGER_SYSTEM, "" },
		{ "/sys/fs/cgroup/system.slice/dovecot.service", "dovecot.service", MANAGER_SYSTEM, "" },
		{ "/system.slice/system-postfix.slice/postfix@-.service", "postfix@-.service", MANAGER_SYSTEM, "" },
		{ "/mail.slice/mail-in.slice/dovecot.service/worker/3", "dovecot.service", MANAGER_SYSTEM, "" },
		{ "/system.slice/system-dovecot\\x2dalt.slice/dovecot\\x2dalt@a-b.service",
		  "dovecot\\x2dalt@a-b.service", MANAGER_SYSTEM, "" },
		{ "/system.slice/_memory.service", "memory.service", MANAGER_SYSTEM, "" },
		{ "/user.slice/user-1000.slice/session-2.scope", "session-2.scope", MANAGER_SYSTEM, "" },
		{ "/system.slice/run-u12.scope", "run-u12.scope", MANAGER_SYSTEM, "" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/mail.service", "mail.service", MANAGER_USER,
		  "" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-foot-7.scope", "app-foot-7.scope",
		  MANAGER_USER, "" },
		{ "/user.slice/user-1000.slice/user@1000.service/init.scope", "user@1000.service", MANAGER_SYSTEM, "" },
		{ "/system.slice/foo.service/bar.service", "foo.service", MANAGER_SYSTEM, "" },
		{ ".service", "", MANAGER_SYSTEM, "" },
		/* docker */
		{ "/docker/" ID, "", MANAGER_SYSTEM, ID },
		{ "/docker/" ID "/docker/" ID2, "", MANAGER_SYSTEM, ID },
		{ "/docker/0123456789abcdef", "", MANAGER_SYSTEM, "" },
		{ "/system.slice/docker-" ID ".scope", "", MANAGER_SYSTEM, ID },
		{ "/system.slice/docker.service", "docker.service", MANAGER_SYSTEM, "" },
		{ "/system.slice/docker-" ID ".scope/system.slice/dovecot.service", "dovecot.service",
		  MANAGER_CONTAINER, ID },
		{ "/system.slice/docker-" ID ".scope/init.scope", "", MANAGER_SYSTEM, ID },
		{ "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope", "user@1000.service",
		  MANAGER_SYSTEM, "1000:" ID },
		{ "/user.slice/user-4294967294.slice/user@4294967294.service/user.slice/docker-" ID ".scope",
		  "user@4294967294.service", MANAGER_SYSTEM, "4294967294:" ID },
		{ "/user.slice/user-1000.slice/user@1000.service/lxc.payload.front", "user@1000.service",
		  MANAGER_SYSTEM, "1000:front" },
		{ "/user.slice/user-0.slice/session-1.scope/docker-" ID ".scope", "session-1.scope", MANAGER_SYSTEM,
		  ID },
		{ "/system.slice/docker-" ID ".scope/user.slice/user-0.slice/session-1.scope", "session-1.scope",
		  MANAGER_CONTAINER, ID },
		{ "/ecs/5a4b6c7d/" ID, "", MANAGER_SYSTEM, ID },
		{ "/default/" ID, "", MANAGER_SYSTEM, ID },
		/* podman */
		{ "/machine.slice/libpod-" ID ".scope", "", MANAGER_SYSTEM, ID },
		{ "/machine.slice/libpod-" ID ".scope/container", "", MANAGER_SYSTEM, ID },
		{ "/machine.slice/libpod-" ID ".scope/container/system.slice/postfix.service", "postfix.service",
		  MANAGER_CONTAINER, ID },
		{ "/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", MANAGER_SYSTEM, "" },
		{ "/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope/container", "", MANAGER_SYSTEM,
		  ID },
		{ "/libpod_parent/libpod-" ID, "", MANAGER_SYSTEM, ID },
		{ "/libpod_parent/conmon", "", MANAGER_SYSTEM, "" },
		{ "/libpod_parent/" ID2 "/libpod-" ID, "", MANAGER_SYSTEM, ID },
		{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
		  "user@1000.service", MANAGER_SYSTEM, "1000:" ID },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/mail.service/libpod-payload-" ID,
		  "mail.service", MANAGER_USER, "1000:" ID },
		{ "/system.slice/mail.service/libpod-payload-" ID, "mail.service", MANAGER_SYSTEM, ID },
		{ "/system.slice/mail.service/runtime", "mail.service", MANAGER_SYSTEM, "" },
		/* containerd, CRI-O, Kubernetes */
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod5b3c_11.slice/cri-containerd-" ID
		  ".scope",
		  "", MANAGER_SYSTEM, ID },
		{ "/kubepods/burstable/pod5b3c0d9e-7a4d-4f43-8e4b-0a1b2c3d4e5f/" ID, "", MANAGER_SYSTEM, ID },
		{ "/kubepods.slice/kubepods-pod5b3c.slice/crio-" ID ".scope", "", MANAGER_SYSTEM, ID },
		{ "/kubepods.slice/kubepods-pod5b3c.slice/crio-conmon-" ID ".scope", "crio-conmon-" ID ".scope",
		  MANAGER_SYSTEM, "" },
		{ "/kubepods/besteffort/pod5b3c/crio-" ID, "", MANAGER_SYSTEM, ID },
		{ "/system.slice/containerd.service/kubepods-besteffort-pod5b3c.slice:cri-containerd:" ID,
		  "containerd.service", MANAGER_SYSTEM, ID },
		{ "/system.slice/containerd.service", "containerd.service", MANAGER_SYSTEM, "" },
		/* LXC, LXD, Proxmox */
		{ "/lxc.payload.mail", "", MANAGER_SYSTEM, "mail" },
		{ "/lxc.payload.mail/system.slice/dovecot.service", "dovecot.service", MANAGER_CONTAINER, "mail" },
		{ "/lxc.payload/mail", "", MANAGER_SYSTEM, "mail" },
		{ "/lxc.monitor.mail", "", MANAGER_SYSTEM, "" },
		{ "/lxc.monitor/mail", "", MANAGER_SYSTEM, "" },
		{ "/lxc/101/ns/system.slice/postfix@-.service", "postfix@-.service", MANAGER_CONTAINER, "101" },
		{ "/user.slice/user-1000.slice/session-4.scope/lxc.payload.my-mail", "session-4.scope", MANAGER_SYSTEM,
		  "my-mail" },
		/* systemd-nspawn, machined */
		{ "/machine.slice/systemd-nspawn@mail.service/payload", "systemd-nspawn@mail.service", MANAGER_SYSTEM,
		  "mail" },
		{ "/machine.slice/systemd-nspawn@mail.service/payload/system.slice/dovecot.service", "dovecot.service",
		  MANAGER_CONTAINER, "mail" },
		{ "/machine.slice/systemd-nspawn@mail.service/supervisor", "systemd-nspawn@mail.service",
		  MANAGER_SYSTEM, "" },
		{ "/machine.slice/systemd-nspawn@my\\x2dmail.service", "systemd-nspawn@my\\x2dmail.service",
		  MANAGER_SYSTEM, "my-mail" },
		{ "/machine.slice/machine-my\\x2dmail.scope/payload/init.scope", "", MANAGER_SYSTEM, "my-mail" },
		{ "/machine.slice/machine-my\\x2dmail.scope/supervisor", "machine-my\\x2dmail.scope", MANAGER_SYSTEM,
		  "" },
		/* near misses and oddities */
		{ "/system.slice/docker-" ID "0.scope", "docker-" ID "0.scope", MANAGER_SYSTEM, "" },
		{ "/system.slice/x" ID ".scope", "x" ID ".scope", MANAGER_SYSTEM, "" },
		{ "/system.slice/docker-0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef.scope",
		  "docker-0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef.scope", MANAGER_SYSTEM, "" },
		{ "//system.slice///dovecot.service//", "dovecot.service", MANAGER_SYSTEM, "" },
		{ "/lxc.payload.", "", MANAGER_SYSTEM, "" },
		{ "/\xff\xfe.service", "\xff\xfe.service", MANAGER_SYSTEM, "" },
		{ "/a \"b\"\\.service", "a \"b\"\\.service", MANAGER_SYSTEM, "" },
		{ "/docker/" ID " (deleted)", "", MANAGER_SYSTEM, ID },
		{ "/../system.slice/dovecot.service", "dovecot.service", MANAGER_SYSTEM, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct owner owner;

		cgroup_path_parse(rows[i].path, &owner);
		if (strcmp(owner.unit, rows[i].unit) != 0 || strcmp(owner.container, rows[i].container) != 0 ||
		    owner.manager != rows[i].manager)
			fail_msg("%s: unit \"%s\" of manager %d, container \"%s\"", rows[i].path, owner.unit,
				 owner.manager, owner.container);
	}
}

static void test_lines(void **state)
{
	static const struct {
		const char *why, *text, *unit, *container;
	} rows[] = {
		{ "nothing", "", "", "" },
		{ "version 2", "0::/system.slice/dovecot.service\n", "dovecot.service", "" },
		{ "version 2, cut off", "0::/system.slice/dovecot.service", "dovecot.service", "" },
		{ "version 1: systemd's own hierarchy decides",
		  "9:cpu,cpuacct:/mail.service\n3:memory:/other.service\n1:name=systemd:/system.slice/"
		  "dovecot.service\n",
		  "dovecot.service", "" },
		{ "version 1 without systemd", "9:cpu:/\n3:memory:/mail.service\n", "mail.service", "" },
		{ "hybrid", "1:name=systemd:/system.slice/dovecot.service\n0::/system.slice/dovecot.service\n",
		  "dovecot.service", "" },
		{ "hybrid, docker with cgroupfs: the unified line is that of the shim's parent",
		  "4:memory:/docker/" ID "\n1:name=systemd:/docker/" ID "\n0::/system.slice/containerd.service\n", "",
		  ID },
		{ "the container is known in one hierarchy alone",
		  "1:name=systemd:/system.slice/ssh.service\n0::/system.slice/docker-" ID ".scope\n", "", ID },
		{ "a deleted one", "0::/system.slice/dovecot.service (deleted)\n", "dovecot.service", "" },
		{ "colons in a name", "0::/a:b.service\n", "a:b.service", "" },
		{ "no cgroup at all", "hello\n::\n", "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct owner owner;

		cgroup_lines_parse(rows[i].text, &owner);
		if (strcmp(owner.unit, rows[i].unit) != 0 || strcmp(owner.container, rows[i].container) != 0)
			fail_msg("%s: unit \"%s\", container \"%s\"", rows[i].why, owner.unit, owner.container);
	}
}

/* Longer than anything: no unit, no overflow. */
static void test_long_names(void **state)
{
	char path[8192];
	struct owner owner;

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	memcpy(path + sizeof(path) - 9, ".service", 9);
	cgroup_path_parse(path, &owner);
	assert_string_equal(owner.unit, "");
	cgroup_lines_parse(path, &owner);
	memcpy(path, "/lxc.payload.", 13);
	cgroup_path_parse(path, &owner);
	assert_string_equal(owner.unit, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests_name("cgroup_path", tests, NULL, NULL);
}
