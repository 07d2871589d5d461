// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/complaints.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/text.h"

/* A full list gives up its last warning for an error. */
static struct complaint *make_room(struct complaints *complaints, bool is_error)
{
	if (complaints->n < COMPLAINTS_MAX)
		return &complaints->list[complaints->n++];
	for (size_t i = COMPLAINTS_MAX; is_error && i-- > 0;)
		if (!complaints->list[i].is_error)
			return &complaints->list[i];
	return NULL;
}

static void complain(struct complaints *complaints, bool is_error, const char *format, va_list ap)
{
	struct complaint *complaint;

	if (is_error)
		complaints->n_errors++;
	else
		complaints->n_warnings++;
	complaint = make_room(complaints, is_error);
	if (!complaint)
		return;
	complaint->is_error = is_error;
	(void)vsnprintf(complaint->text, sizeof(complaint->text), format, ap);
	text_sanitize(complaint->text);
}

void complain_error(struct complaints *complaints, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(complaints, true, format, ap);
	va_end(ap);
}

void complain_failure(struct complaints *complaints, int error, const char *format, ...)
{
	char text[COMPLAINT_SIZE];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	complain_error(complaints, "%s: %s", text, strerror(-error));
	complaints->ours |= is_own_want(error);
}

void complain_warning(struct complaints *complaints, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(complaints, false, format, ap);
	va_end(ap);
}

const char *complaints_first_error(const struct complaints *complaints)
{
	for (size_t i = 0; i < complaints->n; i++)
		if (complaints->list[i].is_error)
			return complaints->list[i].text;
	return "";
}
