/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who hears a conversation as it goes. */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

/* 'S': the server says @text, 'C': we do, '-': something else happens. @text is printable, and
 * valid during the call. */
typedef void (*transcript_line)(char who, const char *text, void *userdata);

struct transcript { /* zeroed: nobody listens */
	transcript_line on_line;
	void *userdata;
};

void transcript_add(const struct transcript *transcript, char who, const char *text);

/* Each line of @text, which ends in CRLF, as ours. */
void transcript_add_ours(const struct transcript *transcript, const char *text);

#endif
