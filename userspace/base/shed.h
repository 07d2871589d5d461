/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets go of memory that only a start, or work that seldom comes, had a use for: what malloc has
 * free, and pages of code and tables of the libraries. What is needed again comes back by itself.
 */
#ifndef SHED_H
#define SHED_H

#include <stdbool.h>

/* @own_code: of ourselves too. Not where an alert would have to fetch it. */
void shed(bool own_code);

#endif
