// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/postfix_demands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/rendered/postfix_restrictions.h"
#include "intent/rendered/postfix_settings.h"

#define WHOSE_SIZE 80

struct demands {
	const struct postconf *parsing;
	struct postfix_written written;
	struct postfix_settings defaults;
};

static void clear(struct demands *demands)
{
	postfix_settings_clear(&demands->written.main);
	postfix_settings_clear(&demands->written.options);
	postfix_settings_clear(&demands->defaults);
}

static const char *show_service(const char *service, char to[static WHOSE_SIZE])
{
	*to = '\0';
	if (service)
		(void)text_format(to, WHOSE_SIZE, "service \"%.60s\": ", service);
	return to;
}

/* @service: NULL, or whose -o it is. */
static void refuse(const struct demands *demands, const char *service, const char *name,
		   const char *value, const char *why)
{
	const struct postconf *parsing = demands->parsing;
	char whose[WHOSE_SIZE], what[128];

	if (*value)
		(void)text_format(what, sizeof(what), "%.60s = %.60s", name, value);
	else
		(void)text_format(what, sizeof(what), "%.60s is empty", name);
	complain_error(parsing->complaints, "%s: %s%s: %s; Postfix serves no client so",
		       parsing->path, show_service(service, whose), what, why);
}

/* ---- numbers, times, yes and no ---- */

static bool is_among(const char *const *names, const char *name)
{
	for (size_t i = 0; names[i]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Of the programs that deliver, and of others that no client waits for. */
static bool is_elsewhere(const char *name)
{
	static const char *const starts[] = {
		"address_verify_cache_",
		"address_verify_negative_",
		"address_verify_pending_",
		"address_verify_positive_",
		"anvil_",
		"bounce_",
		"connection_cache_",
		"dnsblog_",
		"fast_flush_",
		"lmtp_",
		"local_",
		"postlog",
		"qmgr_",
		"qmqpd_",
		"smtp_",
		"tlsproxy_",
		"virtual_mailbox_",
		"virtual_minimum_uid",
	};
	static const char *const parts[] = {
		"destination_",		 "_delivery_slot",    "_minimum_delivery",
		"_transport_rate_delay", "_recipient_refill", "_extra_recipient_limit",
		"_backoff_time",
	};
	static const char *const ends[] = { "_recipient_limit", "_time_limit" };
	static const char *const names[] = {
		"allow_min_user",
		"biff",
		"confirm_delay_cleared",
		"expand_owner_alias",
		"frozen_delivered_to",
		"ignore_mx_lookup_error",
		"mailbox_size_limit",
		"maximal_queue_lifetime",
		"process_id",
		"queue_run_delay",
		"require_home_directory",
		"reset_owner_alias",
		"strict_mailbox_ownership",
		"sun_mailtool_compatibility",
		"transport_retry_time",
		NULL,
	};
	size_t n = strlen(name);

	if (text_starts_with(name, "smtpd_") || text_starts_with(name, "postscreen_"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (text_starts_with(name, starts[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(name, parts[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (n > strlen(ends[i]) && strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
			return true;
	return is_among(names, name);
}

static bool is_number(const char *s)
{
	char *end;

	(void)strtol(s, &end, 10);
	return end != s && !*end;
}

static bool is_time(const char *s)
{
	size_t n;

	do {
		n = strspn(s, "0123456789");
		s += n;
	} while (n > 0 && *s && strchr("smhdw", *s) && *++s);
	return n > 0 && !*s;
}

static bool is_yes_or_no(const char *s)
{
	return strcasecmp(s, "yes") == 0 || strcasecmp(s, "no") == 0;
}

/* In this order: a number alone is no time where it is a default. */
static const struct {
	bool (*is)(const char *s);
	const char *why;
} forms[] = {
	{ is_yes_or_no, "it is to be yes or no" },
	{ is_number, "it is to be a number" },
	{ is_time, "it is to be a time, as 30s" },
};

/* What the default is, that has to be what is written. NULL: as it should be, or who knows. */
static const char *find_fault(const char *name, const char *by_default, const char *value)
{
	/* Their defaults only look like a number, or like "no". */
	static const char *const words[] = { "compatibility_level", "mail_release_date",
					     "milter_protocol",	    "smtpd_forbid_bare_newline",
					     "smtpd_tls_loglevel",  NULL };

	if (is_among(words, name))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (forms[i].is(by_default))
			return forms[i].is(value) ? NULL : forms[i].why;
	return NULL;
}

static bool has_postscreen(const struct postconf *parsing)
{
	for (size_t i = 0; i < parsing->n_entries; i++)
		if (parsing->entries[i].is_postscreen)
			return true;
	return false;
}

/* Settings that only have to be there, beside the names of services. */
static const char *const not_empty[] = {
	"bounce_notice_recipient",
	"command_directory",
	"daemon_directory",
	"data_directory",
	"default_database_type",
	"default_privs",
	"default_rbl_reply",
	"default_verp_delimiters",
	"double_bounce_sender",
	"error_notice_recipient",
	"hash_queue_names",
	"header_from_format",
	"info_log_address_format",
	"mail_name",
	"mail_owner",
	"maillog_file_prefixes",
	"meta_directory",
	"milter_default_action",
	"milter_macro_daemon_name",
	"milter_macro_v",
	"mydomain",
	"myhostname",
	"mynetworks_style",
	"myorigin",
	"process_id_directory",
	"queue_directory",
	"reject_tempfail_action",
	"setgid_group",
	"smtpd_banner",
	"smtpd_expansion_filter",
	"smtpd_policy_service_default_action",
	"smtpd_sasl_path",
	"smtpd_sasl_service",
	"smtpd_sasl_type",
	"smtpd_tls_ciphers",
	"smtpd_tls_eecdh_grade",
	"smtpd_tls_fingerprint_digest",
	"smtpd_tls_mandatory_ciphers",
	"syslog_facility",
	"syslog_name",
	NULL,
};

static bool must_not_be_empty(const char *name)
{
	size_t n = strlen(name), m = strlen("_service_name");

	return is_among(not_empty, name) || (n > m && strcmp(name + n - m, "_service_name") == 0);
}

static void check_one(const struct demands *demands, const char *service, const char *name,
		      const char *value)
{
	const char *by_default = postfix_settings_find(&demands->defaults, name), *why;

	if (!*value && must_not_be_empty(name)) {
		refuse(demands, service, name, value, "it has to be something");
		return;
	}
	if (!by_default || strcmp(by_default, value) == 0 || is_elsewhere(name) ||
	    (text_starts_with(name, "postscreen_") && !has_postscreen(demands->parsing)))
		return;
	why = find_fault(name, by_default, value);
	if (why)
		refuse(demands, service, name, value, why);
}

/* What is empty because these are is no second fault. */
static const char *find_empty_name(const struct demands *demands)
{
	static const char *const names[] = { "mydomain", "myhostname" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = postfix_settings_find(&demands->written.main, names[i]);

		if (value && !*value)
			return names[i];
	}
	return NULL;
}

static void check_main(const struct demands *demands)
{
	const struct postfix_settings *main = &demands->written.main;
	const char *empty = find_empty_name(demands);

	if (empty) {
		check_one(demands, NULL, empty, "");
		return;
	}
	for (size_t i = 0; i < main->n; i++)
		check_one(demands, NULL, main->list[i].name, main->list[i].value);
}

/* The -o of @service, which stand together. */
static void check_options(const struct demands *demands, const char *service)
{
	const struct postfix_settings *options = &demands->written.options;
	char start[160];

	if (text_format(start, sizeof(start), "%s/inet/", service) < 0)
		return;
	for (size_t i = 0; i < options->n; i++) {
		const char *name = text_after(options->list[i].name, start);

		if (name)
			check_one(demands, service, name, options->list[i].value);
	}
}

/* ---- words ---- */

static bool is_level(const char *s)
{
	/* The last three are a client's, and taken for "encrypt". */
	static const char *const levels[] = { "none",	     "may",    "encrypt",
					      "fingerprint", "verify", "secure" };

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (strcasecmp(s, levels[i]) == 0)
			return true;
	return !*s;
}

static bool is_proxy(const char *s)
{
	return !*s || strcmp(s, "haproxy") == 0;
}

static bool is_grade(const char *s)
{
	static const char *const grades[] = { "export", "low", "medium", "high", "null" };

	for (size_t i = 0; i < ARRAY_SIZE(grades); i++)
		if (strcasecmp(s, grades[i]) == 0)
			return true;
	return false;
}

/* "!SSLv2, !SSLv3", ">=TLSv1.2", ">=0x0303". */
static bool are_versions(const char *s)
{
	static const char *const versions[] = { "SSLv2",   "SSLv3",   "TLSv1",
						"TLSv1.1", "TLSv1.2", "TLSv1.3" };
	char words[512], *rest = words, *word;

	(void)text_copy(words, sizeof(words), s);
	while ((word = strsep(&rest, ", \t:"))) {
		bool is_known = !*word;

		if (word[0] == '!')
			word++;
		else if ((word[0] == '>' || word[0] == '<') && word[1] == '=')
			word += 2;
		for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
			is_known = is_known || strcasecmp(word, versions[i]) == 0;
		if (!is_known && strncasecmp(word, "0x", 2) != 0)
			return false;
	}
	return true;
}

static const struct {
	const char *name;
	bool (*is)(const char *s);
	const char *why;
	enum { ANY_TLS, OPTIONAL_TLS, DEMANDED_TLS } when;
} word_rows[] = {
	{ "smtpd_tls_security_level", is_level, "there is no such level", ANY_TLS },
	{ "smtpd_upstream_proxy_protocol", is_proxy, "there is no such protocol", ANY_TLS },
	{ "smtpd_tls_ciphers", is_grade, "there is no such grade", OPTIONAL_TLS },
	{ "smtpd_tls_mandatory_ciphers", is_grade, "there is no such grade", DEMANDED_TLS },
	{ "smtpd_tls_protocols", are_versions, "there is no such version of TLS", OPTIONAL_TLS },
	{ "smtpd_tls_mandatory_protocols", are_versions, "there is no such version of TLS",
	  DEMANDED_TLS },
};

/* Without TLS nobody looks at what is said of it. */
static int tls_of(const struct demands *demands, const char *service)
{
	const char *level =
		postfix_written_find(&demands->written, service, "smtpd_tls_security_level");
	const char *wrapper =
		postfix_written_find(&demands->written, service, "smtpd_tls_wrappermode");

	if (strcasecmp(wrapper, "yes") == 0 || strcasecmp(level, "encrypt") == 0)
		return DEMANDED_TLS;
	return strcasecmp(level, "may") == 0 ? OPTIONAL_TLS : ANY_TLS;
}

static void check_words(const struct demands *demands, const char *service)
{
	int tls = tls_of(demands, service);

	for (size_t i = 0; i < ARRAY_SIZE(word_rows); i++) {
		const char *value =
			postfix_written_find(&demands->written, service, word_rows[i].name);

		if ((word_rows[i].when == ANY_TLS || (int)word_rows[i].when == tls) && *value &&
		    !word_rows[i].is(value))
			refuse(demands, service, word_rows[i].name, value, word_rows[i].why);
	}
}

/* ---- restrictions ---- */

static void check_restrictions(const struct demands *demands, const char *service)
{
	const struct postconf *parsing = demands->parsing;
	char whose[WHOSE_SIZE], word[POSTFIX_RESTRICTION_SIZE];
	const char *list;

	(void)show_service(service, whose);
	if (postfix_settings_find(&demands->written.main, "smtpd_recipient_restrictions") &&
	    !postfix_restrictions_reject(&demands->written, service))
		complain_error(parsing->complaints,
			       "%s: %ssmtpd_relay_restrictions and smtpd_recipient_restrictions "
			       "reject nobody: reject_unauth_destination, or reject, has to be in "
			       "one of them; Postfix serves no client so",
			       parsing->path, whose);
	list = postfix_restrictions_unknown(&demands->written, service, word);
	if (list)
		complain_error(parsing->complaints,
			       "%s: %s%s: there is no restriction \"%.60s\"; Postfix answers "
			       "clients with \"451 Server configuration error\"",
			       parsing->path, whose, list, word);
}

/* ---- all of it ---- */

typedef void check_lists(const struct demands *demands, const char *service);

/* What main.cf says once, for all services that say nothing of @names themselves, and what the
 * others say. */
static void check_each(const struct demands *demands, const char *const *names, check_lists *check)
{
	const struct postconf *parsing = demands->parsing;
	bool is_said = false;

	for (size_t i = 0; i < parsing->n_entries; i++) {
		const struct postconf_entry *entry = &parsing->entries[i];
		bool is_own = !entry->is_postscreen &&
			      postfix_written_is_own(&demands->written, entry->name, names);

		if (!entry->is_mail || !entry->port || (!is_own && is_said))
			continue;
		check(demands, is_own ? entry->name : NULL);
		is_said |= !is_own;
	}
}

static void check(const struct demands *demands)
{
	const struct postconf *parsing = demands->parsing;
	const char *names[ARRAY_SIZE(word_rows) + 2] = { "smtpd_tls_wrappermode" };
	bool serves = false;

	for (size_t i = 0; i < ARRAY_SIZE(word_rows); i++)
		names[i + 1] = word_rows[i].name;
	for (size_t i = 0; i < parsing->n_entries; i++)
		serves = serves || (parsing->entries[i].is_mail && parsing->entries[i].port);
	if (!serves)
		return;
	check_main(demands);
	for (size_t i = 0; i < parsing->n_entries; i++)
		if (parsing->entries[i].is_mail && parsing->entries[i].port)
			check_options(demands, parsing->entries[i].name);
	check_each(demands, names, check_words);
	check_each(demands, postfix_restrictions_names, check_restrictions);
}

int postfix_demands_check(const struct postconf *parsing, const struct postconf_text *text)
{
	cleanup(clear) struct demands demands = { .parsing = parsing };
	int r = postfix_settings_read(text->main, &demands.written.main);

	if (r >= 0)
		r = postfix_settings_read(text->options, &demands.written.options);
	if (r >= 0)
		r = postfix_settings_read(text->defaults, &demands.defaults);
	if (r < 0)
		return r;
	check(&demands);
	return 0;
}
