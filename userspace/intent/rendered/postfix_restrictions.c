// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/postfix_restrictions.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"

const char *const postfix_restrictions_names[] = {
	"smtpd_client_restrictions",	  "smtpd_helo_restrictions",
	"smtpd_sender_restrictions",	  "smtpd_relay_restrictions",
	"smtpd_recipient_restrictions",	  "smtpd_data_restrictions",
	"smtpd_end_of_data_restrictions", NULL,
};

#define WORDS_MAX 4096 /* of one list and its classes, which may name each other, or themselves */

struct walk {
	const struct postfix_written *written;
	const char *service;
	unsigned int words_left;
};

/* One word of a list: blanks and commas part them, but not within { }. Returns false at the end. */
static bool next_word(const char **rest, char word[static POSTFIX_RESTRICTION_SIZE])
{
	const char *s = *rest + strspn(*rest, ", \t\r\n");
	size_t n = 0;
	int depth = 0;

	for (; s[n] && (depth > 0 || !strchr(", \t\r\n", s[n])); n++)
		depth += (s[n] == '{') - (s[n] == '}');
	*rest = s + n;
	(void)text_format(word, POSTFIX_RESTRICTION_SIZE, "%.*s", (int)n, s);
	return n > 0;
}

static const char *find_list(const struct walk *walk, const char *name)
{
	return postfix_written_find(walk->written, walk->service, name);
}

/* The next word that is looked at; what comes behind WORDS_MAX is not. */
static bool walk_on(struct walk *walk, const char **rest,
		    char word[static POSTFIX_RESTRICTION_SIZE])
{
	if (walk->words_left == 0)
		return false;
	walk->words_left--;
	return next_word(rest, word);
}

static bool is_class(const struct walk *walk, const char *word)
{
	const char *rest = find_list(walk, "smtpd_restriction_classes");
	char class[POSTFIX_RESTRICTION_SIZE];

	while (next_word(&rest, class))
		if (strcmp(class, word) == 0)
			return true;
	return false;
}

/* ---- whether anybody is turned away ---- */

static bool turns_away(const char *word)
{
	static const char *const words[] = {
		"reject_unauth_destination", "defer_unauth_destination", "reject", "defer",
		"defer_if_permit",	     "check_relay_domains"
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(word, words[i]) == 0)
			return true;
	return false;
}

/* As smtpd looks for it: not behind "permit", and "warn_if_reject" takes the next word away. */
static bool list_turns_away(struct walk *walk, const char *list)
{
	const char *rest = find_list(walk, list);
	char word[POSTFIX_RESTRICTION_SIZE];

	while (walk_on(walk, &rest, word)) {
		if (strcasecmp(word, "warn_if_reject") == 0)
			(void)walk_on(walk, &rest, word);
		else if (strcasecmp(word, "permit") == 0)
			return false;
		else if (turns_away(word) || (is_class(walk, word) && list_turns_away(walk, word)))
			return true;
	}
	return false;
}

bool postfix_restrictions_reject(const struct postfix_written *written, const char *service)
{
	struct walk walk = { .written = written, .service = service, .words_left = WORDS_MAX };

	return list_turns_away(&walk, "smtpd_relay_restrictions") ||
	       list_turns_away(&walk, "smtpd_recipient_restrictions");
}

/* ---- words ---- */

/* Those that stand alone. */
static const char *const words[] = {
	"defer",
	"defer_if_permit",
	"defer_if_reject",
	"defer_unauth_destination",
	"permit",
	"permit_auth_destination",
	"permit_inet_interfaces",
	"permit_mx_backup",
	"permit_mynetworks",
	"permit_naked_ip_address",
	"permit_sasl_authenticated",
	"permit_tls_all_clientcerts",
	"permit_tls_clientcerts",
	"reject",
	"reject_authenticated_sender_login_mismatch",
	"reject_invalid_helo_hostname",
	"reject_invalid_hostname",
	"reject_known_sender_login_mismatch",
	"reject_maps_rbl",
	"reject_multi_recipient_bounce",
	"reject_non_fqdn_helo_hostname",
	"reject_non_fqdn_hostname",
	"reject_non_fqdn_recipient",
	"reject_non_fqdn_sender",
	"reject_plaintext_session",
	"reject_sender_login_mismatch",
	"reject_unauth_destination",
	"reject_unauth_pipelining",
	"reject_unauthenticated_sender_login_mismatch",
	"reject_unknown_address",
	"reject_unknown_client",
	"reject_unknown_client_hostname",
	"reject_unknown_forward_client_hostname",
	"reject_unknown_helo_hostname",
	"reject_unknown_hostname",
	"reject_unknown_recipient_domain",
	"reject_unknown_reverse_client_hostname",
	"reject_unknown_sender_domain",
	"reject_unlisted_recipient",
	"reject_unlisted_sender",
	"reject_unverified_recipient",
	"reject_unverified_sender",
	"check_relay_domains",
	"check_recipient_maps",
	"warn_if_reject",
};

/* Those that take the word behind them. */
static const char *const with_argument[] = {
	"check_ccert_access",
	"check_client_a_access",
	"check_client_access",
	"check_client_mx_access",
	"check_client_ns_access",
	"check_etrn_access",
	"check_helo_a_access",
	"check_helo_access",
	"check_helo_mx_access",
	"check_helo_ns_access",
	"check_policy_service",
	"check_recipient_a_access",
	"check_recipient_access",
	"check_recipient_mx_access",
	"check_recipient_ns_access",
	"check_reverse_client_hostname_a_access",
	"check_reverse_client_hostname_access",
	"check_reverse_client_hostname_mx_access",
	"check_reverse_client_hostname_ns_access",
	"check_sasl_access",
	"check_sender_a_access",
	"check_sender_access",
	"check_sender_mx_access",
	"check_sender_ns_access",
	"permit_dnswl_client",
	"permit_rhswl_client",
	"reject_rbl_client",
	"reject_rhsbl_client",
	"reject_rhsbl_helo",
	"reject_rhsbl_recipient",
	"reject_rhsbl_reverse_client",
	"reject_rhsbl_sender",
	"sleep",
};

static bool is_among(const char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(word, list[i]) == 0)
			return true;
	return false;
}

/* "hash:/etc/postfix/access" is a table, and "inline:{...}" too. */
static bool is_table(const char *word)
{
	return strchr(word, ':') != NULL;
}

static bool find_unknown(struct walk *walk, const char *list,
			 char word[static POSTFIX_RESTRICTION_SIZE])
{
	const char *rest = find_list(walk, list);

	while (walk_on(walk, &rest, word)) {
		if (is_among(with_argument, ARRAY_SIZE(with_argument), word)) {
			(void)walk_on(walk, &rest, word);
		} else if (is_class(walk, word)) {
			if (find_unknown(walk, word, word))
				return true;
		} else if (!is_table(word) && !is_among(words, ARRAY_SIZE(words), word)) {
			return true;
		}
	}
	return false;
}

const char *postfix_restrictions_unknown(const struct postfix_written *written, const char *service,
					 char word[static POSTFIX_RESTRICTION_SIZE])
{
	for (size_t i = 0; postfix_restrictions_names[i]; i++) {
		struct walk walk = { written, service, WORDS_MAX };

		if (find_unknown(&walk, postfix_restrictions_names[i], word))
			return postfix_restrictions_names[i];
	}
	return NULL;
}
