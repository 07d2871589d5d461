/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole files, read with a bound and replaced at once. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Reads all of @path, at most @max bytes, and a NUL behind them. The caller frees *@ret.
 * Returns 0, -EFBIG when there is more, -EISDIR, or why it cannot be read. @ret_size may be NULL.
 */
int file_read(const char *path, size_t max, char **ret, size_t *ret_size);

/* The same of @path below the directory @root (an absolute path is below it, too), as whoever has
 * that directory as its root would open it: no "..", no symbolic link and no magic one
 * (/proc/1/root) leads out. For files of others, who may put anything there at any moment: what is
 * not a regular file is not even opened. Returns as above, or -EINVAL (a fifo, a device, a socket),
 * -ELOOP (a magic link, or too many links). */
int file_read_below(int root, const char *path, size_t max, char **ret, size_t *ret_size);

/* Whether there is anything by that name, as for file_read_below(); a link at its end counts. */
bool file_exists_below(int root, const char *path);

/* stat() of @path below @root, as for file_read_below(). Returns 0 or -errno. */
int file_stat_below(int root, const char *path, struct stat *ret);

/* The directory @path below @root, as for file_read_below(), to be listed: a descriptor, or -errno.
 */
int file_directory_below(int root, const char *path);

/* Puts @data in the place of @path: written to a hidden name beside it, synced, renamed. Readers
 * see the old content or the new, never half. Returns 0 or -errno, with the old file untouched. */
int file_replace(const char *path, const void *data, size_t size, mode_t mode);

/* The same for news, where the old file would be a lie: on a full disk it is written over, which a
 * reader may see half done, and where that is impossible too it is removed. Returns 0 or -errno,
 * with the old file gone unless not even that could be (EROFS). */
int file_tell(const char *path, const void *data, size_t size, mode_t mode);

/* Makes the directory @path and its parents where they are missing. Returns 0 or -errno. */
int file_make_directory(const char *path, mode_t mode);

#endif
