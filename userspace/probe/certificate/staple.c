// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/certificate/staple.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"

#define STATUS_REQUEST 5   /* the TLS feature (RFC 7633) */
#define SLACK_SECONDS  300 /* of clocks that differ */

DEFINE_FREEP(OCSP_RESPONSE, OCSP_RESPONSE_free)
DEFINE_FREEP(OCSP_BASICRESP, OCSP_BASICRESP_free)
DEFINE_FREEP(OCSP_CERTID, OCSP_CERTID_free)
DEFINE_FREEP(TLS_FEATURE, TLS_FEATURE_free)

bool staple_is_demanded(const X509 *x509)
{
	cleanup(TLS_FEATURE_freep) TLS_FEATURE *features =
		X509_get_ext_d2i(x509, NID_tlsfeature, NULL, NULL);

	for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
		if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == STATUS_REQUEST)
			return true;
	return false;
}

/* Whether @now is behind the time. */
static bool is_after(const ASN1_GENERALIZEDTIME *at, int64_t now)
{
	struct tm tm;

	return ASN1_TIME_to_tm(at, &tm) == 1 && now > timegm(&tm);
}

static enum staple check_single(OCSP_BASICRESP *basic, OCSP_CERTID *id, int64_t now, char *reason)
{
	ASN1_GENERALIZEDTIME *revoked, *from, *until;
	int status, why;

	if (OCSP_resp_find_status(basic, id, &status, &why, &revoked, &from, &until) != 1) {
		(void)text_copy(reason, STAPLE_REASON_SIZE, "it is about another certificate");
		return STAPLE_INVALID;
	}
	if (!is_after(from, now + SLACK_SECONDS) ||
	    (until && is_after(until, now - SLACK_SECONDS))) {
		(void)text_copy(reason, STAPLE_REASON_SIZE,
				until && is_after(until, now) ? "it has expired"
							      : "it is not valid yet");
		return STAPLE_EXPIRED;
	}
	switch (status) {
	case V_OCSP_CERTSTATUS_GOOD:
		return STAPLE_GOOD;
	case V_OCSP_CERTSTATUS_REVOKED:
		(void)text_format(reason, STAPLE_REASON_SIZE, "revoked, reason: %s",
				  why < 0 ? "none given" : OCSP_crl_reason_str(why));
		return STAPLE_REVOKED;
	}
	(void)text_copy(reason, STAPLE_REASON_SIZE, "the CA does not know this certificate");
	return STAPLE_UNKNOWN;
}

enum staple staple_check(const unsigned char *der, long n, STACK_OF(X509) * chain,
			 X509_STORE *roots, int64_t now, char reason[static STAPLE_REASON_SIZE])
{
	cleanup(OCSP_RESPONSE_freep) OCSP_RESPONSE *response = NULL;
	cleanup(OCSP_BASICRESP_freep) OCSP_BASICRESP *basic = NULL;
	cleanup(OCSP_CERTID_freep) OCSP_CERTID *id = NULL;

	reason[0] = '\0';
	if (n <= 0)
		return STAPLE_NONE;
	response = d2i_OCSP_RESPONSE(NULL, &der, n);
	if (!response) {
		(void)text_copy(reason, STAPLE_REASON_SIZE, "it cannot be read");
		return STAPLE_INVALID;
	}
	if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		(void)text_format(reason, STAPLE_REASON_SIZE, "it is an error: %s",
				  OCSP_response_status_str(OCSP_response_status(response)));
		return STAPLE_INVALID;
	}
	basic = OCSP_response_get1_basic(response);
	if (basic && sk_X509_num(chain) > 1)
		id = OCSP_cert_to_id(NULL, sk_X509_value(chain, 0), sk_X509_value(chain, 1));
	/* Its signer's chain is checked at the same time as everything else; nothing else reads
	 * this. */
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(roots), now);
	if (!id || OCSP_basic_verify(basic, chain, roots, 0) != 1) {
		(void)text_copy(reason, STAPLE_REASON_SIZE, "its signature is not that of the CA");
		return STAPLE_INVALID;
	}
	return check_single(basic, id, now, reason);
}
