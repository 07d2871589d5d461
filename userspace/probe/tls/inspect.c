// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/tls/inspect.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/certificate/dane.h"
#include "probe/certificate/staple.h"

#define SHOWN_SIZE     (2 * ANSWER_NAME_SIZE + 100)
#define SUSPICIONS_MAX (TLS_COMPLAINTS_MAX + 5) /* one of each check */
#define STRENGTH_BITS  112 /* RSA 2048 and EC 224, as security level 2 demands */
#define HEX_SHOWN_SIZE (2 * SHA256_SIZE + 1)

struct inspection {
	const struct tls *tls;
	const struct probe_plan *plan;
	int64_t now;
	struct certificate certificate;
	bool pinned;
	int dane_usage; /* of the record that matched; 0: none did */
	struct answer *answer;
	struct suspicion {
		enum finding finding;
		char reason[ANSWER_DETAIL_SIZE];
	} suspicions[SUSPICIONS_MAX];
	size_t n_suspicions;
};

static void add(struct inspection *inspection, enum finding finding, const char *reason)
{
	struct suspicion *suspicion = &inspection->suspicions[inspection->n_suspicions];

	assert(inspection->n_suspicions < SUSPICIONS_MAX);
	suspicion->finding = finding;
	(void)text_copy(suspicion->reason, sizeof(suspicion->reason), reason);
	inspection->n_suspicions++;
}

enum weight { WEIGHT_FINDING, WEIGHT_WARNING, WEIGHT_NOTICE, WEIGHT_NOTHING };

static enum weight weigh(const struct inspection *inspection, enum finding finding)
{
	const struct probe_plan *plan = inspection->plan;
	bool is_name = finding == FINDING_CERTIFICATE_NAME_MISMATCH;

	if (finding == FINDING_CERTIFICATE_WEAK || finding == FINDING_DANE_MISMATCH)
		return WEIGHT_FINDING;
	switch (plan->scrutiny) {
	case SCRUTINY_FULL:
		return is_name && plan->name_is_guess ? WEIGHT_NOTICE : WEIGHT_FINDING;
	case SCRUTINY_WARNING:
		if (is_name && plan->name_is_guess)
			return WEIGHT_NOTICE;
		return finding_severity(finding) == SEVERITY_CRITICAL ? WEIGHT_WARNING
								      : WEIGHT_FINDING;
	case SCRUTINY_NOTICE:
		return WEIGHT_NOTICE;
	case SCRUTINY_LOCAL:
		return is_name || finding == FINDING_CERTIFICATE_UNTRUSTED ? WEIGHT_NOTHING
									   : WEIGHT_NOTICE;
	case SCRUTINY_COUNT:
		break;
	}
	return WEIGHT_FINDING;
}

static void notice(const struct inspection *inspection, const struct suspicion *suspicion)
{
	const struct probe_plan *plan = inspection->plan;
	char detail[ANSWER_DETAIL_SIZE], shown[SHOWN_SIZE];

	certificate_show(&inspection->certificate, shown, sizeof(shown));
	(void)text_copy(detail, sizeof(detail), suspicion->reason);
	if (suspicion->finding == FINDING_CERTIFICATE_NAME_MISMATCH && plan->name_is_guess)
		(void)text_append(detail, sizeof(detail),
				  "; nobody said that clients use this name: \"server-name =\" in "
				  "hearken.conf says which they use");
	(void)text_append(detail, sizeof(detail), "%s%s", detail[0] ? "; " : "", shown);
	answer_notice(inspection->answer, suspicion->finding, detail);
}

/* To the answer, which puts them in an order of its own; the headline gets the certificate that all
 * are about, and once is enough. */
static void tell(const struct inspection *inspection)
{
	struct answer order = { 0 };
	char shown[SHOWN_SIZE], detail[ANSWER_DETAIL_SIZE];

	for (size_t i = 0; i < inspection->n_suspicions; i++) {
		const struct suspicion *suspicion = &inspection->suspicions[i];

		switch (weigh(inspection, suspicion->finding)) {
		case WEIGHT_FINDING:
			answer_add(&order, suspicion->finding, suspicion->reason);
			break;
		case WEIGHT_WARNING:
			(void)text_format(detail, sizeof(detail), "%s%s%s",
					  finding_name(suspicion->finding),
					  suspicion->reason[0] ? ": " : "", suspicion->reason);
			answer_add(&order, FINDING_CERTIFICATE_UNVERIFIED, detail);
			break;
		case WEIGHT_NOTICE:
			notice(inspection, suspicion);
			break;
		case WEIGHT_NOTHING:
			break;
		}
	}
	certificate_show(&inspection->certificate, shown, sizeof(shown));
	for (uint32_t i = 0; i < order.n_findings; i++) {
		const char *reason = order.findings[i].detail;

		(void)text_format(detail, sizeof(detail), "%s%s%s", reason,
				  reason[0] && !i ? "; " : "", i ? "" : shown);
		answer_add(inspection->answer, order.findings[i].finding, detail);
	}
}

static void describe(struct inspection *inspection)
{
	const struct certificate *certificate = &inspection->certificate;
	struct answer *answer = inspection->answer;
	int n = sk_X509_num(tls_chain(inspection->tls));

	(void)text_copy(answer->subject, sizeof(answer->subject), certificate->subject);
	(void)text_copy(answer->issuer, sizeof(answer->issuer), certificate->issuer);
	(void)text_copy(answer->names, sizeof(answer->names), certificate->names);
	(void)text_copy(answer->key, sizeof(answer->key), certificate->key);
	(void)text_copy(answer->signature, sizeof(answer->signature), certificate->signature);
	memcpy(answer->fingerprint, certificate->fingerprint, sizeof(answer->fingerprint));
	memcpy(answer->spki, certificate->spki, sizeof(answer->spki));
	answer->not_before = certificate->not_before;
	answer->not_after = certificate->not_after;
	answer->chain_length = n > UINT8_MAX ? UINT8_MAX : (uint8_t)n;
}

static void check_pins(struct inspection *inspection)
{
	const struct trust *trust = &inspection->plan->trust;
	const struct certificate *certificate = &inspection->certificate;
	char print[FINGERPRINT_SIZE], reason[FINGERPRINT_SIZE + 80];

	for (size_t i = 0; i < trust->n_pins; i++) {
		const uint8_t *is = trust->pins[i].kind == PIN_KEY ? certificate->spki
								   : certificate->fingerprint;

		if (memcmp(trust->pins[i].sha256, is, SHA256_SIZE) == 0)
			inspection->pinned = true;
	}
	if (inspection->pinned || trust->n_pins == 0)
		return;
	fingerprint_show(certificate->fingerprint, print);
	(void)text_format(reason, sizeof(reason),
			  "not the pinned certificate: this one is sha256:%s", print);
	add(inspection, FINDING_CERTIFICATE_UNTRUSTED, reason);
}

static void check_dane(struct inspection *inspection)
{
	const struct probe_plan *plan = inspection->plan;
	char reason[DANE_REASON_SIZE], hex[HEX_SHOWN_SIZE];
	bool no_match;

	if (plan->trust.n_tlsa == 0)
		return;
	inspection->dane_usage = dane_check(&plan->trust, tls_chain(inspection->tls),
					    plan->server_name, inspection->now, &no_match, reason);
	if (inspection->dane_usage > 0) {
		inspection->answer->dane = DANE_MATCH;
		return;
	}
	if (inspection->dane_usage < 0)
		return; /* out of memory: nothing is known of it */
	inspection->answer->dane = DANE_MISMATCH;
	for (size_t i = 0; i < SHA256_SIZE; i++)
		(void)text_format(hex + 2 * i, 3, "%02x", inspection->certificate.spki[i]);
	if (no_match)
		(void)text_append(reason, sizeof(reason), "; it would be 3 1 1 %s", hex);
	add(inspection, FINDING_DANE_MISMATCH, reason);
}

/* What a pin or a TLSA record stands for, no CA has to. */
static bool is_excused(const struct inspection *inspection, const struct tls_complaint *complaint)
{
	bool by_dane = inspection->plan->protocol == PROTOCOL_SMTP && inspection->dane_usage > 0;
	bool by_key = inspection->pinned || (by_dane && inspection->dane_usage == 3);

	/* Whatever is wrong above the server's own certificate is of the chain. */
	if (complaint->depth > 0)
		return inspection->pinned || by_dane;
	if (complaint->finding == FINDING_CERTIFICATE_UNTRUSTED)
		return by_key || by_dane;
	return complaint->finding != FINDING_CERTIFICATE_WEAK && by_dane &&
	       inspection->dane_usage == 3;
}

/* OpenSSL's words for it do not tell what an administrator has to know. */
static void explain(const struct inspection *inspection, const struct tls_complaint *complaint,
		    char *reason, size_t size)
{
	const struct certificate *certificate = &inspection->certificate;

	(void)text_copy(reason, size, complaint->reason);
	if (complaint->finding == FINDING_CERTIFICATE_NAME_MISMATCH && certificate->names[0])
		(void)text_append(reason, size, " but for %s", certificate->names);
	else if (complaint->finding == FINDING_CERTIFICATE_NAME_MISMATCH)
		(void)text_append(reason, size,
				  ": it names no host in its subjectAltName, and a common name is "
				  "none (RFC 9525)");
	else if (complaint->finding == FINDING_CERTIFICATE_WEAK)
		(void)text_append(reason, size, " (%s, %s)", certificate->key,
				  certificate->signature);
	else if (complaint->finding == FINDING_CERTIFICATE_UNTRUSTED && complaint->depth == 0 &&
		 inspection->answer->chain_length == 1 &&
		 strcmp(certificate->subject, certificate->issuer) != 0)
		(void)text_append(reason, size, ", and the server sends no intermediate one");
}

static void check_complaints(struct inspection *inspection)
{
	const struct tls_complaint *complaints;
	size_t n = tls_complaints(inspection->tls, &complaints);
	char reason[TLS_DETAIL_SIZE];

	for (size_t i = 0; i < n; i++) {
		if (is_excused(inspection, &complaints[i]))
			continue;
		explain(inspection, &complaints[i], reason, sizeof(reason));
		add(inspection, complaints[i].finding, reason);
	}
}

/* Where old versions of TLS are allowed, OpenSSL does not look at keys any more. */
static void check_strength(struct inspection *inspection)
{
	const EVP_PKEY *key = X509_get0_pubkey(tls_peer(inspection->tls));
	int bits = key ? EVP_PKEY_get_security_bits(key) : 0;

	if (bits > 0 && bits < STRENGTH_BITS)
		add(inspection, FINDING_CERTIFICATE_WEAK, inspection->certificate.key);
}

/* Any certificate of the chain that ends soon takes the others along. */
static void check_end(struct inspection *inspection)
{
	STACK_OF(X509) *chain = tls_verified_chain(inspection->tls);
	struct certificate certificate = inspection->certificate;
	char reason[TLS_DETAIL_SIZE] = "";

	if (inspection->plan->protocol == PROTOCOL_SMTP && inspection->dane_usage == 3)
		return;
	for (int i = 0; i == 0 || i < sk_X509_num(chain); i++) {
		if (i > 0 && (inspection->pinned ||
			      certificate_read(sk_X509_value(chain, i), &certificate) < 0))
			continue;
		if (certificate_judge(&certificate, inspection->now,
				      inspection->plan->certificate_warn_usec) !=
		    FINDING_CERTIFICATE_EXPIRING)
			continue;
		if (i > 0)
			certificate_show(&certificate, reason, sizeof(reason));
		add(inspection, FINDING_CERTIFICATE_EXPIRING, reason);
		return;
	}
}

static void check_staple(struct inspection *inspection)
{
	const unsigned char *der = NULL;
	long n = tls_staple(inspection->tls, &der);
	STACK_OF(X509) *chain = tls_verified_chain(inspection->tls);
	char reason[STAPLE_REASON_SIZE];
	enum staple staple =
		staple_check(der, n, chain, tls_roots(inspection->tls), inspection->now, reason);
	bool demanded = staple_is_demanded(tls_peer(inspection->tls));

	inspection->answer->staple = staple;
	if (staple == STAPLE_REVOKED)
		add(inspection, FINDING_CERTIFICATE_REVOKED, reason);
	else if (demanded && staple != STAPLE_GOOD)
		add(inspection, FINDING_OCSP_STAPLE_MISSING,
		    staple == STAPLE_NONE ? "it has must-staple (RFC 7633), and none came"
					  : reason);
	else if (staple != STAPLE_NONE && staple != STAPLE_GOOD)
		add(inspection, FINDING_OCSP_STAPLE_INVALID, reason);
}

void inspect_handshake(const struct tls *tls, struct answer *answer)
{
	(void)text_copy(answer->tls_version, sizeof(answer->tls_version), tls_version(tls));
	(void)text_copy(answer->cipher, sizeof(answer->cipher), tls_cipher(tls));
	tls_group(tls, answer->tls_group, sizeof(answer->tls_group));
	answer->client_certificate_asked = tls_wants_certificate(tls);
}

void inspect_certificate(const struct tls *tls, const struct probe_plan *plan, int64_t now,
			 struct answer *answer)
{
	struct inspection inspection = { .tls = tls, .plan = plan, .now = now, .answer = answer };
	X509 *peer = tls_peer(tls);

	if (!peer || certificate_read(peer, &inspection.certificate) < 0) {
		answer_add(answer, FINDING_CERTIFICATE_UNTRUSTED,
			   "the server shows no readable certificate");
		return;
	}
	describe(&inspection);
	check_pins(&inspection);
	check_dane(&inspection);
	check_complaints(&inspection);
	check_strength(&inspection);
	check_end(&inspection);
	check_staple(&inspection);
	tell(&inspection);
}
