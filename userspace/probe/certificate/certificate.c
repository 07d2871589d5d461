// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/certificate/certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"

#define DATE_SIZE 32

DEFINE_FREEP(BIO, BIO_free_all)
DEFINE_FREEP(GENERAL_NAMES, GENERAL_NAMES_free)

static int read_name(const X509_NAME *name, char to[static ANSWER_NAME_SIZE])
{
	cleanup(BIO_free_allp) BIO *bio = BIO_new(BIO_s_mem());
	char whole[4 * ANSWER_NAME_SIZE];
	int n;

	if (!bio)
		return -ENOMEM;
	/* UTF-8 stays as it is; everything else that is not printable is escaped. */
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
		return -ENOMEM;
	n = BIO_read(bio, whole, sizeof(whole) - 1);
	whole[n > 0 ? n : 0] = '\0';
	(void)text_copy(to, ANSWER_NAME_SIZE, whole);
	text_sanitize(to);
	return 0;
}

static int read_time(const ASN1_TIME *time, int64_t *ret)
{
	struct tm tm;

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
		return -EBADMSG;
	*ret = timegm(&tm);
	return 0;
}

/* As text into @to; false for kinds of names that do not matter here. */
static bool show_general_name(const GENERAL_NAME *name, char *to, size_t size)
{
	const ASN1_STRING *s;

	if (name->type == GEN_DNS) {
		s = name->d.dNSName;
		return text_format(to, size, "%.*s", ASN1_STRING_length(s),
				   ASN1_STRING_get0_data(s)) == 0;
	}
	if (name->type == GEN_IPADD) {
		s = name->d.iPAddress;
		if (ASN1_STRING_length(s) != 4 && ASN1_STRING_length(s) != 16)
			return false;
		return inet_ntop(ASN1_STRING_length(s) == 4 ? AF_INET : AF_INET6,
				 ASN1_STRING_get0_data(s), to, size);
	}
	return false;
}

static void read_names(const X509 *x509, char to[static ANSWER_NAME_SIZE])
{
	cleanup(GENERAL_NAMES_freep) GENERAL_NAMES *names =
		X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);

	to[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		char name[256]; /* a DNS name has at most 253 */

		if (!show_general_name(sk_GENERAL_NAME_value(names, i), name, sizeof(name)))
			continue;
		if (text_append(to, ANSWER_NAME_SIZE, "%s%s", to[0] ? ", " : "", name) < 0)
			break;
	}
	text_sanitize(to);
}

void certificate_show_key(const EVP_PKEY *key, char *to, size_t size)
{
	static const struct {
		const char *openssl;
		const char *name;
	} names[] = { { "ED25519", "Ed25519" }, { "ED448", "Ed448" } };
	const char *type = EVP_PKEY_get0_type_name(key), *nist;
	char curve[32];

	if (!type)
		type = "unknown";
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(type, names[i].openssl) == 0)
			type = names[i].name;
	(void)text_copy(to, size, type);
	if (text_starts_with(type, "RSA") || strcmp(type, "DH") == 0) {
		(void)text_append(to, size, " %d", EVP_PKEY_get_bits(key));
	} else if (strcmp(type, "EC") == 0 &&
		   EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1) {
		nist = EC_curve_nid2nist(OBJ_sn2nid(curve));
		(void)text_append(to, size, " %s", nist ? nist : curve);
	}
}

static int read_prints(X509 *x509, struct certificate *certificate)
{
	const X509_PUBKEY *key = X509_get_X509_PUBKEY(x509);
	const EVP_PKEY *public = X509_get0_pubkey(x509);
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(key, &der), done;

	if (n < 0)
		return -EBADMSG;
	done = EVP_Digest(der, (size_t)n, certificate->spki, NULL, EVP_sha256(), NULL);
	OPENSSL_free(der);
	if (done != 1 || X509_digest(x509, EVP_sha256(), certificate->fingerprint, NULL) != 1)
		return -ENOMEM;
	(void)text_copy(certificate->key, sizeof(certificate->key), "unknown");
	if (public)
		certificate_show_key(public, certificate->key, sizeof(certificate->key));
	(void)text_copy(certificate->signature, sizeof(certificate->signature),
			OBJ_nid2ln(X509_get_signature_nid(x509)));
	return 0;
}

/* Whether one of the names in @list ("a, b, c") is @name of length @n. */
static bool has_name(const char *list, const char *name, size_t n)
{
	for (const char *s = list; *s; s += strcspn(s, ", "), s += strspn(s, ", "))
		if (strcspn(s, ", ") == n && strncasecmp(s, name, n) == 0)
			return true;
	return false;
}

bool certificate_is_akin(const struct certificate *a, const struct certificate *b)
{
	if (a->subject[0] && strcmp(a->subject, b->subject) == 0)
		return true;
	for (const char *s = a->names; *s; s += strcspn(s, ", "), s += strspn(s, ", "))
		if (has_name(b->names, s, strcspn(s, ", ")))
			return true;
	return false;
}

int certificate_read(X509 *x509, struct certificate *ret)
{
	struct certificate certificate = { 0 };
	int r;

	r = read_time(X509_get0_notBefore(x509), &certificate.not_before);
	if (r < 0)
		return r;
	r = read_time(X509_get0_notAfter(x509), &certificate.not_after);
	if (r < 0)
		return r;
	r = read_name(X509_get_subject_name(x509), certificate.subject);
	if (r < 0)
		return r;
	r = read_name(X509_get_issuer_name(x509), certificate.issuer);
	if (r < 0)
		return r;
	read_names(x509, certificate.names);
	r = read_prints(x509, &certificate);
	if (r < 0)
		return r;
	*ret = certificate;
	return 0;
}

enum finding certificate_judge(const struct certificate *certificate, int64_t now,
			       uint64_t warn_usec)
{
	/* RFC 5280, 4.1.2.5: both ends belong to the period. */
	if (now < certificate->not_before)
		return FINDING_CERTIFICATE_NOT_YET_VALID;
	if (now > certificate->not_after)
		return FINDING_CERTIFICATE_EXPIRED;
	if ((uint64_t)(certificate->not_after - now) < warn_usec / USEC_PER_SEC)
		return FINDING_CERTIFICATE_EXPIRING;
	return FINDING_NONE;
}

static void show_date(int64_t date, char to[static DATE_SIZE])
{
	(void)text_show_time(date, "%Y-%m-%d %H:%M", to, DATE_SIZE);
}

void certificate_show(const struct certificate *certificate, char *to, size_t size)
{
	char from[DATE_SIZE], until[DATE_SIZE];

	show_date(certificate->not_before, from);
	show_date(certificate->not_after, until);
	/* The dates first: a long name may cost the end of the text. */
	(void)text_format(to, size, "valid from %s to %s UTC, %s, issued by %s", from, until,
			  certificate->subject, certificate->issuer);
}
