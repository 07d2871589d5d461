// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/pki.h"

static void pki_extend(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	pki_must(extension && X509_add_ext(x509, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

struct pki_certificate pki_certify(const struct pki_certificate *ca, const struct pki_spec *spec)
{
	struct pki_certificate c = { NULL, X509_new() };
	static long serial = 1;
	X509_NAME *name = X509_get_subject_name(c.x509);
	X509 *issuer = ca ? ca->x509 : c.x509;
	const EVP_MD *md = spec->sha1 ? EVP_sha1() : EVP_sha256();

	if (spec->rsa_bits)
		c.key = EVP_RSA_gen((unsigned int)spec->rsa_bits);
	else
		c.key = spec->ed25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_EC_gen("P-256");
	pki_must(c.key);
	X509_set_version(c.x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x509), serial++);
	pki_must(ASN1_TIME_set(X509_getm_notBefore(c.x509), (time_t)(PKI_NOW + spec->from_days * PKI_DAY)) &&
		 ASN1_TIME_set(X509_getm_notAfter(c.x509), (time_t)(PKI_NOW + spec->until_days * PKI_DAY)));
	if (spec->cn)
		pki_must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)spec->cn, -1, -1,
						    0));
	X509_set_issuer_name(c.x509, X509_get_subject_name(issuer));
	X509_set_pubkey(c.x509, c.key);
	pki_extend(c.x509, issuer, NID_basic_constraints, spec->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	pki_extend(c.x509, issuer, NID_subject_key_identifier, "hash");
	if (spec->names)
		pki_extend(c.x509, issuer, NID_subject_alt_name, spec->names);
	if (spec->must_staple)
		pki_extend(c.x509, issuer, NID_tlsfeature, "status_request");
	if (!ca && spec->ed25519)
		md = NULL;
	pki_must(X509_sign(c.x509, ca ? ca->key : c.key, md) > 0);
	return c;
}

void pki_clear(struct pki_certificate *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->x509);
}

int pki_staple(const struct pki_certificate *about, const struct pki_certificate *issuer,
	       const struct pki_certificate *by, int status, int from_days, int until_days, unsigned char **ret_der)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, about->x509, issuer->x509);
	ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(PKI_NOW + from_days * PKI_DAY));
	ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(PKI_NOW + until_days * PKI_DAY));
	ASN1_GENERALIZEDTIME *from_g = ASN1_TIME_to_generalizedtime(from, NULL);
	ASN1_GENERALIZEDTIME *until_g = ASN1_TIME_to_generalizedtime(until, NULL);
	OCSP_RESPONSE *response;
	int n;

	pki_must(OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
					status == V_OCSP_CERTSTATUS_REVOKED ? from_g : NULL, from_g, until_g));
	pki_must(OCSP_basic_sign(basic, by->x509, by->key, EVP_sha256(), NULL, 0) == 1);
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	*ret_der = NULL;
	n = i2d_OCSP_RESPONSE(response, ret_der);
	pki_must(n > 0);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	ASN1_GENERALIZEDTIME_free(from_g);
	ASN1_GENERALIZEDTIME_free(until_g);
	return n;
}
