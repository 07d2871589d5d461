/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words, numbers and lines out of text that may be wrong. Pure.
 *
 * Parsers return 0, -EINVAL (not of that form) or -ERANGE (of the form, but out of its range), and
 * leave *ret untouched on failure. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies @from whole into @to, always terminated. Returns 0, or -E2BIG having copied what fits,
 * never half of a UTF-8 character. */
int text_copy(char *to, size_t size, const char *from);

/* As snprintf(), for a buffer whose end is known; returns 0 or -E2BIG with what fits in place. */
int text_format(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends to what @to already holds; same returns. */
int text_append(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

bool text_starts_with(const char *s, const char *prefix);

/* The part behind @prefix, or NULL. */
const char *text_after(const char *s, const char *prefix);

/* Cuts blanks (space, tab, CR, LF) from both ends in place; returns the new start within @s. */
char *text_trim(char *s);

/* The last line of @s that is not blank: *@ret_n characters, without the blanks at its end. */
const char *text_last_line(const char *s, size_t *ret_n);

/* Takes the next line, which may be empty, off *@rest, and copies what fits of it into @to. Returns
 * false, with @to empty, when there is none left. */
bool text_line(const char **rest, char *to, size_t size);

/* Takes the next blank-separated word out of *@cursor, in place; NULL when there is none left. */
char *text_word(char **cursor);

/* Decimal digits alone: no sign, no blank, no other script's digits. */
int text_u64(const char *s, uint64_t max, uint64_t *ret);

/* A TCP port, 1 to 65535. */
int text_port(const char *s, uint16_t *ret);

/* "yes", "no", "on", "off", "true", "false", "1", "0", in any case. */
int text_bool(const char *s, bool *ret);

/* "500ms", "2s", "5min", "1h", "14d"; a unit is required, except for "0". */
int text_duration(const char *s, uint64_t *ret_usec);

/* "2.7 s", "380 µs", "4 min 10 s": for people. */
void text_show_duration(uint64_t usec, char *to, size_t size);

/* @unix_time in UTC, as strftime() has @format. Returns 0, or -ERANGE with "?" when its year has
 * more than four digits. */
int text_show_time(int64_t unix_time, const char *format, char *to, size_t size)
	__attribute__((format(strftime, 2, 0)));

/* The entry of NULL-terminated @names that @word most likely meant, or NULL when none is near. */
const char *text_nearest(const char *word, const char *const *names);

/* Makes @s printable in place: control characters and bytes that are not UTF-8 become '?'. */
void text_sanitize(char *s);
void text_sanitize_lines(char *s); /* the same, but a newline stays */

#endif
