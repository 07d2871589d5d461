/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fuzzers share: each is one file, fuzz_WHAT.c, that defines LLVMFuzzerTestOneInput(). */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that must hold for every input; libFuzzer keeps the input for which it does not. */
#define claim(condition)                                                                       \
	do {                                                                                   \
		if (!(condition)) {                                                            \
			fprintf(stderr, "%s:%d: ERROR: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                               \
		}                                                                              \
	} while (0)

/* What people and files get to read is printable. */
static inline void claim_printable(const char *s, size_t size)
{
	claim(memchr(s, '\0', size));
	for (; *s; s++)
		claim((unsigned char)*s >= ' ' && *s != 0x7f);
}

/* Every answer has its findings in order, the headline is the first, and no text of it can do harm.
 */
static inline void claim_answer(const struct answer *answer)
{
	claim(answer->n_findings <= ANSWER_FINDINGS_MAX);
	claim_printable(answer->detail, sizeof(answer->detail));
	if (answer->complete)
		claim(answer->finding == (answer->n_findings ? answer->findings[0].finding : FINDING_NONE));
	for (uint32_t i = 0; i < answer->n_findings; i++) {
		claim_printable(answer->findings[i].detail, sizeof(answer->findings[i].detail));
		claim(*finding_name(answer->findings[i].finding));
		claim(i == 0 || finding_severity(answer->findings[i].finding) <=
					finding_severity(answer->findings[i - 1].finding));
	}
}

#endif
