/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a command ends that was called wrongly. */
#ifndef USAGE_H
#define USAGE_H

enum { COMMAND_USAGE = 3 }; /* a wrong call knows nothing: UNKNOWN to a monitoring system */

/* Says on stderr where the options of @name, "hearken status", are listed. Returns COMMAND_USAGE.
 */
int usage_wrong(const char *name);

#endif
