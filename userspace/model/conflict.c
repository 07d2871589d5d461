// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/conflict.h"

const char *conflict_kind_name(enum conflict_kind kind)
{
	switch (kind) {
	case CONFLICT_NOT_RENDERED:
		return "not-rendered";
	case CONFLICT_NOT_DECLARED:
		return "not-declared";
	case CONFLICT_TLS:
		return "tls";
	case CONFLICT_PROXY_HEADER:
		return "proxy-header";
	case CONFLICT_ADDRESS:
		return "address";
	}
	return "";
}
