/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel lets nobody do, root or not. */
#ifndef LOCKDOWN_H
#define LOCKDOWN_H

#include <stdbool.h>

/* lockdown=confidentiality: programs that read kernel memory by address are refused whole. */
bool lockdown_is_confidential(void);

#endif
