// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/transcript.h"

#include <string.h>

#include "base/text.h"
#include "model/answer.h"

#define SHOWN_SIZE (2 * ANSWER_DETAIL_SIZE)

void transcript_add(const struct transcript *transcript, char who, const char *text)
{
	char shown[SHOWN_SIZE];

	if (!transcript->on_line)
		return;
	(void)text_copy(shown, sizeof(shown), text);
	text_sanitize(shown);
	transcript->on_line(who, shown, transcript->userdata);
}

void transcript_add_ours(const struct transcript *transcript, const char *text)
{
	char line[SHOWN_SIZE];

	for (; transcript->on_line && *text; text += strcspn(text, "\n") + 1) {
		(void)text_format(line, sizeof(line), "%.*s", (int)strcspn(text, "\r\n"), text);
		transcript_add(transcript, 'C', line);
	}
}
