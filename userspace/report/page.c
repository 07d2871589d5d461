// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/page.h"

#include <inttypes.h>

#include "base/text.h"
#include "base/cleanup.h"

#define LABEL_SIZE 256 /* longer values are cut; names of services are shorter */

void page_begin(struct page *page)
{
	const struct metric *metric = page->metric;

	if (!page->has_head)
		fprintf(page->out, "# HELP hearken_%s %s\n# TYPE hearken_%s %s\n", metric->name,
			metric->help, metric->name, metric->type);
	page->has_head = true;
	fprintf(page->out, "hearken_%s", metric->name);
	page->separator = '{';
}

void page_label(struct page *page, const char *name, const char *value)
{
	char copy[LABEL_SIZE];

	(void)text_copy(copy, sizeof(copy), value);
	text_sanitize(copy);
	fprintf(page->out, "%c%s=\"", page->separator, name);
	for (const char *p = copy; *p; p++) {
		if (*p == '\\' || *p == '"')
			fputc('\\', page->out);
		fputc(*p, page->out);
	}
	fputc('"', page->out);
	page->separator = ',';
}

void page_end(struct page *page, const char *value)
{
	fprintf(page->out, "%s %s\n", page->separator == ',' ? "}" : "", value);
}

void page_end_count(struct page *page, uint64_t value)
{
	char text[24];

	(void)text_format(text, sizeof(text), "%" PRIu64, value);
	page_end(page, text);
}

/* Not by %f, whose decimal point is the locale's. */
void page_end_seconds(struct page *page, uint64_t usec)
{
	char text[32];

	(void)text_format(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, usec / USEC_PER_SEC,
			  usec % USEC_PER_SEC);
	page_end(page, text);
}
