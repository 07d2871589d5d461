/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each row is a whole conversation as it reads on the wire: "S:" the server says, "C:" we must say,
 * "TLS" the handshake is due and succeeds. It is played with the server's bytes cut at every place. */
#ifndef DIALOGUE_PLAY_H
#define DIALOGUE_PLAY_H

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/dialogue/dialogue.h"

/* A row says what it is about; the rest is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

struct row {
	const char *why;
	enum protocol protocol;
	enum tls_mode tls;
	const char *script; /* lines that end in \n */
	enum dialogue_result end;
	enum finding finding; /* the gravest */
	const char *detail;   /* is part of the detail of all */
	enum finding also;    /* and there are no others */
	enum probe_check check;
	bool same_host;
};

/* Fails the test at the first row that goes otherwise. */
void play_rows(const struct row *rows, size_t n);

#endif
