/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is demanded of a server's TLS beside a chain to a CA: the oldest version, pinned
 * certificates, TLSA records (RFC 6698, RFC 7672). Without pointers, since plans carry it. Pure. */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE	 32
#define TRUST_PINS_MAX	 4
#define TRUST_TLSA_MAX	 4
#define TLSA_DATA_MAX	 64		   /* a SHA-512 digest */
#define FINGERPRINT_SIZE (SHA256_SIZE * 3) /* "AB:CD:..." and its end */

/* Two things called a fingerprint are in use, so they have two names: "sha256:" is that of the
 * whole certificate, as every tool prints it, and changes at each renewal; "spki-sha256:" is that
 * of its public key (RFC 7469), which can stay. */
enum pin_kind { PIN_CERTIFICATE, PIN_KEY };

struct pin {
	enum pin_kind kind;
	uint8_t sha256[SHA256_SIZE];
};

struct tlsa { /* usages 2 (DANE-TA) and 3 (DANE-EE) alone: RFC 7672, 3.1.3 */
	uint8_t usage;
	uint8_t selector; /* 0 the certificate, 1 its public key */
	uint8_t matching; /* 1 SHA-256, 2 SHA-512 */
	uint8_t size;
	uint8_t data[TLSA_DATA_MAX];
};

struct trust {		      /* zeroed: TLS 1.2, and CAs alone */
	uint16_t tls_minimum; /* as on the wire, 0x0301 to 0x0304; 0: not said, which is TLS 1.2 */
	uint8_t n_pins;	      /* any of them will do */
	uint8_t n_tlsa;
	struct pin pins[TRUST_PINS_MAX];
	struct tlsa tlsa[TRUST_TLSA_MAX];
};

/* "1.0" to "1.3", also as "TLSv1.2". Returns 0 or -EINVAL. */
int tls_minimum_parse(const char *s, uint16_t *ret);
const char *tls_version_name(uint16_t version); /* "TLSv1.2"; "an unknown version" */

/* "sha256:" or "spki-sha256:" and 64 hexadecimal digits, with or without colons between the bytes.
 * Returns 0 or -EINVAL. */
int pin_parse(const char *s, struct pin *ret);

/* Adds a record as in a zone: "3 1 1 HEX" ("HEX" may have blanks in it). Returns 0, -EINVAL (not
 * one, or of a usage, selector or matching type that is of no use for mail) or -ENOSPC. */
int trust_add_tlsa(struct trust *trust, const char *s);

/* Adds blank-separated pins. Returns 0, -EINVAL or -ENOSPC. */
int trust_add_pins(struct trust *trust, const char *s);

/* What @own leaves open is taken from @common. */
void trust_complete(struct trust *own, const struct trust *common);

/* Counts are in bounds, so that it can be worked with wherever it came from. */
bool trust_is_valid(const struct trust *trust);

/* "AB:CD:...", as openssl prints it. */
void fingerprint_show(const uint8_t sha256[static SHA256_SIZE], char to[static FINGERPRINT_SIZE]);

#endif
