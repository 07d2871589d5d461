// SPDX-License-Identifier: LGPL-2.1-or-later
#include "certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "text.h"

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

int certificate_read(const X509 *x509, struct certificate *ret)
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
	struct tm tm;
	time_t t = date;

	if (!gmtime_r(&t, &tm) || strftime(to, DATE_SIZE, "%Y-%m-%d %H:%M", &tm) == 0)
		(void)text_copy(to, DATE_SIZE, "?");
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
