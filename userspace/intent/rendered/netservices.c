// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/netservices.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define LINE_SIZE 512

/* "submissions  465/tcp  ssmtp smtps urd  # comment" */
static bool is_named(char *line, const char *word, uint16_t *ret)
{
	char *name = text_word(&line), *port = text_word(&line), *slash, *alias;
	bool named;

	if (!port)
		return false;
	slash = strchr(port, '/');
	if (!slash || strcmp(slash, "/tcp") != 0)
		return false;
	*slash = '\0';
	named = strcmp(name, word) == 0;
	while (!named && (alias = text_word(&line)))
		named = strcmp(alias, word) == 0;
	return named && text_port(port, ret) == 0;
}

int netservices_port(const char *services, const char *word, uint16_t *ret)
{
	const char *at;
	uint16_t port;

	if (text_port(word, ret) == 0)
		return 0;
	if (!*word || strchr(word, '\n'))
		return -EINVAL;
	/* Only lines with the word in them: the file may be long, and the words many. */
	for (const char *s = services; s && (at = strstr(s, word)); s = strchr(at + 1, '\n')) {
		char line[LINE_SIZE];
		size_t n;

		while (at > services && at[-1] != '\n')
			at--;
		n = strcspn(at, "#\n");
		if (n >= sizeof(line))
			continue;
		memcpy(line, at, n);
		line[n] = '\0';
		if (!is_named(line, word, &port))
			continue;
		*ret = port;
		return 0;
	}
	return -EINVAL;
}
