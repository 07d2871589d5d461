// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "tests/support/pki.h"
#include "probe/disk/certificate_file.h"

#define HOST "mail.example.test"

static struct pki_certificate make(const char *cn, const char *names, int from, int until)
{
	struct pki_spec spec = { .cn = cn, .names = names, .from_days = from, .until_days = until };

	return pki_certify(NULL, &spec);
}

/* PEM of up to two certificates and a key; the caller frees it. */
static char *pem(const struct pki_certificate *key, const struct pki_certificate *a, const struct pki_certificate *b,
		 size_t *ret_size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;

	if (key)
		pki_must(PEM_write_bio_PrivateKey(bio, key->key, NULL, NULL, 0, NULL, NULL) == 1);
	if (a)
		pki_must(PEM_write_bio_X509(bio, a->x509) == 1);
	if (b)
		pki_must(PEM_write_bio_X509(bio, b->x509) == 1);
	*ret_size = (size_t)BIO_get_mem_data(bio, &data);
	text = malloc(*ret_size + 1);
	pki_must(text);
	memcpy(text, data, *ret_size);
	text[*ret_size] = '\0';
	BIO_free(bio);
	return text;
}

static void test_parse(void **state)
{
	struct pki_certificate a = make("a", "DNS:" HOST, -1, 90), b = make("b", NULL, -1, 90);
	struct certificate_file file;
	size_t size;
	cleanup(memory_freep) char *both = pem(&a, &a, &b, &size);
	char *begin;

	assert_int_equal(certificate_file_parse(both, size, &file), 0);
	assert_int_equal(file.n, 2);
	assert_string_equal(file.first.subject, "CN=a");
	/* Half of the second does not matter; half of the first does. */
	assert_int_equal(certificate_file_parse(both, size - 100, &file), 0);
	assert_int_equal(file.n, 1);
	begin = strstr(both, "-----BEGIN CERT");
	memset(begin + 60, '!', 20);
	assert_int_equal(certificate_file_parse(both, size, &file), -EBADMSG);
	assert_int_equal(certificate_file_parse("", 0, &file), -ENODATA);
	assert_int_equal(certificate_file_parse("hello\n", 6, &file), -ENODATA);
	pki_clear(&a);
	pki_clear(&b);
}

static void test_compare(void **state)
{
	static const struct {
		const char *why, *cn, *names;
		int from, until;
		enum disk disk;
		const char *reason;
	} rows[] = {
		{ "renewed", HOST, "DNS:" HOST, -2, 88, DISK_NEWER, "has a newer certificate, from 2027-01-13 to" },
		{ "the same day, for longer", HOST, "DNS:" HOST, -60, 31, DISK_NEWER, "a newer" },
		{ "put back", HOST, "DNS:" HOST, -90, 3, DISK_OLDER, "has an older certificate" },
		{ "renewed long ago, and ended", HOST, "DNS:" HOST, -50, -1, DISK_UNUSABLE, "expired" },
		{ "of tomorrow", HOST, "DNS:" HOST, 1, 90, DISK_UNUSABLE, "not yet valid" },
		{ "more names", "new.example.test", "DNS:new.example.test,DNS:" HOST, -2, 88, DISK_NEWER, "a newer" },
		{ "another name's (SNI)", "b.example.test", "DNS:b.example.test", -2, 88, DISK_UNKNOWN, "" },
		{ "a wildcard beside it", "*.example.test", "DNS:*.example.test", -2, 88, DISK_UNKNOWN, "" },
		{ "no subject, the same name", NULL, "DNS:" HOST, -2, 88, DISK_NEWER, "a newer" },
		{ "no subject, another name", NULL, "DNS:b.example.test", -2, 88, DISK_UNKNOWN, "" },
		{ "a name that only begins so", "x", "DNS:" HOST "x", -2, 88, DISK_UNKNOWN, "" },
		{ "a beginning of a name", "x",
		  "DNS:"
		  "mail.example.tes",
		  -2, 88, DISK_UNKNOWN, "" },
	};
	struct pki_certificate old = make(HOST, "DNS:" HOST, -60, 30);
	struct certificate certificate;
	struct answer served = { 0 };

	assert_int_equal(certificate_read(old.x509, &certificate), 0);
	memcpy(served.fingerprint, certificate.fingerprint, sizeof(served.fingerprint));
	(void)text_copy(served.subject, sizeof(served.subject), certificate.subject);
	(void)text_copy(served.names, sizeof(served.names), certificate.names);
	served.not_before = certificate.not_before;
	served.not_after = certificate.not_after;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pki_certificate next = make(rows[i].cn, rows[i].names, rows[i].from, rows[i].until);
		struct certificate_file file;
		char reason[ANSWER_DETAIL_SIZE];
		enum disk disk;
		size_t size;
		cleanup(memory_freep) char *text = pem(NULL, &next, NULL, &size);

		assert_int_equal(certificate_file_parse(text, size, &file), 0);
		disk = certificate_file_compare(&file, &served, PKI_NOW, reason);
		if (disk != rows[i].disk || !strstr(reason, rows[i].reason))
			fail_msg("%s: %s (%s)", rows[i].why, disk_name(disk), reason);
		free(text);
		/* Whatever comes first: what is served is in the file. */
		text = pem(NULL, &next, &old, &size);
		assert_int_equal(certificate_file_parse(text, size, &file), 0);
		assert_int_equal(certificate_file_compare(&file, &served, PKI_NOW, reason), DISK_SAME);
		pki_clear(&next);
	}
	pki_clear(&old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests_name("certificate_file", tests, NULL, NULL);
}
