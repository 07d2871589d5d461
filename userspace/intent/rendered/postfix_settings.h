/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that postconf printed as "NAME = VALUE", to be looked up by name. Pure. */
#ifndef POSTFIX_SETTINGS_H
#define POSTFIX_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#define POSTFIX_SETTINGS_MAX 8192 /* Postfix 3.10 has 1100; what comes behind is left out */

struct postfix_setting {
	const char *name, *value;
};

struct postfix_settings { /* zeroed is empty */
	char *text;	  /* the strings live in it */
	struct postfix_setting *list;
	size_t n; /* sorted by name */
};

/* Copies @text (NULL: empty). The caller releases *@ret with postfix_settings_clear(). Returns 0 or
 * -ENOMEM. */
int postfix_settings_read(const char *text, struct postfix_settings *ret);
void postfix_settings_clear(struct postfix_settings *settings);

/* The value of @name, which may be empty; NULL: it is not there. */
const char *postfix_settings_find(const struct postfix_settings *settings, const char *name);

/* main.cf's settings, and those that services of master.cf have instead. */
struct postfix_written {
	struct postfix_settings main, options; /* the latter by "SERVICE/inet/NAME" */
};

/* What counts for @service, NULL: for all; "" when nothing does. */
const char *postfix_written_find(const struct postfix_written *written, const char *service,
				 const char *name);

/* Whether @service has any of @names (NULL ends them) for itself. */
bool postfix_written_is_own(const struct postfix_written *written, const char *service,
			    const char *const *names);

#endif
