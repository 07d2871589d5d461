/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of facts and of all that they are made of, and of services and records. Pure. */
#ifndef FACT_FIELDS_H
#define FACT_FIELDS_H

#include "model/fact.h"
#include "model/fields.h"

extern const struct fields fact_fields; /* of every kind; see fact_fields_of() */
extern const struct fields queue_fields;
extern const struct fields record_fields;
extern const struct fields service_fields;
extern const struct fields task_end_fields;
extern const struct fields container_word_fields;
extern const struct fields unit_word_fields;

/* Words of enums, for rows elsewhere. */
const char *cause_word(unsigned int value);
const char *coverage_word(unsigned int value);
const char *disk_word_of(unsigned int value);
const char *fact_word(unsigned int value);
const char *finding_word(unsigned int value);
const char *place_word(unsigned int value);
const char *rung_word(unsigned int value);
const char *verdict_word(unsigned int value);

/* What a fact of @kind says beside its kind and its service: *@ret_offset is where that lies in
 * struct fact. NULL: nothing. */
const struct fields *fact_fields_of(enum fact_kind kind, size_t *ret_offset);

#endif
