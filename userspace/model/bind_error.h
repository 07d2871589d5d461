/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ways in which bind() fails that are counted one by one. Pure. */
#ifndef BIND_ERROR_H
#define BIND_ERROR_H

enum bind_error {
	BIND_ERROR_ADDRESS_IN_USE,
	BIND_ERROR_ADDRESS_NOT_AVAILABLE,
	BIND_ERROR_NO_PERMISSION,
	BIND_ERROR_WRONG_FAMILY,
	BIND_ERROR_INVALID,
	BIND_ERROR_OTHER,
	BIND_ERROR_COUNT,
};

enum bind_error bind_error_of(int error);	    /* errno, positive */
const char *bind_error_name(enum bind_error error); /* "EADDRINUSE", "other" */

#endif
