/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays a conversation against a scripted server, in memory, the bytes of both cut into pieces. The
 * test's group runs fake_play_set_up() and fake_play_tear_down(). */
#ifndef FAKE_PLAY_H
#define FAKE_PLAY_H

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/wire/conversation.h"
#include "tests/support/fake_server.h"

#define TIMEOUT_USEC (10 * USEC_PER_SEC)
#define HOST	     "mail.example.test"

enum which { GOOD, EXPIRED, NOT_YET, WRONG_HOST, SELF_SIGNED, STRANGER, SOON, BY_ADDRESS, EXPIRED_CA, WHICH_COUNT };

/* Made by fake_play_set_up(); of their issuers, the file has those that are to be trusted. */
extern struct fake_certificate fake_certificates[WHICH_COUNT];
extern struct tls_store *fake_store;
extern char fake_ca_file[];

/* To HOST, with nothing that is special. */
struct probe_plan fake_plan(enum protocol protocol, enum tls_mode tls);

/* Holds it to its end, and clears @server. At most @piece bytes are carried at once. */
void converse(const struct probe_plan *plan, struct fake_server *server, size_t piece, struct answer *ret);

int fake_play_set_up(void **state);
int fake_play_tear_down(void **state);

#endif
