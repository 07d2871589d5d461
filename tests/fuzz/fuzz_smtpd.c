// SPDX-License-Identifier: LGPL-2.1-or-later
/* smtpd.conf and what it includes, as one text (include.h). */
#include "fuzz_reader.h"

#include "intent/rendered/smtpd_conf.h"

static void fuzz(const uint8_t *data, size_t size)
{
	static const char secrets[] = "\n\ntable secrets { relay = \"mail:" FUZZ_SECRET "\" }\n";
	cleanup(memory_freep) char *text = fuzz_text(data, size, secrets);
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };
	int r = smtpd_conf_parse(text, size + strlen(secrets), FUZZ_SERVICES, "f", &rendering, &complaints);

	claim_rendering(r, &rendering, SOURCE_OPENSMTPD, &complaints);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fuzz_is_input(data, size))
		return -1;
	fuzz(data, size);
	return 0;
}
