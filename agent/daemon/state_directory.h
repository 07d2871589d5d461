/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state directory: one Hearken at a time, and what must survive it. */
#ifndef STATE_DIRECTORY_H
#define STATE_DIRECTORY_H

#include "judge/budget.h"

/* Makes the directory and takes its lock, which the caller keeps open as long as it runs. Returns
 * 0, -EBUSY when another Hearken has it (*@ret_pid says which, 0 when unknown), or -errno. */
int state_directory_lock(const char *directory, int *ret_fd, pid_t *ret_pid);

/* The spent budgets, in DIRECTORY/repairs.json. A missing file is an empty budget; a broken one is
 * said
 * (-EBADMSG) and counts as spent nothing. */
int state_directory_load_budgets(const char *directory, struct budgets *ret);
int state_directory_save_budgets(const char *directory, const struct budgets *budgets);

/* What cannot be used stays to be looked at: DIRECTORY/NAME becomes NAME.unread. Says so, and @why.
 */
void state_directory_set_aside(const char *directory, const char *name, const char *why);

#endif
