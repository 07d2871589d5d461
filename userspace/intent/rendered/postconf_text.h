/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What postconf printed, taken apart: main.cf's settings, the inet services of master.cf, and the
 * -o of each. Private to intent/. Pure. */
#ifndef POSTCONF_TEXT_H
#define POSTCONF_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/complaints.h"

struct postconf_text {	     /* each ends with a NUL; RENDERING_TEXT_MAX is the most of each */
	const char *master;  /* postconf -M */
	const char *options; /* postconf -P -x: the -o of each service */
	const char *main;    /* postconf -x */
	const char *hosts; /* /etc/hosts as Postfix sees it; NULL: only addresses are understood */
	const char
		*services; /* /etc/services as Postfix sees it; NULL: only numbers are understood */
	const char *
		master_cf; /* the file itself, where -o lines may be orphans; NULL: not to be had */
	const char *defaults; /* postconf -d -x; NULL: what a value has to be is not known */
};

/* What we want to know of main.cf and of each service's -o. The master itself reads main.cf alone.
 */
enum postconf_setting {
	POSTCONF_INET_INTERFACES,
	POSTCONF_INET_PROTOCOLS,
	POSTCONF_SERVICE_DISABLE,
	POSTCONF_WRAPPERMODE,
	POSTCONF_LEVEL,
	POSTCONF_USE_TLS,
	POSTCONF_ENFORCE_TLS,
	POSTCONF_PROXY,
	POSTCONF_POSTSCREEN_LEVEL,
	POSTCONF_POSTSCREEN_USE_TLS,
	POSTCONF_POSTSCREEN_ENFORCE_TLS,
	POSTCONF_POSTSCREEN_PROXY,
	POSTCONF_CHAIN_FILES,
	POSTCONF_CERT_FILE,
	POSTCONF_KEY_FILE,
	POSTCONF_EC_CERT_FILE,
	POSTCONF_EC_KEY_FILE,
	POSTCONF_SASL,
	POSTCONF_MYHOSTNAME,
	POSTCONF_SETTING_COUNT,
};

struct postconf_entry { /* an inet line of master.cf; its strings live in the copies */
	const char *name;
	char host[128]; /* empty: where inet_interfaces says */
	uint16_t port;	/* 0: its name has none */
	bool is_postscreen;
	bool is_mail;				     /* smtpd or postscreen */
	const char *options[POSTCONF_SETTING_COUNT]; /* NULL: not overridden */
};

struct rendering;

struct postconf {
	const char *path;
	const char *services;
	const char *hosts;
	struct complaints *complaints;
	struct rendering *rendering;
	const char *main[POSTCONF_SETTING_COUNT]; /* NULL: not printed */
	struct postconf_entry *entries;
	size_t n_entries;
	bool ipv4, ipv6;
};

/* Of the copies of postconf -x, -M and -P -x, which are cut in place and must outlive @parsing.
 * Returns 0, -EINVAL (said), never stops for what it does not know. */
int postconf_text_read(struct postconf *parsing, char *main, char *master, char *options);

/* What counts for @entry, NULL: for all; "" when it is not set. */
const char *postconf_text_setting(const struct postconf *parsing,
				  const struct postconf_entry *entry, enum postconf_setting i);
bool postconf_text_is_yes(const struct postconf *parsing, const struct postconf_entry *entry,
			  enum postconf_setting i);
const char *postconf_text_name(enum postconf_setting i); /* "inet_interfaces" */

#endif
