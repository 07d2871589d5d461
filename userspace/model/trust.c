// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/trust.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define WORDS_SIZE 1024

static const struct {
	const char *name;
	uint16_t version;
} versions[] = {
	{ "TLSv1.0", 0x0301 },
	{ "TLSv1.1", 0x0302 },
	{ "TLSv1.2", 0x0303 },
	{ "TLSv1.3", 0x0304 },
};

int tls_minimum_parse(const char *s, uint16_t *ret)
{
	const char *rest = text_after(s, "TLSv");

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		if (strcmp(rest ? rest : s, versions[i].name + strlen("TLSv")) != 0)
			continue;
		*ret = versions[i].version;
		return 0;
	}
	return -EINVAL;
}

const char *tls_version_name(uint16_t version)
{
	if (version == 0x0300)
		return "SSLv3";
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (versions[i].version == version)
			return versions[i].name;
	return "an unknown version";
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly @size bytes; colons and blanks may stand between them. */
static int parse_hex(const char *s, uint8_t *to, size_t size)
{
	for (size_t i = 0; i < size; i++, s += 2) {
		int high, low;

		s += i > 0 ? strspn(s, ": ") : 0;
		high = hex_digit(s[0]);
		low = high < 0 ? -1 : hex_digit(s[1]);
		if (low < 0)
			return -EINVAL;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return *s ? -EINVAL : 0;
}

int pin_parse(const char *s, struct pin *ret)
{
	const char *certificate = text_after(s, "sha256:"), *key = text_after(s, "spki-sha256:");
	struct pin pin = { .kind = key ? PIN_KEY : PIN_CERTIFICATE };
	int r;

	if (!certificate && !key)
		return -EINVAL;
	r = parse_hex(key ? key : certificate, pin.sha256, sizeof(pin.sha256));
	if (r < 0)
		return r;
	*ret = pin;
	return 0;
}

int trust_add_pins(struct trust *trust, const char *s)
{
	char words[WORDS_SIZE], *cursor = words, *word;

	if (text_copy(words, sizeof(words), s) < 0)
		return -EINVAL;
	while ((word = text_word(&cursor))) {
		int r;

		if (trust->n_pins == TRUST_PINS_MAX)
			return -ENOSPC;
		r = pin_parse(word, &trust->pins[trust->n_pins]);
		if (r < 0)
			return r;
		trust->n_pins++;
	}
	return 0;
}

/* One number of a record, within [least, most]. */
static int parse_field(char **cursor, uint64_t least, uint64_t most, uint8_t *ret)
{
	const char *word = text_word(cursor);
	uint64_t value;

	if (!word || text_u64(word, most, &value) < 0 || value < least)
		return -EINVAL;
	*ret = (uint8_t)value;
	return 0;
}

int trust_add_tlsa(struct trust *trust, const char *s)
{
	char words[WORDS_SIZE], *cursor = words;
	struct tlsa tlsa = { 0 };

	if (trust->n_tlsa == TRUST_TLSA_MAX)
		return -ENOSPC;
	/* Usages 0 and 1 are not for SMTP; and whole certificates in DNS are not worth their bytes.
	 */
	if (text_copy(words, sizeof(words), s) < 0 || parse_field(&cursor, 2, 3, &tlsa.usage) < 0 ||
	    parse_field(&cursor, 0, 1, &tlsa.selector) < 0 ||
	    parse_field(&cursor, 1, 2, &tlsa.matching) < 0)
		return -EINVAL;
	tlsa.size = tlsa.matching == 1 ? 32 : 64;
	if (parse_hex(text_trim(cursor), tlsa.data, tlsa.size) < 0)
		return -EINVAL;
	trust->tlsa[trust->n_tlsa++] = tlsa;
	return 0;
}

void trust_complete(struct trust *own, const struct trust *common)
{
	if (!own->tls_minimum)
		own->tls_minimum = common->tls_minimum;
	if (!own->n_pins) {
		memcpy(own->pins, common->pins, sizeof(own->pins));
		own->n_pins = common->n_pins;
	}
	if (!own->n_tlsa) {
		memcpy(own->tlsa, common->tlsa, sizeof(own->tlsa));
		own->n_tlsa = common->n_tlsa;
	}
}

bool trust_is_valid(const struct trust *trust)
{
	if (trust->n_pins > TRUST_PINS_MAX || trust->n_tlsa > TRUST_TLSA_MAX)
		return false;
	for (size_t i = 0; i < trust->n_tlsa; i++)
		if (trust->tlsa[i].size > TLSA_DATA_MAX)
			return false;
	return trust->tls_minimum == 0 ||
	       (trust->tls_minimum >= 0x0301 && trust->tls_minimum <= 0x0304);
}

void fingerprint_show(const uint8_t sha256[static SHA256_SIZE], char to[static FINGERPRINT_SIZE])
{
	for (size_t i = 0; i < SHA256_SIZE; i++)
		(void)text_format(to + 3 * i, FINGERPRINT_SIZE - 3 * i, "%02X%s", sha256[i],
				  i + 1 < SHA256_SIZE ? ":" : "");
}
