/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resources that leave a scope by themselves, and the few macros every file needs. */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	 (sizeof(a) / sizeof((a)[0]))
#define cleanup(release) __attribute__((cleanup(release)))

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  UINT64_C(1000000)
#define NSEC_PER_USEC UINT64_C(1000)
#define USEC_NEVER    UINT64_MAX

/* Hands a resource over: the variable forgets it, so its cleanup does nothing. */
#define TAKE_PTR(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})
#define TAKE_FD(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

/* Makes x_freep() out of x_free(), for cleanup(x_freep). */
#define DEFINE_FREEP(type, release)             \
	static inline void release##p(type **p) \
	{                                       \
		release(*p);                    \
	}

static inline void memory_freep(void *p)
{
	free(*(void **)p);
}

static inline void fd_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void directory_closep(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

#endif
