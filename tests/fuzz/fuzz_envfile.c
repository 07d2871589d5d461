// SPDX-License-Identifier: LGPL-2.1-or-later
/* An env file by compose's rules, taken for mailu.env, mailcow.conf and mailserver.env; and a process's
 * environment. */
#include "fuzz_reader.h"

#include "intent/declared/envfile.h"
#include "intent/declared/mailcow.h"
#include "intent/declared/mailserver.h"
#include "intent/declared/mailu.h"
#include "intent/declared/product_files.h"

/* A value, and a key of several lines, of which a reader of lines sees each alone: whatever such a line looks like. */
#define SECRETS                                                                                                  \
	"\nDB_PASSWORD=" FUZZ_SECRET "\nDB_PASSWORD=${DB_PASSWORD}" FUZZ_SECRET "${" FUZZ_SECRET                 \
	"!}\nDKIM=\"" FUZZ_SECRET "\n" FUZZ_SECRET "\n" FUZZ_SECRET "/+==\nMIIE" FUZZ_SECRET "Q==\n" FUZZ_SECRET \
	"\"\n"

static void claim_variables(const struct envfile *file, size_t size)
{
	claim(file->n_list <= ENVFILE_VARIABLES_MAX && file->n <= file->size);
	for (size_t i = 0; i < file->n_list; i++) {
		const struct envfile_variable *variable = &file->list[i];
		const char *strings[] = { variable->key, variable->value, variable->written, variable->path };

		for (size_t j = 0; j < ARRAY_SIZE(strings); j++)
			claim(strings[j] >= file->room && strings[j] < file->room + file->n);
		claim(*variable->key && strcmp(variable->path, "f") == 0);
		claim(variable->line >= (i ? file->list[i - 1].line : 1) && variable->line <= size + 1);
		claim(envfile_find(file, variable->key) >= variable);
	}
}

static void claim_mailu(const struct envfile *file, enum mailu_version version)
{
	static const struct mailu untouched;
	struct complaints complaints = { 0 };
	struct mailu mailu = { 0 };
	int r = mailu_decide(file, "f", version, &mailu, &complaints);

	claim_complaints(&complaints);
	claim(r == 0 || (r == -EINVAL && complaints.n_errors > 0));
	claim(r == 0 || memcmp(&mailu, &untouched, sizeof(mailu)) == 0);
	claim_services(&mailu.services);
	claim(memchr(mailu.ports, '\0', sizeof(mailu.ports)));
	mailu_clear(&mailu);
}

static void claim_mailcow(const struct envfile *file)
{
	static const struct mailcow untouched;
	struct complaints complaints = { 0 };
	struct mailcow mailcow = { 0 };
	int r = mailcow_decide(file, "f", &mailcow, &complaints);

	claim_complaints(&complaints);
	claim(r == 0 || (r == -EINVAL && complaints.n_errors > 0));
	claim(r == 0 || memcmp(&mailcow, &untouched, sizeof(mailcow)) == 0);
	claim_services(&mailcow.services);
	mailcow_clear(&mailcow);
}

static void claim_mailserver(const struct envfile *file)
{
	static const struct mailserver untouched;
	struct complaints complaints = { 0 };
	struct mailserver mailserver = { 0 };
	int r = mailserver_decide(file, "f", &mailserver, &complaints);

	claim_complaints(&complaints);
	claim(r == 0 || (r == -EINVAL && complaints.n_errors > 0));
	claim(r == 0 || memcmp(&mailserver, &untouched, sizeof(mailserver)) == 0);
	claim_services(&mailserver.services);
	mailserver_clear(&mailserver);
}

static void claim_products(const struct envfile *file)
{
	for (int version = MAILU_CURRENT; version < MAILU_VERSION_COUNT; version++)
		claim_mailu(file, (enum mailu_version)version);
	claim_mailcow(file);
	claim_mailserver(file);
	claim(product_file_of(file) < (int)SOURCE_KIND_COUNT);
}

static void fuzz(const uint8_t *data, size_t size)
{
	static const struct envfile untouched;
	cleanup(memory_freep) char *text = fuzz_text(data, size, SECRETS);
	cleanup(memory_freep) char *exact = size ? memcpy(malloc(size), data, size) : NULL;
	struct complaints complaints = { 0 };
	struct envfile file = { 0 };
	int r = envfile_parse(text, size + strlen(SECRETS), "f", &file, &complaints);

	claim_complaints(&complaints);
	claim(r == (strlen(text) < size ? -EINVAL : 0));
	if (r < 0)
		claim(complaints.n_errors == 1 && memcmp(&file, &untouched, sizeof(file)) == 0);
	claim_variables(&file, size + strlen(SECRETS));
	claim_products(&file);
	envfile_clear(&file);
	if (!exact)
		return;
	claim(envfile_parse_environ(exact, size, "f", &file) == 0);
	claim_variables(&file, size);
	claim_products(&file);
	envfile_clear(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fuzz_is_input(data, size))
		return -1;
	fuzz(data, size);
	return 0;
}
