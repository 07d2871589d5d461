/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For readers that open files themselves: a directory of our own, whose files are links to memory. */
#ifndef FUZZ_DIRECTORY_H
#define FUZZ_DIRECTORY_H

#include "fuzz_reader.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

static char fuzz_root[64];

static inline int fuzz_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static inline void fuzz_root_remove(void)
{
	(void)nftw(fuzz_root, fuzz_remove, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void fuzz_root_make(void)
{
	const char *where = getenv("TMPDIR");

	claim(text_format(fuzz_root, sizeof(fuzz_root), "%s/hearken-fuzz.XXXXXX", where ? where : "/tmp") == 0);
	claim(mkdtemp(fuzz_root));
	claim(atexit(fuzz_root_remove) == 0);
}

/* Makes the file @name below the root; what is written to the descriptor that it returns is in it. */
static inline int fuzz_file_make(const char *name)
{
	char path[PATH_MAX], link[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	claim(fd >= 0);
	(void)text_format(path, sizeof(path), "%s/%s", fuzz_root, name);
	*strrchr(path, '/') = '\0';
	claim(file_make_directory(path, 0700) == 0);
	path[strlen(path)] = '/';
	(void)text_format(link, sizeof(link), "/proc/self/fd/%d", fd);
	claim(symlink(link, path) == 0);
	return fd;
}

static inline void fuzz_file_write(int fd, const char *text, size_t size)
{
	claim(ftruncate(fd, 0) == 0);
	claim(pwrite(fd, text, size, 0) == (ssize_t)size);
}

#endif
