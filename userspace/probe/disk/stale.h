/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares the certificate that a service serves with the files that its server's configuration
 * names. Files are read anew only when they are others, by inode, size and time of change. This
 * host's are ours to trust: whoever can write them can have any certificate served; a container's
 * are parsed apart. */
#ifndef STALE_H
#define STALE_H

#include "base/cleanup.h"
#include "model/disk.h"
#include "model/service.h"

struct stale; /* what is known of the files */

int stale_new(struct stale **ret); /* 0 or -ENOMEM */
void stale_free(struct stale *stale);
DEFINE_FREEP(struct stale, stale_free)

/* Adds to @word what the files of @service say against the certificate that @answer saw:
 * certificate-stale where it is more than some minutes that the file is another, for who renews a
 * certificate reloads the server a moment later. @name: by which the server was asked, where it was
 * asked by several, else NULL. @now: Unix time. */
void stale_check(struct stale *stale, const struct service *service, int64_t now,
		 const struct answer *answer, const char *name, struct disk_word *word);

#endif
