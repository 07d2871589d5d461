/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only Postfix's master.cf itself tells, and postconf does not. Pure. */
#ifndef MASTER_CF_H
#define MASTER_CF_H

#include "base/complaints.h"

/* A service that was commented out, but not its -o lines, gives them to the service above it,
 * whatever that is. Warns of each. @path is the directory of master.cf. Returns 0 or -ENOMEM. */
int master_cf_find_orphans(const char *text, const char *path, struct complaints *complaints);

#endif
