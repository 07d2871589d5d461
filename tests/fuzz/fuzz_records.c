// SPDX-License-Identifier: LGPL-2.1-or-later
/* The two records that cross between the daemon and its prober, by whoever has taken the other side
 * over: a good one, spoilt by (offset, length, byte...) pieces of the input; an offset from 0x8000
 * up is one of those where a number is. */
#include "fuzz.h"

#include <stdbool.h>

#include "base/cleanup.h"
#include "probe/wire/conversation.h"

static struct tls_store *store;

static const size_t answer_numbers[] = {
	offsetof(struct answer, complete),
	offsetof(struct answer, finding),
	offsetof(struct answer, n_findings),
	offsetof(struct answer, findings[0].finding),
	offsetof(struct answer, findings[1].finding),
	offsetof(struct answer, findings[2].finding),
	offsetof(struct answer, findings[3].finding),
	offsetof(struct answer, findings[4].finding),
	offsetof(struct answer, findings[5].finding),
	offsetof(struct answer, n_notices),
	offsetof(struct answer, notices[0].finding),
	offsetof(struct answer, total_usec),
	offsetof(struct answer, staple),
	offsetof(struct answer, dane),
};
static const size_t plan_numbers[] = {
	offsetof(struct probe_plan, protocol),	   offsetof(struct probe_plan, tls),
	offsetof(struct probe_plan, proxy_header), offsetof(struct probe_plan, check),
	offsetof(struct probe_plan, timeout_usec),
};

static void spoil(void *record, size_t record_size, const size_t *numbers, size_t n_numbers, const uint8_t *data,
		  size_t size)
{
	while (size >= 4) {
		size_t at = ((size_t)data[0] << 8 | data[1]) % record_size, n = data[2];

		if (data[0] & 0x80)
			at = numbers[data[1] % n_numbers];
		data += 3;
		size -= 3;
		if (n > size)
			n = size;
		if (n > record_size - at)
			n = record_size - at;
		memcpy((char *)record + at, data, n);
		data += n;
		size -= n;
	}
}

static void take_answer(const uint8_t *data, size_t size)
{
	struct answer answer = { .complete = true };

	answer_add(&answer, FINDING_REFUSED, "no");
	answer_add(&answer, FINDING_CERTIFICATE_EXPIRING, "soon");
	spoil(&answer, sizeof(answer), answer_numbers, ARRAY_SIZE(answer_numbers), data, size);
	if (!answer_clean(&answer))
		return;
	claim_printable(answer.detail, sizeof(answer.detail));
	claim_printable(answer.subject, sizeof(answer.subject));
	claim_printable(answer.issuer, sizeof(answer.issuer));
	claim_printable(answer.cipher, sizeof(answer.cipher));
	claim_printable(answer.tls_version, sizeof(answer.tls_version));
	claim(finding_name(answer.finding));
	for (uint32_t i = 0; i < answer.n_findings; i++)
		claim_printable(answer.findings[i].detail, sizeof(answer.findings[i].detail));
	for (uint32_t i = 0; i < answer.n_notices; i++)
		claim_printable(answer.notices[i].detail, sizeof(answer.notices[i].detail));
	answer_notice(&answer, FINDING_CERTIFICATE_UNTRUSTED, "x");
	claim(answer.n_notices <= ANSWER_NOTICES_MAX);
	answer_add(&answer, FINDING_COMMAND_INJECTION, "x");
	claim(answer.n_findings <= ANSWER_FINDINGS_MAX);
}

static void take_plan(const uint8_t *data, size_t size)
{
	struct probe_plan plan = { .protocol = PROTOCOL_IMAP, .tls = TLS_STARTTLS, .server_name = "a.example" };
	struct conversation *c;
	size_t n;

	spoil(&plan, sizeof(plan), plan_numbers, ARRAY_SIZE(plan_numbers), data, size);
	/* A CA file is for whoever has a file system. */
	memset(plan.ca_file, '\0', sizeof(plan.ca_file));
	if (conversation_new(&c, &plan, store, 0, 0) < 0)
		return;
	conversation_connected(c, 1);
	conversation_receive(c, "* OK\r\na1 OK\r\n", 13, 2);
	(void)conversation_output(c, &n);
	conversation_eof(c, 3);
	claim_answer(conversation_answer(c));
	conversation_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!store)
		claim(tls_store_new(&store) == 0);
	if (size > 1 && data[0] & 1)
		take_answer(data + 1, size - 1);
	else if (size > 1)
		take_plan(data + 1, size - 1);
	return 0;
}
