/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "hearken bug-report": what whoever mends Hearken wants to see, as one text without secrets and
 * without names of people. From files alone; works without the daemon. */
#ifndef COMMAND_BUG_REPORT_H
#define COMMAND_BUG_REPORT_H

extern const char command_bug_report_options[]; /* a line each */

int command_bug_report(int argc, char **argv);

#endif
