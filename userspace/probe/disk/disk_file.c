// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/disk/disk_file.h"

#include <errno.h>

#include "base/enter.h"
#include "base/file.h"

int disk_root(const struct service *service, int *ret)
{
	const struct server *server = &service->server;

	*ret = DISK_HERE;
	return server->files_pid ? enter_root_again(server->files_pid, server->files_mntns, ret)
				 : 0;
}

int disk_read(int root, const char *path, size_t max, char **ret, size_t *ret_size)
{
	return root == DISK_HERE ? file_read(path, max, ret, ret_size)
				 : file_read_below(root, path, max, ret, ret_size);
}

int disk_stat(int root, const char *path, struct stat *ret)
{
	if (root != DISK_HERE)
		return file_stat_below(root, path, ret);
	return stat(path, ret) < 0 ? -errno : 0;
}
