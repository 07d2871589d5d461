// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/disk.h"

const char *disk_name(enum disk disk)
{
	switch (disk) {
	case DISK_UNKNOWN:
		return "unknown";
	case DISK_SAME:
		return "same";
	case DISK_NEWER:
		return "newer";
	case DISK_OLDER:
		return "older";
	case DISK_UNUSABLE:
		return "unusable";
	}
	return "";
}
