/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "sources = auto", as far as files of products go: what is on this host, and why we think so.
 *
 * Looked at, each with a bound: the places where the products' own manuals put their files; the
 * working directories of the compose projects that docker's containers belong to (labels in
 * config.v2.json); and the environment of processes in containers (for those whose file nobody
 * finds: podman, Kubernetes, another directory). What cannot be read is told, and the rest counts.
 */
#ifndef DISCOVER_H
#define DISCOVER_H

#include "intent/declared/discovery.h"

/* @root: what to put before every path; "" but in tests. Returns 0 or -ENOMEM; *@ret is always
 * whole. */
int discover(const char *root, struct discovery *ret);

#endif
