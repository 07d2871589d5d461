/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our own file: /etc/hearken/hearken.conf, and on top of it hearken.conf.d/<any>.conf beside it.
 *
 * INI as systemd people know it: [section], key = value, comments behind '#' or ';' at the start of
 * a line and behind " ;" in it. The files of the directory are read in the order of their names;
 * what is said later wins, key by key. Lists replace, they do not add. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "base/complaints.h"
#include "intent/config/config.h"

/* Reads @path, or the default file when NULL (which may be missing: the defaults then), and its
 * directory. Returns 0, -EINVAL with the errors in @complaints, -ENOENT when a given @path is
 * missing, or another -errno; each is also complained about. *@ret is untouched on failure; the
 * caller releases it with config_clear(). Warnings can come with success. */
int config_load(const char *path, struct config *ret, struct complaints *complaints);

/* Where the status file is, by what can be read of the same file: who asks for it is not to be
 * turned away for an error in another line. */
void config_load_status(const char *path, char to[static CONFIG_PATH_SIZE]);

#endif
