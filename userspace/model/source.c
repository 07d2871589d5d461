// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/source.h"

const char *source_state_name(enum source_state state)
{
	switch (state) {
	case SOURCE_READ:
		return "read";
	case SOURCE_ABSENT:
		return "absent";
	case SOURCE_BROKEN:
		return "broken";
	}
	return "";
}
