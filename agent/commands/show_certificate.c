// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/show_certificate.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define PIN_TEXT_SIZE (FINGERPRINT_SIZE + sizeof("spki-sha256:"))

static void show_date(int64_t date, char to[static 32])
{
	(void)text_show_time(date, "%Y-%m-%dT%H:%M:%SZ", to, 32);
}

static void show_pin(const char *kind, const uint8_t sha256[static SHA256_SIZE],
		     char to[static PIN_TEXT_SIZE])
{
	char print[FINGERPRINT_SIZE];

	fingerprint_show(sha256, print);
	(void)text_format(to, PIN_TEXT_SIZE, "%s:%s", kind, print);
}

void show_certificate(const struct answer *answer)
{
	char from[32], until[32], certificate[PIN_TEXT_SIZE], key[PIN_TEXT_SIZE];

	if (answer->tls_version[0])
		printf("TLS: %s, %s%s%s%s\n", answer->tls_version, answer->cipher,
		       answer->tls_group[0] ? ", " : "", answer->tls_group,
		       answer->client_certificate_asked ? ", a client certificate is asked for"
							: "");
	if (!answer->not_after)
		return;
	show_date(answer->not_before, from);
	show_date(answer->not_after, until);
	show_pin("sha256", answer->fingerprint, certificate);
	show_pin("spki-sha256", answer->spki, key);
	printf("Certificate: %s, issued by %s, valid from %s to %s\n", answer->subject,
	       answer->issuer, from, until);
	printf("Names: %s\n", answer->names[0] ? answer->names : "none");
	printf("Key: %s, signed with %s, %d certificate%s sent, OCSP staple: %s\n", answer->key,
	       answer->signature, answer->chain_length, answer->chain_length == 1 ? "" : "s",
	       staple_name(answer->staple));
	printf("Pins: %s\n      %s\n", certificate, key);
	if (answer->dane != DANE_NOT_ASKED)
		printf("DANE: %s\n", dane_name(answer->dane));
}

static json_t *list_names(const char *names)
{
	json_t *list = json_array();

	for (const char *s = names; *s; s += strcspn(s, ", "), s += strspn(s, ", "))
		(void)json_array_append_new(list, json_stringn(s, strcspn(s, ", ")));
	return list;
}

json_t *show_certificate_json(const struct answer *answer)
{
	char from[32], until[32], certificate[PIN_TEXT_SIZE], key[PIN_TEXT_SIZE];

	if (!answer->not_after)
		return json_null();
	show_date(answer->not_before, from);
	show_date(answer->not_after, until);
	show_pin("sha256", answer->fingerprint, certificate);
	show_pin("spki-sha256", answer->spki, key);
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "subject",
			 answer->subject, "issuer", answer->issuer, "sans",
			 list_names(answer->names), "not_before", from, "not_after", until,
			 "fingerprint", certificate, "public_key", key, "key", answer->key,
			 "signature", answer->signature, "chain_length", answer->chain_length,
			 "ocsp", staple_name(answer->staple), "dane", dane_name(answer->dane));
}
