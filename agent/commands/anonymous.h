/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that is given to strangers: without the names of people, and without arguments of
 * restart-commands. Pure, but for anonymous_people(). */
#ifndef ANONYMOUS_H
#define ANONYMOUS_H

#include <stddef.h>

#include "model/service.h"

#define PEOPLE_MAX 256

struct people { /* zeroed is nobody */
	char names[PEOPLE_MAX][32];
	size_t n;
};

/* Who has an account on this host that is no system's own: login names, and the words of full
 * names. */
void anonymous_people(struct people *ret);

void anonymous_add(struct people *people, const char *name);

/* A copy of @text in which their names, where they are whole words, are "person-N", what stands
 * before the @ of an address is "someone", and commands of @services lack their arguments. The
 * caller frees *@ret. Returns 0 or -ENOMEM. */
int anonymous_text(const struct people *people, const struct service_set *services,
		   const char *text, char **ret);

#endif
