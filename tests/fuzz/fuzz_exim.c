// SPDX-License-Identifier: LGPL-2.1-or-later
/* What "exim -bP" prints; below a line "== defaults", Debian's /etc/default/exim4, below "== services",
 * /etc/services. */
#include "fuzz_reader.h"

#include "intent/rendered/exim_options.h"

#define SECRETS "\nmysql_servers = db/mail/exim/" FUZZ_SECRET "\n"

static void fuzz(const uint8_t *data, size_t size)
{
	cleanup(memory_freep) char *text = fuzz_text(data, size, "");
	cleanup(memory_freep) char *said = fuzz_section(text, "options", true);
	cleanup(memory_freep) char *options = fuzz_text((const uint8_t *)said, strlen(said), SECRETS);
	cleanup(memory_freep) char *defaults = fuzz_section(text, "defaults", false);
	cleanup(memory_freep) char *services = fuzz_section(text, "services", false);
	struct exim_text all = { .options = options, .defaults = defaults };
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };
	int r;

	all.services = *services ? services : FUZZ_SERVICES;
	r = exim_options_parse(&all, "f", &rendering, &complaints);
	claim_rendering(r, &rendering, SOURCE_EXIM, &complaints);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fuzz_is_input(data, size))
		return -1;
	fuzz(data, size);
	return 0;
}
