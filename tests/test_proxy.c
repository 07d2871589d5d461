// SPDX-License-Identifier: LGPL-2.1-or-later
/* The bytes of the header as its specification has them, and when it is to be suspected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/wire/conversation.h"
#include "probe/wire/proxy.h"

static void test_bytes(void **state)
{
	/* The PROXY protocol, versions 1 & 2; sections 2.1 and 2.2 */
	static const unsigned char v2[] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51,
					    0x55, 0x49, 0x54, 0x0a, 0x20, 0x00, 0x00, 0x00 };
	size_t n = 99;

	(void)proxy_bytes(PROXY_HEADER_NO, &n);
	assert_int_equal(n, 0);
	assert_memory_equal(proxy_bytes(PROXY_HEADER_V1, &n), "PROXY UNKNOWN\r\n", 15);
	assert_int_equal(n, 15);
	assert_memory_equal(proxy_bytes(PROXY_HEADER_V2, &n), v2, sizeof(v2));
	assert_int_equal(n, sizeof(v2));
}

/* It is the first thing said, also where the server speaks first, and where TLS begins at once. */
static void test_conversation(void **state)
{
	static const enum tls_mode modes[] = { TLS_NONE, TLS_IMPLICIT };
	struct tls_store *store;

	assert_int_equal(tls_store_new(&store), 0);
	for (enum proxy_header header = PROXY_HEADER_NO; header <= PROXY_HEADER_V1; header++) {
		for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
			struct probe_plan plan = { .protocol = PROTOCOL_SMTP, .tls = modes[i], .proxy_header = header };
			struct conversation *c;
			const char *output, *said;
			size_t n, n_header;

			assert_int_equal(conversation_new(&c, &plan, store, 1, 1), 0);
			conversation_connected(c, 2);
			output = conversation_output(c, &n);
			if (header == PROXY_HEADER_NO) {
				assert_int_equal(n > 0, modes[i] == TLS_IMPLICIT);
			} else {
				said = proxy_bytes(header, &n_header);
				assert_memory_equal(output, said, n_header);
				assert_int_equal(n, n_header);
				conversation_sent(c, n);
				(void)conversation_output(c, &n);
				assert_int_equal(n > 0, modes[i] == TLS_IMPLICIT);
			}
			conversation_free(c);
		}
	}
	tls_store_free(store);
}

#define TLS	.tls_version = "TLSv1.3", .tls_usec = 1
#define GREETED .greeting_usec = 1

static const struct {
	const char *why;
	enum tls_mode tls;
	struct answer answer;
	bool may_help;
	bool has_helped;
} rows[] = {
	{ "well", TLS_STARTTLS, { .complete = true, GREETED, TLS }, false, true },
	{ "well, https", TLS_IMPLICIT, { .complete = true, TLS }, false, true },
	{ "well without TLS", TLS_NONE, { .complete = true, GREETED }, false, true },
	{ "well where TLS is an option", TLS_STARTTLS_OPTIONAL, { .complete = true, GREETED }, false, true },
	{ "turned away", TLS_STARTTLS, { .complete = true, .finding = FINDING_BUSY }, true, false },
	{ "silent", TLS_STARTTLS, { .complete = true, .finding = FINDING_NO_GREETING }, true, false },
	{ "silent inside TLS", TLS_IMPLICIT, { .complete = true, .finding = FINDING_NO_GREETING, TLS }, false, false },
	{ "cut off", TLS_STARTTLS, { .complete = true, .finding = FINDING_CLOSED_EARLY }, true, false },
	{ "cut off instead of TLS",
	  TLS_IMPLICIT,
	  { .complete = true, .finding = FINDING_TLS_HANDSHAKE_FAILED },
	  true,
	  false },
	{ "a greeting, and no TLS",
	  TLS_STARTTLS,
	  { .complete = true, .finding = FINDING_TLS_HANDSHAKE_FAILED, GREETED },
	  false,
	  false },
	{ "a greeting, and STARTTLS refused: ManageSieve that wants no header",
	  TLS_STARTTLS,
	  { .complete = true, .finding = FINDING_STARTTLS_REFUSED, GREETED },
	  false,
	  false },
	{ "a greeting, and no answer where TLS is an option",
	  TLS_STARTTLS_OPTIONAL,
	  { .complete = true, .finding = FINDING_NO_GREETING, GREETED },
	  false,
	  false },
	{ "a greeting, and cut off",
	  TLS_STARTTLS,
	  { .complete = true, .finding = FINDING_CLOSED_EARLY, GREETED },
	  false,
	  false },
	{ "a bad command, or 421", TLS_STARTTLS, { .complete = true, .finding = FINDING_REFUSED }, true, false },
	{ "421 inside TLS", TLS_STARTTLS, { .complete = true, .finding = FINDING_REFUSED, TLS }, false, false },
	{ "TLS where none is due",
	  TLS_STARTTLS,
	  { .complete = true, .finding = FINDING_WRONG_TLS_MODE },
	  false,
	  false },
	{ "not there", TLS_STARTTLS, { .complete = true, .finding = FINDING_UNREACHABLE }, false, false },
	{ "another fault",
	  TLS_STARTTLS,
	  { .complete = true, .finding = FINDING_CERTIFICATE_EXPIRED, GREETED, TLS },
	  false,
	  true },
	{ "STARTTLS is not offered",
	  TLS_STARTTLS,
	  { .complete = true, .finding = FINDING_STARTTLS_NOT_OFFERED, GREETED },
	  false,
	  false },
	{ "not known", TLS_STARTTLS, { .complete = false, .finding = FINDING_NO_GREETING }, false, false },
};

static void test_signs(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (proxy_may_help(&rows[i].answer) != rows[i].may_help ||
		    proxy_has_helped(&rows[i].answer, rows[i].tls) != rows[i].has_helped)
			fail_msg("%s", rows[i].why);
}

static void test_explain(void **state)
{
	struct answer well = { .complete = true }, soon = well, expired = well;

	proxy_explain(&well, "THIS");
	assert_int_equal(well.finding, FINDING_PROXY_HEADER_REQUIRED);
	assert_string_equal(well.detail,
			    "silent, cut off or refused without a PROXY protocol header, well with one: set THIS");
	answer_add(&soon, FINDING_CERTIFICATE_EXPIRING, "in 3 d");
	proxy_explain(&soon, "THIS");
	assert_int_equal(soon.finding, FINDING_PROXY_HEADER_REQUIRED);
	assert_non_null(strstr(soon.detail, "set THIS; also certificate-expiring: in 3 d"));
	answer_add(&expired, FINDING_CERTIFICATE_EXPIRED, "since 3 d");
	proxy_explain(&expired, "THIS");
	assert_int_equal(expired.finding, FINDING_CERTIFICATE_EXPIRED);
	assert_string_equal(expired.findings[1].detail, well.detail);
}

static void test_words(void **state)
{
	static const struct {
		const char *word;
		int header; /* -1: bad */
	} words[] = { { "no", PROXY_HEADER_NO },
		      { "yes", PROXY_HEADER_V2 },
		      { "v1", PROXY_HEADER_V1 },
		      { "v2", PROXY_HEADER_V2 },
		      { "v3", -1 },
		      { "", -1 } };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		enum proxy_header header = PROXY_HEADER_NO;
		int r = proxy_header_parse(words[i].word, &header);

		if ((r < 0 ? -1 : (int)header) != words[i].header)
			fail_msg("\"%s\": %d, %d", words[i].word, r, (int)header);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),	cmocka_unit_test(test_conversation), cmocka_unit_test(test_signs),
		cmocka_unit_test(test_explain), cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
