// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/hosts.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define LINE_SIZE 1024

/* "127.0.1.1  mail.example.org mail  # comment" */
static bool is_named(char *line, const char *name, struct address *ret)
{
	const char *address, *word;

	line[strcspn(line, "#")] = '\0';
	address = text_word(&line);
	if (!address || address_parse(address, ret) < 0)
		return false;
	while ((word = text_word(&line)))
		if (strcasecmp(word, name) == 0)
			return true;
	return false;
}

static bool is_among(const struct address *list, size_t n, const struct address *address)
{
	for (size_t i = 0; i < n; i++)
		if (address_equal(&list[i], address))
			return true;
	return false;
}

size_t hosts_find(const char *hosts, const char *name, struct address ret[static HOSTS_ADDRESSES])
{
	char line[LINE_SIZE];
	const char *rest = hosts ? hosts : "";
	size_t n = 0;

	while (n < HOSTS_ADDRESSES && text_line(&rest, line, sizeof(line))) {
		struct address address;

		if (is_named(line, name, &address) && !is_among(ret, n, &address))
			ret[n++] = address;
	}
	return n;
}
