// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/tls/trouble.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/own.h"

/* OpenSSL gives its hooks nothing of the caller's, so this cannot live in anybody's struct. */
static _Atomic bool failed;

static void *noted(void *p, size_t size)
{
	if (!p && size > 0)
		failed = true;
	return p;
}

static void *on_malloc(size_t size, const char *file, int line)
{
	return noted(malloc(size), size);
}

static void *on_realloc(void *old, size_t size, const char *file, int line)
{
	return noted(realloc(old, size), size);
}

static void on_free(void *p, const char *file, int line)
{
	free(p);
}

void trouble_watch_memory(void)
{
	(void)CRYPTO_set_mem_functions(on_malloc, on_realloc, on_free);
}

bool trouble_has_lost_memory(void)
{
	return failed;
}

bool trouble_is_ours(int error)
{
	if (is_own_want(error))
		return true;
	switch (error) {
	case EPERM:	    /* a packet filter of our own host, or our own sandbox */
	case EACCES:	    /* likewise, and SELinux */
	case EADDRNOTAVAIL: /* no port of ours is free */
	case EADDRINUSE:
	case EBADF:
	case EFAULT:
	case EINVAL:
	case ENOSYS:
	case ENOTSOCK:
		return true;
	default:
		return false;
	}
}
