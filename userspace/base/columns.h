/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text for a terminal: how wide it is, and how it is made to fit. Pure. A character of UTF-8 is one
 * column. */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

size_t columns_of(const char *s);

/* Leaves at most @columns of @s (of @size bytes), cut behind a word, with "..." to say so. Returns
 * whether anything was cut. */
bool columns_cut(char *s, size_t size, size_t columns);

/* The same, by bytes: for readers that count those. Never cuts within a character. */
bool columns_cut_bytes(char *s, size_t bytes);

/* Where to break @s so that what stands before fits @columns: at a blank where there is one.
 * Returns the number of bytes, the whole length when all of it fits. */
size_t columns_break(const char *s, size_t columns);

/* Spells in ASCII what a terminal without UTF-8 cannot show, in place: "us" for microseconds, '?'
 * for each other character. */
void columns_ascii(char *s);

#endif
