/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with a text that somebody wrote: collected while it is read, said all at once. */
#ifndef COMPLAINTS_H
#define COMPLAINTS_H

#include <stdbool.h>
#include <stddef.h>

#define COMPLAINTS_MAX 32 /* more are counted only; an error takes the place of a warning */
#define COMPLAINT_SIZE 400

struct complaint {
	bool is_error;		   /* else a warning */
	char text[COMPLAINT_SIZE]; /* "FILE:LINE: KEY: what is wrong; what to do" */
};

struct complaints { /* zeroed is empty */
	struct complaint list[COMPLAINTS_MAX];
	size_t n;
	size_t n_errors; /* also those that found no room */
	size_t n_warnings;
	bool ours; /* an error of them is of our own making (own.h) */
};

void complain_error(struct complaints *complaints, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same of what failed with @error, a negative errno whose text is put behind it. */
void complain_failure(struct complaints *complaints, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void complain_warning(struct complaints *complaints, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text of the first error, which those that follow are often a consequence of; or "". */
const char *complaints_first_error(const struct complaints *complaints);

#endif
