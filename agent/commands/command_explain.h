/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hearken explain: the whole story of one service (report/story.h), from files; the daemon need not
 * run. */
#ifndef COMMAND_EXPLAIN_H
#define COMMAND_EXPLAIN_H

extern const char command_explain_options[]; /* a line each, for the help */

int command_explain(int argc, char **argv);

#endif
