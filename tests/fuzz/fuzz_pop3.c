// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fuzz_dialogue.h"

FUZZ_DIALOGUE(PROTOCOL_POP3)
