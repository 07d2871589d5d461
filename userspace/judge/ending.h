/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the end of whoever served a port means, in words of the truth table. Pure. */
#ifndef ENDING_H
#define ENDING_H

#include "model/finding.h"
#include "model/listener.h"

/* Writes the evidence into @detail (RECORD_DETAIL_SIZE). */
enum cause ending_cause(const struct task_end *end, char *detail);

/* Of one that was told to end, by a signal: who told it, and that it does. */
void ending_of_order(const struct task_end *end, char *detail);

/* Of the first process of the namespace that the process ended in. */
void ending_of_init(const struct task_end *end, char *detail);

#endif
