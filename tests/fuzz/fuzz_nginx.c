// SPDX-License-Identifier: LGPL-2.1-or-later
/* Configurations of several files as one text (include.h), read as nginx's. */
#include "fuzz_reader.h"

#include "intent/rendered/include.h"
#include "intent/rendered/nginx_conf.h"

static void claim_map(const char *text, size_t size)
{
	struct include_map map = { .n = 0 };

	include_map_parse(text, size, &map);
	claim(map.n <= INCLUDE_FILES_MAX);
	for (size_t i = 0; i < map.n; i++) {
		const struct include_file *file = &map.list[i];
		char path[64];
		int found;

		claim(file->text >= text && file->size <= size && file->text + file->size <= text + size);
		claim(i == 0 || file->text >= map.list[i - 1].text + map.list[i - 1].size);
		(void)text_format(path, sizeof(path), "%.*s", (int)(file->path_size < 32 ? file->path_size : 32),
				  file->path);
		found = include_map_find(&map, path, i);
		claim(found == -1 || (found >= (int)i && found < (int)map.n));
	}
}

static void fuzz(const uint8_t *data, size_t size)
{
	static const char secrets[] = "\n# configuration file /s:\nauth_http_header X-Auth-Key \"" FUZZ_SECRET "\";\n";
	cleanup(memory_freep) char *text = fuzz_text(data, size, secrets);
	struct complaints complaints = { 0 };
	struct rendering rendering = { 0 };
	int r;

	claim_map(text, size);
	r = nginx_conf_parse(text, size + strlen(secrets), "f", &rendering, &complaints);
	claim_rendering(r, &rendering, SOURCE_NGINX, &complaints);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fuzz_is_input(data, size))
		return -1;
	fuzz(data, size);
	return 0;
}
