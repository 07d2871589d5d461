/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells the journal what happened, or stderr where there is no journal.
 *
 * This is the way from a kernel event to an alert: no allocation, one datagram. Every value has
 * been made printable, since details carry words of a server or a command name of anybody. The ids
 * below are those of packaging/hearken.catalog; the names of fields are a contract with users
 * (docs/events.md). */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "model/record.h"

#define JOURNAL_FIELDS_MAX   24
#define JOURNAL_MESSAGE_SIZE 2048
#define JOURNAL_TEXT_SIZE    7168 /* all fields together */

struct journal {       /* zeroed: nobody is there */
	bool is_there; /* journald listens here */
	int fd;	       /* then: a datagram socket that leads there */
};

/* One entry, field by field: "NAME=value". Points into itself, so it must not be copied. */
struct journal_entry {
	struct iovec fields[JOURNAL_FIELDS_MAX];
	size_t n;
	char text[JOURNAL_TEXT_SIZE];
	size_t used;
};

/* Looks for journald's socket, and says once where events go when there is none. */
void journal_open(struct journal *journal);
void journal_close(struct journal *journal);

/* Returns 0, or why journald did not take it; then it went to stderr, so it is never lost. */
int journal_say(struct journal *journal, const struct record *record);

/* What journal_say() sends. Pure. */
void journal_fill(const struct record *record, struct journal_entry *entry);

/* To a journald that is there, in its native protocol. sd_journal_sendv() looks for the socket's
 * path each time, makes its own on the way to the first alert, says 0 when nobody is there, and
 * waits for ever for who does not read. Returns 0, -EAGAIN (it does not), or why it cannot be
 * reached. */
int journal_send(struct journal *journal, const struct journal_entry *entry);

/* 32 hexadecimal digits. */
const char *journal_message_id(enum record_kind kind);

/* Syslog's: 3 when something is down, 4 for a warning, 5 for the rest: what an operator did, and
 * one more port of what was told. */
int journal_priority(const struct record *record);

#endif
