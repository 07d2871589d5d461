// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/bind_error.h"

#include <errno.h>

static const struct {
	int error;
	const char *name;
} errors[BIND_ERROR_COUNT] = {
	[BIND_ERROR_ADDRESS_IN_USE] = { EADDRINUSE, "EADDRINUSE" },
	[BIND_ERROR_ADDRESS_NOT_AVAILABLE] = { EADDRNOTAVAIL, "EADDRNOTAVAIL" },
	[BIND_ERROR_NO_PERMISSION] = { EACCES, "EACCES" },
	[BIND_ERROR_WRONG_FAMILY] = { EAFNOSUPPORT, "EAFNOSUPPORT" },
	[BIND_ERROR_INVALID] = { EINVAL, "EINVAL" },
	[BIND_ERROR_OTHER] = { 0, "other" },
};

enum bind_error bind_error_of(int error)
{
	for (enum bind_error i = 0; i < BIND_ERROR_OTHER; i++)
		if (errors[i].error == error)
			return i;
	return BIND_ERROR_OTHER;
}

const char *bind_error_name(enum bind_error error)
{
	return errors[error].name;
}
