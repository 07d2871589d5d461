// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/runtime/stored.h"

#include <errno.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "observe/owner/cgroup_path.h"
#include "observe/runtime/word.h"

static int read_one(const char *root, const char *id, const char *name, char **ret, size_t *ret_n)
{
	char path[PATH_MAX];
	int r = text_format(path, sizeof(path), "%s/containers/%s/%s", root, id, name);

	return r < 0 ? r : file_read(path, STORED_FILE_MAX, ret, ret_n);
}

int stored_read(const char *root, const char *id, struct container *ret)
{
	cleanup(memory_freep) char *config = NULL, *host = NULL;
	size_t n, n_host = 0;
	int r;

	if (!cgroup_is_container_id(id))
		return -EINVAL; /* no path to be looked for */
	r = read_one(root, id, "config.v2.json", &config, &n);
	if (r < 0)
		return r;
	(void)read_one(root, id, "hostconfig.json", &host, &n_host);
	return runtime_word_stored(config, n, host ? host : "", n_host, ret);
}
