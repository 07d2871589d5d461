// SPDX-License-Identifier: LGPL-2.1-or-later
/* What postconf prints, cut at lines "== master", "== options", "== main", "== services" and "== master.cf". */
#include "fuzz_reader.h"

#include "intent/rendered/master_cf.h"
#include "intent/rendered/postconf.h"

#define SECRETS "\nsmtp_sasl_password_maps = inline:{ a=" FUZZ_SECRET " }\n"

static void fuzz(const uint8_t *data, size_t size)
{
	cleanup(memory_freep) char *text = fuzz_text(data, size, "");
	cleanup(memory_freep) char *master = fuzz_section(text, "master", true);
	cleanup(memory_freep) char *options = fuzz_section(text, "options", false);
	cleanup(memory_freep) char *said = fuzz_section(text, "main", false);
	cleanup(memory_freep) char *main = fuzz_text((const uint8_t *)said, strlen(said), SECRETS);
	cleanup(memory_freep) char *services = fuzz_section(text, "services", false);
	cleanup(memory_freep) char *master_cf = fuzz_section(text, "master.cf", false);
	cleanup(memory_freep) char *defaults = fuzz_section(text, "defaults", false);
	struct postconf_text all = { .master = master, .options = options, .main = main, .master_cf = master_cf };
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };
	int r;

	all.defaults = defaults;
	all.services = *services ? services : FUZZ_SERVICES;
	r = postconf_parse(&all, "f", &rendering, &complaints);
	claim_rendering(r, &rendering, SOURCE_POSTFIX, &complaints);
	memset(&complaints, 0, sizeof(complaints));
	claim(master_cf_find_orphans(text, "f", &complaints) == 0);
	claim_complaints(&complaints);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fuzz_is_input(data, size))
		return -1;
	fuzz(data, size);
	return 0;
}
