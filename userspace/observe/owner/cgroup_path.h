/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the path of a cgroup says of whose the processes in it are. Pure.
 *
 * From the root of the hierarchy downwards: what lies before the first container belongs to the
 * managers of this host, what lies in it to the container's own. Containers are told by the names
 * that the runtimes give their cgroups; a container's helpers outside of it (conmon, lxc.monitor,
 * nspawn's supervisor) are not the container. */
#ifndef CGROUP_PATH_H
#define CGROUP_PATH_H

#include "model/listener.h"

struct owner { /* zeroed is nobody's */
	char unit[UNIT_NAME_SIZE];
	enum unit_manager manager;	   /* of @unit */
	char container[CONTAINER_ID_SIZE]; /* 64 hexadecimal digits; or its name, where that is what
					      the path has; behind "UID:" where it is a user's */
	char container_name[CONTAINER_NAME_SIZE]; /* not the path's to say: left empty here */
};

/* @path as in /proc/PID/cgroup; where the hierarchy is mounted may stand before it, and "
 * (deleted)" behind. */
void cgroup_path_parse(const char *path, struct owner *ret);

/* Whether that is the cgroup of systemd itself, the manager of this host. */
bool cgroup_path_is_manager(const char *path);

/* Pure: all lines of /proc/PID/cgroup, of version 1, 2 or both: the first container that any line
 * knows, and the unit of that line, else the unit that systemd's own hierarchies say. */
void cgroup_lines_parse(const char *text, struct owner *ret);

bool cgroup_is_container_id(const char *s); /* 64 hexadecimal digits */

#endif
