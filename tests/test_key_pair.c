// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/support/fake_server.h"
#include "probe/disk/disk_file.h"
#include "probe/disk/key_pair.h"

#define FROM  (FAKE_NOW - 10 * FAKE_DAY)
#define UNTIL (FAKE_NOW + 10 * FAKE_DAY)

static char directory[64];

static FILE *create(const char *name)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	return file;
}

static void write_pem(const char *name, const struct fake_certificate *certificate, const EVP_PKEY *key,
		      const char *password)
{
	FILE *file = create(name);

	if (certificate)
		assert_int_equal(PEM_write_X509(file, certificate->x509), 1);
	if (key)
		assert_int_equal(PEM_write_PKCS8PrivateKey(file, key, password ? EVP_aes_128_cbc() : NULL, password,
							   password ? (int)strlen(password) : 0, NULL, NULL),
				 1);
	fclose(file);
}

static void write_text(const char *name, const char *text)
{
	FILE *file = create(name);

	fputs(text, file);
	fclose(file);
}

static int make_files(void **state)
{
	struct fake_certificate ca = fake_certify(NULL, "Root", NULL, FROM, UNTIL);
	struct fake_certificate leaf = fake_certify(&ca, "a", "DNS:a", FROM, UNTIL);
	struct fake_certificate other = fake_certify(&ca, "b", "DNS:b", FROM, UNTIL);

	(void)strcpy(directory, "/tmp/hearken-pair-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	write_pem("cert", &leaf, NULL, NULL);
	write_pem("key", NULL, leaf.key, NULL);
	write_pem("other", NULL, other.key, NULL);
	write_pem("locked", NULL, leaf.key, "secret");
	write_pem("both", &leaf, leaf.key, NULL);
	write_pem("both-other", &leaf, other.key, NULL);
	write_text("empty", "");
	write_text("text", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"
			   "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n");
	fake_certificate_clear(&other);
	fake_certificate_clear(&leaf);
	fake_certificate_clear(&ca);
	return 0;
}

static int remove_files(void **state)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command);
}

static void pairs_are_told_apart(void **state)
{
	static const struct {
		const char *why, *certificate, *key; /* key: NULL for none said */
		int64_t now;
		enum key_pair expected;
		const char *says;
	} rows[] = {
		{ "fits", "cert", "key", FAKE_NOW, KEY_PAIR_FITS, "" },
		{ "one file, said once", "both", NULL, FAKE_NOW, KEY_PAIR_FITS, "" },
		{ "one file, said twice", "both", "both", FAKE_NOW, KEY_PAIR_FITS, "" },
		{ "another's", "cert", "other", FAKE_NOW, KEY_PAIR_MISMATCH, "/other does not belong to" },
		{ "another's in one file", "both-other", NULL, FAKE_NOW, KEY_PAIR_MISMATCH, "does not belong to" },
		{ "locked", "cert", "locked", FAKE_NOW, KEY_PAIR_UNKNOWN, "" },
		{ "no certificate file", "gone", "key", FAKE_NOW, KEY_PAIR_NO_CERTIFICATE,
		  "/gone cannot be read: No such file" },
		{ "no key file", "cert", "gone", FAKE_NOW, KEY_PAIR_NO_KEY, "/gone cannot be read: No such file" },
		{ "no key in one file", "cert", NULL, FAKE_NOW, KEY_PAIR_NO_KEY, "/cert has no private key" },
		{ "swapped", "key", "cert", FAKE_NOW, KEY_PAIR_NO_CERTIFICATE, "/key has no certificate" },
		{ "empty", "empty", "key", FAKE_NOW, KEY_PAIR_NO_CERTIFICATE, "/empty has no certificate" },
		{ "nonsense", "text", "key", FAKE_NOW, KEY_PAIR_NO_CERTIFICATE, "/text has no certificate" },
		{ "a nonsense key", "cert", "text", FAKE_NOW, KEY_PAIR_NO_KEY, "/text has no private key" },
		{ "a directory", ".", "key", FAKE_NOW, KEY_PAIR_NO_CERTIFICATE, "/. cannot be read: Is a directory" },
		{ "the last second", "cert", "key", UNTIL, KEY_PAIR_FITS, "" },
		{ "expired", "cert", "key", UNTIL + 1, KEY_PAIR_EXPIRED, "/cert has expired: valid from" },
		{ "not yet valid is no reason", "cert", "key", FROM - 1, KEY_PAIR_FITS, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char certificate[128], key[128] = "", detail[512];
		int r;

		(void)snprintf(certificate, sizeof(certificate), "%s/%s", directory, rows[i].certificate);
		if (rows[i].key)
			(void)snprintf(key, sizeof(key), "%s/%s", directory, rows[i].key);
		r = key_pair_check(DISK_HERE, certificate, key, rows[i].now, detail, sizeof(detail));
		if (r != (int)rows[i].expected || !strstr(detail, rows[i].says) || (!*rows[i].says && *detail))
			fail_msg("%s: %d, %s", rows[i].why, r, detail);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(pairs_are_told_apart) };

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
