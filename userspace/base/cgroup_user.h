/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose hand made a cgroup. Below user@UID.service a user makes cgroups of any name (systemd
 * delegates it to him), so what looks like a container of root's there is none. Pure. */
#ifndef CGROUP_USER_H
#define CGROUP_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The user whose manager one component of a cgroup's path is, user@UID.service; 0: none's, or
 * root's. His sessions' scopes are not delegated: what is in there root has made. @word need not be
 * terminated. */
uint32_t cgroup_user_of_word(const char *word, size_t n);

/* Whether @path, as far as its first @n bytes, lies below some user's manager. */
bool cgroup_is_users(const char *path, size_t n);

#endif
