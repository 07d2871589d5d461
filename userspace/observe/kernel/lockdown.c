// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/kernel/lockdown.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define LOCKDOWN_MAX 256

bool lockdown_is_confidential(void)
{
	cleanup(memory_freep) char *lockdown = NULL;

	return file_read("/sys/kernel/security/lockdown", LOCKDOWN_MAX, &lockdown, NULL) >= 0 &&
	       strstr(lockdown, "[confidentiality]");
}
