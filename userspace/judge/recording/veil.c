// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/recording/veil.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Where the arguments of a command begin, behind the blank; NULL: it has none. */
static const char *arguments_of(const char *command)
{
	const char *blank = strchr(command, ' ');

	return blank && blank[1] ? blank + 1 : NULL;
}

/* How much of @text is @command's, be it that the text was cut short; 0: nothing. */
static size_t matches(const char *text, const char *command, const char *arguments)
{
	size_t n = 0, program = (size_t)(arguments - command);

	while (text[n] && text[n] == command[n])
		n++;
	return n > program && (!text[n] || !command[n]) ? n : 0;
}

/* The first service whose command stands at the beginning of @text; NULL: none. */
static const struct service *find(const struct service_set *services, const char *text,
				  size_t *ret_n)
{
	for (size_t i = 0; i < services->n; i++) {
		const char *command = services->list[i].server.restart_command;
		const char *arguments = *command ? arguments_of(command) : NULL;

		if (arguments && *command == *text &&
		    (*ret_n = matches(text, command, arguments)) > 0)
			return &services->list[i];
	}
	return NULL;
}

void veil_text(const struct service_set *services, const char *from, char *to, size_t size)
{
	size_t used = 0;

	*to = '\0';
	while (*from && used + 1 < size) {
		size_t n;
		const struct service *service = *from == '/' ? find(services, from, &n) : NULL;

		if (!service) {
			to[used++] = *from++;
			to[used] = '\0';
			continue;
		}
		(void)text_append(to, size, "%.*s#%zu", (int)strcspn(from, " ") + 1, from,
				  (size_t)(service - services->list));
		used = strlen(to);
		from += n;
	}
}

void veil_command(const struct service_set *services, const char *from, char *to, size_t size)
{
	size_t n;

	if (*from == '/' && arguments_of(from) && !find(services, from, &n))
		(void)text_format(to, size, "%.*s#", (int)strcspn(from, " ") + 1, from);
	else
		veil_text(services, from, to, size);
}
