// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "report/journal.h"

#define CATALOG "packaging/hearken.catalog"

static const char *value_of(const struct journal_entry *entry, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < entry->n; i++) {
		const char *field = entry->fields[i].iov_base;

		assert_int_equal(strlen(field), entry->fields[i].iov_len);
		if (strncmp(field, name, length) == 0 && field[length] == '=')
			return field + length + 1;
	}
	return NULL;
}

static const struct record outage = {
	.kind = RECORD_INCIDENT_OPENED,
	.incident = "0123456789abcdef0123456789abcdef",
	.service = "submission",
	.port = 587,
	.protocol = PROTOCOL_SUBMISSION,
	.unit = "dovecot.service",
	.verdict = VERDICT_DOWN,
	.finding = FINDING_MISSING,
	.cause = CAUSE_OWNER_CRASHED,
	.detail = "dovecot\ndied",
	.remedy = "look at its core",
};

static void test_fields_of_an_outage(void **state)
{
	static const struct {
		const char *name, *value;
	} fields[] = {
		{ "PRIORITY", "3" },
		{ "SYSLOG_IDENTIFIER", "hearken" },
		{ "HEARKEN_EVENT", "incident-opened" },
		{ "HEARKEN_INCIDENT", "0123456789abcdef0123456789abcdef" },
		{ "HEARKEN_SERVICE", "submission" },
		{ "HEARKEN_PORT", "587" },
		{ "HEARKEN_PROTOCOL", "submission" },
		{ "HEARKEN_VERDICT", "down" },
		{ "HEARKEN_FINDING", "missing" },
		{ "HEARKEN_CAUSE", "owner-crashed" },
		{ "HEARKEN_DETAIL", "dovecot?died" },
		{ "HEARKEN_REMEDY", "look at its core" },
		{ "OBJECT_SYSTEMD_UNIT", "dovecot.service" },
	};
	struct journal_entry entry;

	journal_fill(&outage, &entry);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *value = value_of(&entry, fields[i].name);

		if (!value || strcmp(value, fields[i].value) != 0)
			fail_msg("%s is \"%s\"", fields[i].name, value ? value : "absent");
	}
	assert_true(strncmp(entry.fields[0].iov_base, "MESSAGE=Port 587", 16) == 0);
	assert_string_equal(value_of(&entry, "MESSAGE_ID"), journal_message_id(RECORD_INCIDENT_OPENED));
	assert_null(value_of(&entry, "HEARKEN_DOWNTIME_USEC"));
	assert_null(value_of(&entry, "HEARKEN_ACTION"));
	assert_null(value_of(&entry, "HEARKEN_REASON"));
}

static void test_fields_by_kind(void **state)
{
	struct record record = { .kind = RECORD_INCIDENT_CLOSED,
				 .service = "imaps",
				 .port = 993,
				 .verdict = VERDICT_UP,
				 .downtime_usec = 2700001 };
	struct journal_entry entry;

	journal_fill(&record, &entry);
	assert_string_equal(value_of(&entry, "HEARKEN_DOWNTIME_USEC"), "2700001");
	assert_string_equal(value_of(&entry, "PRIORITY"), "5");
	assert_null(value_of(&entry, "OBJECT_SYSTEMD_UNIT"));

	record.kind = RECORD_REPAIR_FINISHED;
	record.rung = RUNG_RESTART;
	record.repair_error = -5;
	journal_fill(&record, &entry);
	assert_string_equal(value_of(&entry, "HEARKEN_ACTION"), "restart");
	assert_string_equal(value_of(&entry, "HEARKEN_RESULT"), "failed");
	assert_string_equal(value_of(&entry, "PRIORITY"), "4");

	record.kind = RECORD_REPAIR_WITHHELD;
	record.withheld = WITHHELD_BUDGET;
	journal_fill(&record, &entry);
	assert_string_equal(value_of(&entry, "HEARKEN_REASON"), "budget");

	record = (struct record){ .kind = RECORD_OBSERVER_DEGRADED, .detail = "no BPF" };
	journal_fill(&record, &entry);
	assert_null(value_of(&entry, "HEARKEN_PORT"));
	assert_null(value_of(&entry, "HEARKEN_VERDICT"));
	assert_string_equal(value_of(&entry, "PRIORITY"), "4");
}

static void test_priority_of_a_warning(void **state)
{
	const struct record record = { .kind = RECORD_INCIDENT_OPENED, .finding = FINDING_CERTIFICATE_EXPIRING };

	assert_int_equal(journal_priority(&record), 4);
}

static void test_priority_of_what_is_wanted(void **state)
{
	struct record record = {
		.kind = RECORD_INCIDENT_OPENED, .finding = FINDING_MISSING, .cause = CAUSE_UNIT_STOPPED, .wanted = true
	};

	assert_int_equal(journal_priority(&record), 5);
	record.wanted = false;
	record.cause = CAUSE_OWNER_CRASHED;
	assert_int_equal(journal_priority(&record), 3);
	record.kind = RECORD_INCIDENT_CHANGED;
	record.joined = true; /* of the same, one more port */
	assert_int_equal(journal_priority(&record), 5);
}

/* Every field at its longest: none may be left out. */
static void test_longest(void **state)
{
	struct record record = outage;
	struct journal_entry entry;

	memset(record.service, 's', sizeof(record.service) - 1);
	memset(record.unit, 'u', sizeof(record.unit) - 1);
	for (uint16_t i = 0; i < 100; i++)
		record_add_service(&record, "submission", (uint16_t)(60000 + i));
	memset(record.detail, 'd', sizeof(record.detail) - 1);
	memset(record.remedy, 'r', sizeof(record.remedy) - 1);
	record.service[sizeof(record.service) - 1] = record.unit[sizeof(record.unit) - 1] = '\0';
	record.detail[sizeof(record.detail) - 1] = record.remedy[sizeof(record.remedy) - 1] = '\0';
	journal_fill(&record, &entry);
	assert_string_equal(value_of(&entry, "HEARKEN_DETAIL"), record.detail);
	assert_string_equal(value_of(&entry, "HEARKEN_REMEDY"), record.remedy);
	assert_string_equal(value_of(&entry, "OBJECT_SYSTEMD_UNIT"), record.unit);
	assert_string_equal(value_of(&entry, "HEARKEN_PORTS"), record.ports);
	assert_string_equal(value_of(&entry, "HEARKEN_SERVICES"), record.names);
	assert_non_null(strstr(value_of(&entry, "MESSAGE"), record.remedy));
}

/* journald's native protocol: the name, eight bytes of size, the value as it is. */
static void test_lines_of_a_remedy(void **state)
{
	static const char field[] = "HEARKEN_REMEDY\n\6\0\0\0\0\0\0\0a {\nb}\n";
	struct journal journal = { .is_there = true };
	struct record record = outage;
	struct journal_entry entry;
	char datagram[2 * JOURNAL_TEXT_SIZE];
	ssize_t size;
	int pair[2];

	(void)strcpy(record.remedy, "a {\nb}");
	(void)strcpy(record.detail, "x\ny");
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	journal.fd = pair[0];
	journal_fill(&record, &entry);
	assert_int_equal(journal_send(&journal, &entry), 0);
	size = recv(pair[1], datagram, sizeof(datagram), MSG_DONTWAIT);
	assert_true(size > 0);
	assert_non_null(memmem(datagram, (size_t)size, field, sizeof(field) - 1));
	assert_non_null(memmem(datagram, (size_t)size, "HEARKEN_DETAIL=x?y\n", 19));
	close(pair[1]);
	journal_close(&journal);
}

/* journald's native protocol: a line a field. */
static void test_one_datagram(void **state)
{
	struct journal journal = { .is_there = true };
	struct journal_entry entry;
	char datagram[2 * JOURNAL_TEXT_SIZE];
	size_t at = 0;
	ssize_t size;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	journal.fd = pair[0];
	journal_fill(&outage, &entry);
	assert_int_equal(journal_send(&journal, &entry), 0);
	size = recv(pair[1], datagram, sizeof(datagram), MSG_DONTWAIT);
	assert_true(size > 0);
	for (size_t i = 0; i < entry.n; i++) {
		size_t length = entry.fields[i].iov_len;

		assert_true(at + length < (size_t)size);
		assert_memory_equal(datagram + at, entry.fields[i].iov_base, length);
		assert_int_equal(datagram[at + length], '\n');
		at += length + 1;
	}
	assert_int_equal(at, size);
	assert_int_equal(recv(pair[1], datagram, sizeof(datagram), MSG_DONTWAIT), -1);
	close(pair[1]);
	journal_close(&journal);
	assert_int_equal(fcntl(pair[0], F_GETFD), -1);
}

/* It must not stop us: what it does not read in time goes to stderr. */
static void test_a_journald_that_does_not_read(void **state)
{
	struct journal journal = { .is_there = true };
	struct journal_entry entry;
	int pair[2], n = 0, r;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	journal.fd = pair[0];
	journal_fill(&outage, &entry);
	while ((r = journal_send(&journal, &entry)) == 0)
		assert_true(++n < 100000);
	assert_int_equal(r, -EAGAIN);
	assert_true(n > 0);
	if (fork() == 0) { /* it goes on */
		usleep(50 * 1000);
		_exit(recv(pair[1], &r, sizeof(r), 0) <= 0);
	}
	assert_int_equal(journal_send(&journal, &entry), 0);
	assert_true(wait(&r) > 0);
	assert_int_equal(r, 0);
	close(pair[1]);
	journal_close(&journal);
}

static void test_ids(void **state)
{
	for (enum record_kind a = 0; a < RECORD_KIND_COUNT; a++) {
		assert_int_equal(strlen(journal_message_id(a)), 32);
		assert_int_equal(strspn(journal_message_id(a), "0123456789abcdef"), 32);
		for (enum record_kind b = 0; b < a; b++)
			assert_string_not_equal(journal_message_id(a), journal_message_id(b));
	}
}

/* An entry for each kind, in the order of the kinds, so that no two are swapped. */
static void test_catalog_has_the_same_ids(void **state)
{
	cleanup(memory_freep) char *catalog = NULL;
	const char *entry;
	size_t entries = 0;

	if (file_read(CATALOG, 1 << 20, &catalog, NULL) < 0) {
		print_message("SKIP: no " CATALOG " here\n");
		skip();
	}
	for (const char *p = catalog; (p = strstr(p, "-- ")); p += 3) {
		if (p == catalog || p[-1] == '\n')
			entries++;
	}
	assert_int_equal(entries, RECORD_KIND_COUNT);
	entry = catalog;
	for (enum record_kind kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		char head[40];

		(void)snprintf(head, sizeof(head), "-- %s", journal_message_id(kind));
		entry = strstr(entry, head);
		if (!entry)
			fail_msg("%s (%s) is not in its place in " CATALOG, record_kind_name(kind), head + 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_of_an_outage),
		cmocka_unit_test(test_fields_by_kind),
		cmocka_unit_test(test_priority_of_a_warning),
		cmocka_unit_test(test_priority_of_what_is_wanted),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_lines_of_a_remedy),
		cmocka_unit_test(test_one_datagram),
		cmocka_unit_test(test_a_journald_that_does_not_read),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_catalog_has_the_same_ids),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
