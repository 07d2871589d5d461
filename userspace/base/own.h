/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose want it is. What fails for want of memory or descriptors says nothing of the file or the
 * program that was asked for, and must never be told as if it did. */
#ifndef OWN_H
#define OWN_H

#include <errno.h>
#include <stdbool.h>

/* @error: an errno, of either sign. */
static inline bool is_own_want(int error)
{
	switch (error < 0 ? -error : error) {
	case ENOMEM:
	case ENOBUFS:
	case EMFILE:
	case ENFILE:
	case EAGAIN: /* no process more, no memory that may be locked */
		return true;
	default:
		return false;
	}
}

#endif
