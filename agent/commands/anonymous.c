// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/anonymous.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "judge/recording/veil.h"

#define UID_FIRST 1000 /* of people, as Debian and most others give them (login.defs) */
#define UID_LAST  60000
#define LEAST	  3 /* letters; shorter words are everywhere */

void anonymous_add(struct people *people, const char *name)
{
	if (strlen(name) < LEAST || people->n == PEOPLE_MAX)
		return;
	if (text_copy(people->names[people->n], sizeof(people->names[0]), name) == 0)
		people->n++;
}

void anonymous_people(struct people *ret)
{
	struct passwd *entry;

	setpwent();
	while (ret->n < PEOPLE_MAX && (entry = getpwent())) {
		char words[256], *cursor = words, *word;

		if (entry->pw_uid < UID_FIRST || entry->pw_uid > UID_LAST)
			continue;
		anonymous_add(ret, entry->pw_name);
		(void)text_copy(words, sizeof(words), entry->pw_gecos ? entry->pw_gecos : "");
		words[strcspn(words, ",")] = '\0';
		while ((word = text_word(&cursor)))
			anonymous_add(ret, word);
	}
	endpwent();
}

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

static bool is_of_mailbox(char c)
{
	return is_of_word(c) || c == '.' || c == '+';
}

/* How long the address's own part is that begins here; 0: none does. A unit's instance is one, too,
 * in form: "postfix@-.service", "user@1000.service". */
static size_t mailbox(const char *s)
{
	size_t n = 0;

	while (is_of_mailbox(s[n]))
		n++;
	if (!n || s[n] != '@' || !isalpha((unsigned char)s[n + 1]))
		return 0;
	return strchr(s + n, '.') ? n : 0;
}

static void put_word(const struct people *people, const char *word, size_t n, FILE *out)
{
	for (size_t i = 0; i < people->n; i++) {
		if (strlen(people->names[i]) == n && strncasecmp(people->names[i], word, n) == 0) {
			fprintf(out, "person-%zu", i + 1);
			return;
		}
	}
	(void)fwrite(word, 1, n, out);
}

static void write_text(const struct people *people, const char *s, FILE *out)
{
	while (*s) {
		size_t n = mailbox(s);

		if (n) {
			fputs("someone", out);
			s += n;
			continue;
		}
		if (*s == '\\' && s[1]) { /* of JSON: a letter behind it is of no word */
			(void)fwrite(s, 1, 2, out);
			s += 2;
			continue;
		}
		while (is_of_word(s[n]))
			n++;
		if (n)
			put_word(people, s, n, out);
		else
			putc(s[n++], out);
		s += n;
	}
}

int anonymous_text(const struct people *people, const struct service_set *services,
		   const char *text, char **ret)
{
	size_t room = 2 * strlen(text) + 1, size;
	cleanup(memory_freep) char *veiled = malloc(room);
	FILE *out = open_memstream(ret, &size);

	if (!veiled || !out) {
		if (out)
			(void)fclose(out);
		return -ENOMEM;
	}
	veil_text(services, text, veiled, room);
	write_text(people, veiled, out);
	return fclose(out) == 0 ? 0 : -ENOMEM;
}
