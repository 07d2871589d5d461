// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/chain_files.h"

#include <string.h>

#include "base/text.h"
#include "intent/rendered/rendering.h"

void chain_files_add(char *certificates, char *keys, const char *chains)
{
	char words[SERVICE_FILES_SIZE], *rest = words, *word;
	const char *key = "";

	(void)text_copy(words, sizeof(words), chains);
	while ((word = strsep(&rest, ", \t"))) {
		const char *slash = strrchr(word, '/');

		if (!*word)
			continue;
		if (slash && strcasestr(slash, "key")) {
			key = word;
			continue;
		}
		rendering_add_files(certificates, keys, word, key);
		key = "";
	}
}
