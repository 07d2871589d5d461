/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How rows of metrics are written: Prometheus' text format 0.0.4. */
#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct metric {		  /* a family of rows */
	const char *name; /* without "hearken_" */
	const char *type; /* "gauge", "counter" */
	const char *help; /* no backslash, no newline */
};

struct page {
	FILE *out;
	const struct metric *metric; /* the family of the rows that follow */
	bool has_head;		     /* a family without rows is left out altogether */
	char separator;		     /* before the next label */
};

/* A row: its beginning, labels, and its value, which ends it. */
void page_begin(struct page *page);
void page_label(struct page *page, const char *name, const char *value);
void page_end(struct page *page, const char *value);
void page_end_count(struct page *page, uint64_t value);
void page_end_seconds(struct page *page, uint64_t usec);

#endif
