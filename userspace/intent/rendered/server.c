// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/server.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/enter.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/rendered/include.h"

bool server_can(const struct server_kind *server, enum protocol protocol)
{
	return server->protocols & SERVER_CAN(protocol);
}

bool server_would(const struct server_kind *server, const struct server_traits *traits,
		  enum protocol protocol)
{
	uint32_t bit = SERVER_CAN(protocol);

	return server->protocols & bit && (!(server->by_choice & bit) || traits->serves & bit);
}

static int own_root(int *ret)
{
	*ret = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? -errno : 0;
}

char *server_read_beside(const struct server_words *words, const char *path, size_t max)
{
	cleanup(fd_closep) int root = -1;
	char *text = NULL;

	if (!words->inside)
		(void)file_read(path, max, &text, NULL);
	else if (enter_root(words->inside, &root) >= 0)
		(void)file_read_below(root, path, max, &text, NULL);
	return text;
}

int server_read_files(const struct server_words *words, char **ret, struct complaints *complaints)
{
	cleanup(fd_closep) int root = -1;
	int r;

	r = words->inside ? enter_root(words->inside, &root) : own_root(&root);
	if (r < 0)
		complain_failure(complaints, r, "%s: cannot be read", words->path);
	else
		r = include_read(root, words->path, ret, complaints);
	return r < 0 && r != -ENOMEM ? -EINVAL : r;
}
