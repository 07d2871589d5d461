// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "model/record.h"

static const struct {
	const char *why;
	struct record record;
	const char *message;
} rows[] = {
	{ "the outage it was born from",
	  { .kind = RECORD_INCIDENT_OPENED,
	    .service = "submission",
	    .port = 587,
	    .finding = FINDING_MISSING,
	    .cause = CAUSE_NOT_CONFIGURED,
	    .detail = "nobody ever tried to bind it",
	    .remedy = "add 587 to PORTS" },
	  "Port 587 (submission): nobody listens (not-configured): nobody ever tried to bind it. "
	  "What helps: add 587 to PORTS" },
	{ "a remedy to be pasted keeps its lines, and nothing else does",
	  { .kind = RECORD_INCIDENT_OPENED,
	    .service = "imaps",
	    .port = 993,
	    .finding = FINDING_MISSING,
	    .detail = "a\nb",
	    .remedy = "service x {\n  y\n}" },
	  "Port 993 (imaps): nobody listens: a?b. What helps:\nservice x {\n  y\n}" },
	{ "no detail, no remedy",
	  { .kind = RECORD_INCIDENT_OPENED, .service = "imaps", .port = 993, .finding = FINDING_CERTIFICATE_EXPIRED },
	  "Port 993 (imaps): the certificate has expired." },
	{ "changed",
	  { .kind = RECORD_INCIDENT_CHANGED,
	    .service = "imaps",
	    .port = 993,
	    .finding = FINDING_MISSING,
	    .cause = CAUSE_OWNER_CRASHED,
	    .detail = "dovecot (pid 7) died of SIGSEGV" },
	  "Port 993 (imaps): now nobody listens (owner-crashed): dovecot (pid 7) died of "
	  "SIGSEGV." },
	{ "closed, with its downtime",
	  { .kind = RECORD_INCIDENT_CLOSED, .service = "imaps", .port = 993, .downtime_usec = 2700000 },
	  "Port 993 (imaps): serves again, proven by a listener and a conversation; it was down "
	  "for "
	  "2.7 s." },
	{ "closed, and clients noticed nothing",
	  { .kind = RECORD_INCIDENT_CLOSED, .service = "imaps", .port = 993, .finding = FINDING_CERTIFICATE_EXPIRING },
	  "Port 993 (imaps): all is well again, proven by a conversation; it was never down." },
	{ "a server with all of its ports",
	  { .kind = RECORD_INCIDENT_OPENED,
	    .service = "imaps",
	    .port = 993,
	    .ports = "143 993",
	    .unit = "dovecot.service",
	    .finding = FINDING_MISSING,
	    .cause = CAUSE_OWNER_CRASHED,
	    .detail = "signal 9" },
	  "dovecot.service, ports 143 993: nobody listens (owner-crashed): signal 9." },
	{ "all of a server that nobody knows",
	  { .kind = RECORD_INCIDENT_CLOSED,
	    .service = "imaps",
	    .port = 993,
	    .ports = "143 993",
	    .downtime_usec = 2700000 },
	  "Ports 143 993: serves again, proven by a listener and a conversation; it was down for 2.7 s." },
	{ "repair of a unit",
	  { .kind = RECORD_REPAIR_STARTED,
	    .service = "imaps",
	    .port = 993,
	    .unit = "dovecot.service",
	    .rung = RUNG_RESTART },
	  "Port 993 (imaps): repair by restart of dovecot.service." },
	{ "a repair that failed",
	  { .kind = RECORD_REPAIR_FINISHED,
	    .service = "imaps",
	    .port = 993,
	    .rung = RUNG_RELOAD,
	    .repair_error = -110,
	    .detail = "no answer in 90 s" },
	  "Port 993 (imaps): the reload failed: no answer in 90 s; the port must still prove "
	  "itself." },
	{ "a repair not tried",
	  { .kind = RECORD_REPAIR_WITHHELD, .service = "imaps", .port = 993, .withheld = WITHHELD_FUTILE },
	  "Port 993 (imaps): no repair (futile): it cannot help." },
	{ "somebody else's sentence ends once",
	  { .kind = RECORD_OBSERVER_DEGRADED, .detail = "Permission denied." },
	  "Hearken sees less than it should: Permission denied." },
	{ "a question too",
	  { .kind = RECORD_OBSERVER_DEGRADED, .detail = "is it running?" },
	  "Hearken sees less than it should: is it running?" },
	{ "what is cut keeps its dots",
	  { .kind = RECORD_OBSERVER_DEGRADED, .detail = "it goes on... and on..." },
	  "Hearken sees less than it should: it goes on... and on..." },
	{ "a path too",
	  { .kind = RECORD_INCIDENT_OPENED,
	    .service = "imaps",
	    .port = 993,
	    .finding = FINDING_MISSING,
	    .detail = "gone.",
	    .remedy = "cd .. ; cd /a/.. ; make." },
	  "Port 993 (imaps): nobody listens: gone. What helps: cd .. ; cd /a/.. ; make." },
	{ "the budget is spent",
	  { .kind = RECORD_REPAIR_WITHHELD,
	    .service = "imaps",
	    .port = 993,
	    .withheld = WITHHELD_BUDGET,
	    .next_usec = UINT64_C(1700000000000000) },
	  "Port 993 (imaps): no repair (budget): the repair-limit is used up. A human is needed. The next try is at "
	  "22:13:20 UTC." },
	{ "of no service",
	  { .kind = RECORD_OBSERVER_DEGRADED, .detail = "BPF is not permitted" },
	  "Hearken sees less than it should: BPF is not permitted." },
	{ "of no service",
	  { .kind = RECORD_OBSERVER_RESTORED, .detail = "a snapshot was taken" },
	  "Hearken sees more again: a snapshot was taken." },
	{ "a server's words cannot forge a line",
	  { .kind = RECORD_INCIDENT_OPENED,
	    .service = "smtp",
	    .port = 25,
	    .finding = FINDING_REFUSED,
	    .detail = "421 no\r\n\033[31mgone\xff" },
	  "Port 25 (smtp): the server turns the client away: 421 no???[31mgone?" },
};

static void test_messages(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char message[1536];

		record_message(&rows[i].record, message, sizeof(message));
		if (strcmp(message, rows[i].message) != 0)
			fail_msg("%s: got \"%s\"", rows[i].why, message);
	}
}

static void test_names_are_unique(void **state)
{
	for (enum record_kind a = 0; a < RECORD_KIND_COUNT; a++) {
		assert_true(*record_kind_name(a));
		for (enum record_kind b = 0; b < a; b++)
			assert_string_not_equal(record_kind_name(a), record_kind_name(b));
	}
	for (enum withheld a = WITHHELD_NO + 1; a < WITHHELD_COUNT; a++)
		assert_true(*withheld_name(a));
}

static void test_short_buffer(void **state)
{
	char message[12];

	record_message(&rows[0].record, message, sizeof(message));
	assert_int_equal(strlen(message), sizeof(message) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_names_are_unique),
		cmocka_unit_test(test_short_buffer),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
