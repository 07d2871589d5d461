/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* smtpd_client_restrictions and its kin, of one service of Postfix's (NULL: of those that
 * have none of their own): whether Postfix would take them. Pure. */
#ifndef POSTFIX_RESTRICTIONS_H
#define POSTFIX_RESTRICTIONS_H

#include <stdbool.h>

#include "intent/rendered/postfix_settings.h"

#define POSTFIX_RESTRICTION_SIZE 64

extern const char *const postfix_restrictions_names[]; /* of the lists; NULL ends it */

/* Whether the lists that decide about relaying have one word that turns anybody away; smtpd does
 * not start without. */
bool postfix_restrictions_reject(const struct postfix_written *written, const char *service);

/* The first word that is no restriction, into @word, and the name of the list that has it; NULL:
 * there is none. */
const char *postfix_restrictions_unknown(const struct postfix_written *written, const char *service,
					 char word[static POSTFIX_RESTRICTION_SIZE]);

#endif
