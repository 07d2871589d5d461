/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For tests of intent_merge(): a hearken.conf and a mailu.env to read, and what the servers' programs print. */
#ifndef INTENT_PLAY_H
#define INTENT_PLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/merge/intent.h"
#include "intent/merge/intent_read.h"
#include "intent/rendered/rendering.h"

#define H    "[hearken]\nsources = "
#define CERT "TLS_FLAVOR=cert\n"

/* "587sN/mp": port, TLS, rendered (Y, N, ?), and who says so: c, m, d, p and so on; "!" before what is
 * off. */
void intent_play_show(const struct intent *intent, char *to, size_t size);

extern char conf[96], env[96]; /* where the files are, to be written */

/* The test's own, around its whole group. */
int intent_play_set_up(void **state);
int intent_play_tear_down(void **state);

extern struct intent_tools tools;
extern struct last_good *memory; /* of the merges before; NULL: none */
extern bool as_found;		 /* as if auto had found the servers */

/* In the place of the server's programs, installed or not. */
void intent_play_say(struct rendered_server *server, const char *output, int result);

/* @mailu, @output: NULL for none. "@" in @text stands for the mailu.env. */
void intent_play_read(const char *text, const char *mailu, const char *output, int result, struct intent *ret);

#endif
