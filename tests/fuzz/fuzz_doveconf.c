// SPDX-License-Identifier: LGPL-2.1-or-later
/* What "doveconf -a -P" prints, of 2.3 and 2.4; and what systemd says of dovecot.socket. */
#include "fuzz_reader.h"

#include "intent/rendered/doveconf.h"
#include "intent/rendered/dovecot_socket.h"

/* At any depth: an inline key, and passwords. */
#define SECRETS "\nssl_key = " FUZZ_SECRET "\nssl_cert = " FUZZ_SECRET "\nauth_master_password = " FUZZ_SECRET "\n"

static void fuzz(const uint8_t *data, size_t size)
{
	cleanup(memory_freep) char *text = fuzz_text(data, size, SECRETS);
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };
	cleanup(memory_freep) struct dovecot_demands *demands = calloc(1, sizeof(*demands));
	const struct doveconf_text printed = { .main = text, .set = text };
	int r = doveconf_parse(&printed, "f", &rendering, demands, &complaints);

	claim_rendering(r, &rendering, SOURCE_DOVECOT, &complaints);
	memset(&complaints, 0, sizeof(complaints));
	r = dovecot_socket_parse(text, &rendering, &complaints);
	claim(r == 0);
	claim_rendering(r, &rendering, SOURCE_SYSTEMD, &complaints);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fuzz_is_input(data, size))
		return -1;
	fuzz(data, size);
	return 0;
}
