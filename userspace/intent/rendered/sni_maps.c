// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/sni_maps.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/chain_files.h"

#define BLANKS	  ", \t\r\n"
#define ENTRY_MAX 2048

/* How long the word at @s is: blanks and commas end it, but within { }; one that begins with { ends
 * with its }. */
static size_t word_length(const char *s)
{
	size_t n = 0;
	int depth = 0;

	while (s[n] && (depth > 0 || !strchr(BLANKS, s[n]))) {
		depth += (s[n] == '{') - (s[n] == '}');
		n++;
		if (*s == '{' && depth == 0)
			break;
	}
	return n;
}

char *sni_maps_next(const char **rest)
{
	const char *s = *rest + strspn(*rest, BLANKS);
	size_t n = word_length(s);

	*rest = s + n;
	return n ? strndup(s, n) : NULL;
}

const char *sni_maps_file(const char *map)
{
	static const char *const types[] = { "hash:", "btree:", "texthash:", "lmdb:",
					     "cdb:",  "dbm:",	"sdbm:" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const char *path = text_after(map, types[i]);

		if (path && *path == '/')
			return path;
	}
	return NULL;
}

static void add(struct rendering *rendering, const char *name, const char *chains)
{
	struct certificate_files files = { .protocol = PROTOCOL_UNSET };

	if (*name == '.' || !server_name_is_valid(name) ||
	    text_copy(files.name, sizeof(files.name), name) < 0)
		return;
	chain_files_add(files.certificate, files.key, chains);
	if (*files.certificate)
		rendering_add_certificate(rendering, &files);
}

/* "name = files", or "name files". */
static void add_entry(struct rendering *rendering, char *entry, const char *separators)
{
	char *name = text_trim(entry), *chains = name + strcspn(name, separators);

	if (!*chains)
		return;
	*chains++ = '\0';
	add(rendering, text_trim(name), text_trim(chains));
}

/* A line that begins with a blank goes on with the one before it. */
void sni_maps_add_table(struct rendering *rendering, const char *text)
{
	char line[ENTRY_MAX], entry[ENTRY_MAX] = "";

	while (text_line(&text, line, sizeof(line))) {
		if (*line == '#' || !*line)
			continue;
		if (*line != ' ' && *line != '\t') {
			add_entry(rendering, entry, " \t");
			*entry = '\0';
		}
		(void)text_append(entry, sizeof(entry), "%s", line);
	}
	add_entry(rendering, entry, " \t");
}

/* inline:{ a=/x.pem, { b = /y.key /y.pem } } */
void sni_maps_add_inline(struct rendering *rendering, const char *map)
{
	const char *rest = text_after(map, "inline:{");
	char entry[ENTRY_MAX];

	while (rest && *(rest += strspn(rest, BLANKS)) && *rest != '}') {
		size_t n = word_length(rest);
		bool is_braced = *rest == '{' && n > 1;

		/* The last word has the table's own brace behind it. */
		if (!is_braced && rest[n - 1] == '}')
			n--;
		if (text_format(entry, sizeof(entry), "%.*s", (int)n - 2 * is_braced,
				rest + is_braced) == 0)
			add_entry(rendering, entry, "=");
		rest += n;
	}
}
