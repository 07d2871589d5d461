/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structs described field by field, as data: for who writes them down and reads them again. Pure.
 *
 * A struct's rows stand in a macro, in the order of its fields, one a field:
 *
 *	#define UNIT_END(F, S)        \
 *		F(S, TEXT, result)    \
 *		F(S, UNSIGNED, signal)
 *	FIELDS(unit_end, struct unit_end, UNIT_END)
 *
 * FIELDS() also initializes such a struct by position, with the compiler told to refuse one whose
 * fields are not all named: who adds a field and forgets its row gets no program. */
#ifndef FIELDS_H
#define FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

enum field_kind {
	FIELD_BOOL,
	FIELD_UNSIGNED,
	FIELD_SIGNED,
	FIELD_WORD, /* an enum: written as a word, so that a new one may stand anywhere in it */
	FIELD_TEXT,
	FIELD_BYTES,
	FIELD_NUMBERS, /* an array of unsigned numbers */
	FIELD_STRUCT,
	FIELD_LIST,  /* structs, or numbers where ->of is NULL; how many are used is a COUNT */
	FIELD_COUNT, /* is told by its list */
	FIELD_LEFT,  /* means nothing elsewhere: a pointer, a number of this process's own */
};

struct fields;

/* The word of @value; NULL: there are no more. */
typedef const char *field_word(unsigned int value);

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
	size_t size;			 /* of the field; of numbers and lists: of one element */
	size_t n;			 /* numbers, lists: room for so many */
	size_t count_offset, count_size; /* lists */
	const struct fields *of;	 /* structs, lists */
	field_word *word;
};

struct fields {
	const struct field *list;
	size_t n;
	size_t size; /* of the struct */
};

/* GRID: numbers, row by row. LEFT_WHOLE: LEFT, of a struct or an array. */
#define FIELD_PLAIN(S, kind_, m)    \
	{ .name = #m,               \
	  .kind = FIELD_##kind_,    \
	  .offset = offsetof(S, m), \
	  .size = sizeof(((S *)0)->m) },
#define FIELD_ROW_BOOL(S, m)	 FIELD_PLAIN(S, BOOL, m)
#define FIELD_ROW_UNSIGNED(S, m) FIELD_PLAIN(S, UNSIGNED, m)
#define FIELD_ROW_SIGNED(S, m)	 FIELD_PLAIN(S, SIGNED, m)
#define FIELD_ROW_TEXT(S, m)	 FIELD_PLAIN(S, TEXT, m)
#define FIELD_ROW_BYTES(S, m)	 FIELD_PLAIN(S, BYTES, m)
#define FIELD_ROW_ADDRESS(S, m)	 FIELD_PLAIN(S, ADDRESS, m)
#define FIELD_ROW_COUNT(S, m)	 FIELD_PLAIN(S, COUNT, m)
#define FIELD_ROW_LEFT(S, m)	 FIELD_PLAIN(S, LEFT, m)
#define FIELD_ROW_WORD(S, m, word_)    \
	{ .name = #m,                  \
	  .kind = FIELD_WORD,          \
	  .offset = offsetof(S, m),    \
	  .size = sizeof(((S *)0)->m), \
	  .word = (word_) },
#define FIELD_ROW_STRUCT(S, m, of_)    \
	{ .name = #m,                  \
	  .kind = FIELD_STRUCT,        \
	  .offset = offsetof(S, m),    \
	  .size = sizeof(((S *)0)->m), \
	  .of = &of_##_fields },
#define FIELD_ROW_NUMBERS(S, m)           \
	{ .name = #m,                     \
	  .kind = FIELD_NUMBERS,          \
	  .offset = offsetof(S, m),       \
	  .size = sizeof(((S *)0)->m[0]), \
	  .n = ARRAY_SIZE(((S *)0)->m) },
#define FIELD_LISTED(S, m, count_, of_)           \
	{ .name = #m,                             \
	  .kind = FIELD_LIST,                     \
	  .offset = offsetof(S, m),               \
	  .size = sizeof(((S *)0)->m[0]),         \
	  .n = ARRAY_SIZE(((S *)0)->m),           \
	  .count_offset = offsetof(S, count_),    \
	  .count_size = sizeof(((S *)0)->count_), \
	  .of = (of_) },
#define FIELD_ROW_LIST(S, m, count_, of_)   FIELD_LISTED(S, m, count_, &of_##_fields)
#define FIELD_ROW_NUMBER_LIST(S, m, count_) FIELD_LISTED(S, m, count_, NULL)
#define FIELD_ROW_LEFT_WHOLE(S, m)	    FIELD_PLAIN(S, LEFT, m)
#define FIELD_ROW_GRID(S, m)                 \
	{ .name = #m,                        \
	  .kind = FIELD_NUMBERS,             \
	  .offset = offsetof(S, m),          \
	  .size = sizeof(((S *)0)->m[0][0]), \
	  .n = sizeof(((S *)0)->m) / sizeof(((S *)0)->m[0][0]) },
#define FIELD_ROW(S, kind_, ...) FIELD_ROW_##kind_(S, __VA_ARGS__)

#define FIELD_ZERO_BOOL(...)	    0,
#define FIELD_ZERO_UNSIGNED(...)    0,
#define FIELD_ZERO_SIGNED(...)	    0,
#define FIELD_ZERO_WORD(...)	    0,
#define FIELD_ZERO_COUNT(...)	    0,
#define FIELD_ZERO_LEFT(...)	    0,
#define FIELD_ZERO_TEXT(...)	    {},
#define FIELD_ZERO_BYTES(...)	    {},
#define FIELD_ZERO_NUMBERS(...)	    {},
#define FIELD_ZERO_STRUCT(...)	    {},
#define FIELD_ZERO_LIST(...)	    {},
#define FIELD_ZERO_NUMBER_LIST(...) {},
#define FIELD_ZERO_LEFT_WHOLE(...)  {},
#define FIELD_ZERO_GRID(...)	    {},
#define FIELD_ZERO(S, kind_, ...)   FIELD_ZERO_##kind_(__VA_ARGS__)

/* static const char *NAME(unsigned int): the words of @TYPE, a case each, so that the compiler
 * names the one that was forgotten. */
#define FIELD_WORDS(name_, TYPE, ...)                \
	static const char *name_(unsigned int value) \
	{                                            \
		switch ((TYPE)value) {               \
			__VA_ARGS__                  \
		}                                    \
		return NULL;                         \
	}
#define FIELD_SAYS(value_, word_) \
	case value_:              \
		return word_;

#define FIELDS_LISTED(name_, S, ROWS)                                                              \
	_Pragma("GCC diagnostic push")                                                             \
		_Pragma("GCC diagnostic error \"-Wmissing-field-initializers\"") static const S    \
			name_##_is_whole __attribute__((unused)) = { ROWS(FIELD_ZERO, S) };        \
	_Pragma("GCC diagnostic pop") static const struct field name_##_list[] = { ROWS(FIELD_ROW, \
											S) };
#define FIELDS_MADE(name_, S)                                     \
	{                                                         \
		name_##_list, ARRAY_SIZE(name_##_list), sizeof(S) \
	}

/* Makes name_fields, for the rows that follow in the same file; FIELDS_SHARED(): for others too. */
#define FIELDS(name_, S, ROWS)        \
	FIELDS_LISTED(name_, S, ROWS) \
	static const struct fields name_##_fields = FIELDS_MADE(name_, S);
#define FIELDS_SHARED(name_, S, ROWS) \
	FIELDS_LISTED(name_, S, ROWS) \
	const struct fields name_##_fields = FIELDS_MADE(name_, S);

#endif
