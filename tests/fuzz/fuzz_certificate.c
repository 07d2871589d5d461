// SPDX-License-Identifier: LGPL-2.1-or-later
/* A certificate as it comes over the wire: DER. */
#include "fuzz.h"

#include <openssl/x509.h>

#include "probe/certificate/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *at = data;
	struct certificate certificate;
	X509 *x509 = d2i_X509(NULL, &at, (long)size);
	char shown[256];

	if (!x509)
		return 0;
	if (certificate_read(x509, &certificate) == 0) {
		claim_printable(certificate.subject, sizeof(certificate.subject));
		claim_printable(certificate.issuer, sizeof(certificate.issuer));
		claim_printable(certificate.names, sizeof(certificate.names));
		(void)certificate_judge(&certificate, 1800000000, 14 * UINT64_C(86400000000));
		certificate_show(&certificate, shown, sizeof(shown));
		claim_printable(shown, sizeof(shown));
	}
	X509_free(x509);
	return 0;
}
