// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/journal.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define JOURNALD_SOCKET "/run/systemd/journal/socket"
#define PATIENCE_USEC	500000 /* with a journald that is slow */

enum { PRIORITY_ERR = 3, PRIORITY_WARNING = 4, PRIORITY_NOTICE = 5 };

/* Made once with systemd-id128; never given to anything else. */
static const char *const message_ids[RECORD_KIND_COUNT] = {
	[RECORD_INCIDENT_OPENED] = "e6c5152b8d8f493aad9fd8cc475f795b",
	[RECORD_INCIDENT_CHANGED] = "7c82aa7603a54995be6152ba6094d81a",
	[RECORD_INCIDENT_CLOSED] = "b7091730b545412f86b84114e1121457",
	[RECORD_REPAIR_STARTED] = "4d76b92bf17c4d44add095f52329132c",
	[RECORD_REPAIR_FINISHED] = "c1f4f347bc63435abd16c83be41cfca8",
	[RECORD_REPAIR_WITHHELD] = "95b1f15cb72c4957b092d42dd178827c",
	[RECORD_OBSERVER_DEGRADED] = "6b42d7a71a594617a729069728e77c0a",
	[RECORD_OBSERVER_RESTORED] = "f5b428008d1a4b57b4918906248fed80",
	[RECORD_SILENCED] = "482fd63876c14af3afdbb823187b303f",
	[RECORD_EXPECTATION_CHANGED] = "e05f156e294a41478d0b75a6a1ece4af",
};

const char *journal_message_id(enum record_kind kind)
{
	return message_ids[kind];
}

static int priority_of(const struct record *record)
{
	switch (record->kind) {
	case RECORD_INCIDENT_OPENED:
	case RECORD_INCIDENT_CHANGED:
		if (record->joined || record->wanted)
			return PRIORITY_NOTICE;
		return finding_severity(record->finding) == SEVERITY_CRITICAL ? PRIORITY_ERR
									      : PRIORITY_WARNING;
	case RECORD_REPAIR_FINISHED:
		return record->repair_error ? PRIORITY_WARNING : PRIORITY_NOTICE;
	case RECORD_OBSERVER_DEGRADED:
		return PRIORITY_WARNING;
	case RECORD_INCIDENT_CLOSED:
	case RECORD_REPAIR_STARTED:
	case RECORD_REPAIR_WITHHELD:
	case RECORD_OBSERVER_RESTORED:
	case RECORD_SILENCED:
	case RECORD_EXPECTATION_CHANGED:
	case RECORD_KIND_COUNT:
		break;
	}
	return PRIORITY_NOTICE;
}

int journal_priority(const struct record *record)
{
	return record->silenced ? PRIORITY_NOTICE : priority_of(record);
}

/* @format begins with "NAME=". Without room the field is left out; there is room for the longest.
 */
__attribute__((format(printf, 2, 3))) static void add(struct journal_entry *entry,
						      const char *format, ...)
{
	size_t room = sizeof(entry->text) - entry->used;
	char *field = entry->text + entry->used;
	va_list ap;
	int n;

	if (entry->n == JOURNAL_FIELDS_MAX)
		return;
	va_start(ap, format);
	n = vsnprintf(field, room, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		return;
	/* What helps is there to be pasted, line by line. */
	if (text_starts_with(field, "MESSAGE=") || text_starts_with(field, "HEARKEN_REMEDY="))
		text_sanitize_lines(field);
	else
		text_sanitize(field);
	entry->fields[entry->n++] = (struct iovec){ .iov_base = field, .iov_len = (size_t)n };
	entry->used += (size_t)n + 1;
}

/* What is not known is no field, so that a match on the name finds only those that have it. */
static void add_known(struct journal_entry *entry, const char *name, const char *value)
{
	if (*value)
		add(entry, "%s=%s", name, value);
}

void journal_fill(const struct record *record, struct journal_entry *entry)
{
	char message[JOURNAL_MESSAGE_SIZE];

	_Static_assert(JOURNAL_MESSAGE_SIZE + 2 * RECORD_DETAIL_SIZE + 2 * UNIT_NAME_SIZE +
				       RECORD_PORTS_SIZE + RECORD_NAMES_SIZE + SERVICE_NAME_SIZE +
				       JOURNAL_FIELDS_MAX * 48 <
			       JOURNAL_TEXT_SIZE,
		       "the longest entry fits");
	entry->n = 0;
	entry->used = 0;
	record_message(record, message, sizeof(message));
	add(entry, "MESSAGE=%s", message);
	add(entry, "MESSAGE_ID=%s", message_ids[record->kind]);
	add(entry, "PRIORITY=%d", journal_priority(record));
	add(entry, "SYSLOG_IDENTIFIER=hearken");
	add(entry, "HEARKEN_EVENT=%s", record_kind_name(record->kind));
	add_known(entry, "HEARKEN_INCIDENT", record->incident);
	if (record->port) {
		add_known(entry, "HEARKEN_SERVICE", record->service);
		add(entry, "HEARKEN_PORT=%u", record->port);
		add_known(entry, "HEARKEN_PORTS", record->ports);
		add_known(entry, "HEARKEN_SERVICES", record->names);
		add_known(entry, "HEARKEN_PROTOCOL", protocol_name(record->protocol));
		add(entry, "HEARKEN_VERDICT=%s", verdict_name(record->verdict));
	}
	add_known(entry, "HEARKEN_FINDING", finding_name(record->finding));
	add_known(entry, "HEARKEN_CAUSE", cause_name(record->cause));
	add_known(entry, "HEARKEN_DETAIL", record->detail);
	add_known(entry, "HEARKEN_REMEDY", record->remedy);
	if (record->kind == RECORD_INCIDENT_CLOSED)
		add(entry, "HEARKEN_DOWNTIME_USEC=%" PRIu64, record->downtime_usec);
	if (record->rung != RUNG_NONE)
		add(entry, "HEARKEN_ACTION=%s", rung_name(record->rung));
	if (record->kind == RECORD_REPAIR_FINISHED)
		add(entry, "HEARKEN_RESULT=%s", record->repair_error ? "failed" : "done");
	add_known(entry, "HEARKEN_REASON", withheld_name(record->withheld));
	/* journalctl -u takes this from root's processes; journald itself sets it only beside
	 * OBJECT_PID=, and of a service that is down there is no pid. */
	add_known(entry, "OBJECT_SYSTEMD_UNIT", record->unit);
}

static int connect_journald(int fd)
{
	static const struct sockaddr_un journald = { .sun_family = AF_UNIX,
						     .sun_path = JOURNALD_SOCKET };

	return connect(fd, (const struct sockaddr *)&journald, sizeof(journald)) < 0 ? -errno : 0;
}

void journal_open(struct journal *journal)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect_journald(fd) >= 0) {
		journal->fd = fd;
		journal->is_there = true;
		return;
	}
	if (fd >= 0)
		close(fd);
	(void)log_say(PRIORITY_NOTICE, 0, "journald is not running here; events go to stderr");
}

void journal_close(struct journal *journal)
{
	if (journal->is_there)
		close(journal->fd);
	journal->is_there = false;
}

/* A queue that is full may only be long; but who reads no more must not stop the watch. */
static int send_there(int fd, const void *datagram, size_t size)
{
	static const struct timeval patience = { .tv_usec = PATIENCE_USEC };

	if (send(fd, datagram, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return 0;
	/* poll() would not do: to it a socket is writable when three quarters of its buffer are
	 * free. */
	if (errno != EAGAIN ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	return send(fd, datagram, size, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* "NAME=value", or, with lines in it, its name, its size and itself (systemd's
 * JOURNAL_NATIVE_PROTOCOL). Returns how many bytes it takes: one more than the field, or nine. */
static size_t put_field(const struct iovec *field, char *to)
{
	const char *text = field->iov_base, *equals = memchr(text, '=', field->iov_len);
	size_t n = field->iov_len, name = equals ? (size_t)(equals - text) : n;
	uint64_t size;

	if (!equals || !memchr(text, '\n', n)) {
		memcpy(to, text, n);
		to[n] = '\n';
		return n + 1;
	}
	size = htole64(n - name - 1);
	memcpy(to, text, name);
	to[name] = '\n';
	memcpy(to + name + 1, &size, sizeof(size));
	memcpy(to + name + 1 + sizeof(size), equals + 1, n - name - 1);
	to[n + sizeof(size)] = '\n';
	return n + sizeof(size) + 1;
}

int journal_send(struct journal *journal, const struct journal_entry *entry)
{
	char datagram[JOURNAL_TEXT_SIZE + JOURNAL_FIELDS_MAX * sizeof(uint64_t)];
	size_t size = 0;
	int r;

	/* Each field was in entry->text with a byte behind it. */
	for (size_t i = 0; i < entry->n; i++)
		size += put_field(&entry->fields[i], datagram + size);
	r = send_there(journal->fd, datagram, size);
	if (r == -ECONNREFUSED || r == -ENOTCONN) { /* it has another socket by now */
		r = connect_journald(journal->fd);
		if (r >= 0)
			r = send_there(journal->fd, datagram, size);
	}
	return r;
}

int journal_say(struct journal *journal, const struct record *record)
{
	struct journal_entry entry;
	int r;

	journal_fill(record, &entry);
	r = journal->is_there ? journal_send(journal, &entry) : 0;
	if (!journal->is_there || r < 0)
		(void)log_say(journal_priority(record), 0, "%s: %s", record_kind_name(record->kind),
			      (const char *)entry.fields[0].iov_base + strlen("MESSAGE="));
	return r;
}
