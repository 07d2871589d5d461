// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/config/config_keys.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LIST_SIZE 4096

static const char *set_bool(void *base, size_t offset, size_t size, const char *value)
{
	return text_bool(value, (bool *)((char *)base + offset)) < 0 ? "write yes or no" : NULL;
}

static const char *set_text(void *base, size_t offset, size_t size, const char *value)
{
	char *field = (char *)base + offset;

	if (strlen(value) >= size)
		return "it is too long";
	memcpy(field, value, strlen(value) + 1);
	return NULL;
}

static const char *set_path(void *base, size_t offset, size_t size, const char *value)
{
	if (value[0] != '/')
		return "write an absolute path";
	return set_text(base, offset, size, value);
}

static const char *set_path_or_none(void *base, size_t offset, size_t size, const char *value)
{
	if (value[0] && value[0] != '/')
		return "write an absolute path, or nothing for none";
	return set_text(base, offset, size, value);
}

/* A program is started without a shell and without $PATH. */
static const char *set_command(void *base, size_t offset, size_t size, const char *value)
{
	if (value[0] && value[0] != '/')
		return "write the program's absolute path, then its arguments; there is no shell";
	return set_text(base, offset, size, value);
}

static const char *set_host(void *base, size_t offset, size_t size, const char *value)
{
	if (*value && !server_name_is_valid(value))
		return "write a host name";
	return set_text(base, offset, size, value);
}

static const char *set_server_names(void *base, size_t offset, size_t size, const char *value)
{
	struct config *config = base;
	struct server_names names = { 0 };
	char words[LIST_SIZE], *cursor = words, *word;

	if (text_copy(words, sizeof(words), value) < 0)
		return "it is too long";
	while ((word = text_word(&cursor))) {
		switch (server_names_add(&names, word, 1U << SOURCE_CONFIG, 0)) {
		case 0:
			break;
		case -ENOSPC:
			return "these are too many names, 16 is the limit";
		default:
			return "write host names, separated by blanks";
		}
	}
	config->server_names = names;
	return NULL;
}

static const char *duration(void *field, const char *value, uint64_t least, uint64_t most,
			    const char *what)
{
	uint64_t usec;

	if (text_duration(value, &usec) < 0 || usec < least || usec > most)
		return what;
	*(uint64_t *)field = usec;
	return NULL;
}

static const char *set_interval(void *base, size_t offset, size_t size, const char *value)
{
	return duration((char *)base + offset, value, USEC_PER_SEC, 86400 * USEC_PER_SEC,
			"write a duration from 1s to 1d, as 60s or 5min");
}

static const char *set_timeout(void *base, size_t offset, size_t size, const char *value)
{
	return duration((char *)base + offset, value, 100 * USEC_PER_MSEC, 600 * USEC_PER_SEC,
			"write a duration from 100ms to 10min, as 10s");
}

static const char *set_age(void *base, size_t offset, size_t size, const char *value)
{
	return duration((char *)base + offset, value, 0, 3650 * 86400 * USEC_PER_SEC,
			"write a duration up to 3650d, as 14d");
}

static const char *set_repair(void *base, size_t offset, size_t size, const char *value)
{
	enum config_repair *field = (enum config_repair *)(void *)((char *)base + offset);

	for (int i = CONFIG_REPAIR_OFF; i <= CONFIG_REPAIR_RESTART; i++) {
		if (strcmp(value, config_repair_name((enum config_repair)i)) == 0) {
			*field = (enum config_repair)i;
			return NULL;
		}
	}
	return "write off, reload or restart";
}

static const char *set_repair_limit(void *base, size_t offset, size_t size, const char *value)
{
	static const char what[] = "write a number and a duration up to 30d, as \"3 per 1h\"";
	struct config *config = base;
	char words[64], *cursor = words, *number, *per, *window;
	uint64_t n, usec;

	if (text_copy(words, sizeof(words), value) < 0)
		return what;
	number = text_word(&cursor);
	per = text_word(&cursor);
	window = text_word(&cursor);
	if (!window || text_word(&cursor) || strcmp(per, "per") != 0 ||
	    text_u64(number, 1000, &n) < 0 || text_duration(window, &usec) < 0 ||
	    usec < USEC_PER_SEC || usec > 30 * 86400 * USEC_PER_SEC)
		return what;
	config->repair_limit = (unsigned int)n;
	config->repair_window_usec = usec;
	return NULL;
}

/* Letters, digits and ".", "_", "-", as docker, podman and LXC have them. */
static bool is_container_name(const char *s)
{
	if (!isalnum((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)*s) || (*s && strchr("._-", *s)))
		s++;
	return !*s;
}

static const char *set_netns(void *base, size_t offset, size_t size, const char *value)
{
	static const char what[] =
		"write host, name:NAME, path:/run/netns/X or container:NAME-OR-ID";
	struct config *config = base;
	char path[CONFIG_PATH_SIZE] = "", container[CONFIG_CONTAINER_SIZE] = "";
	const char *rest;

	if ((rest = text_after(value, "container:"))) {
		if (!is_container_name(rest))
			return what;
		if (text_copy(container, sizeof(container), rest) < 0)
			return "it is too long";
	} else if ((rest = text_after(value, "name:"))) {
		if (!*rest || strchr(rest, '/') || rest[0] == '.')
			return what;
		if (text_format(path, sizeof(path), "/run/netns/%s", rest) < 0)
			return "it is too long";
	} else if ((rest = text_after(value, "path:"))) {
		if (rest[0] != '/')
			return what;
		if (text_copy(path, sizeof(path), rest) < 0)
			return "it is too long";
	} else if (strcmp(value, "host") != 0) {
		return what;
	}
	memcpy(config->container, container, sizeof(container));
	return set_text(base, offset, size, path);
}

/* What a list of sources can have: products, whose file must be said, and servers, who know theirs.
 */
static bool is_product(enum source_kind kind)
{
	return kind > SOURCE_CONFIG && kind < SOURCE_DOVECOT;
}

static bool is_listed(enum source_kind kind)
{
	return is_product(kind) || (kind >= SOURCE_DOVECOT && kind < SOURCE_SYSTEMD);
}

static const char *parse_source(const char *word, struct config_source *ret)
{
	const char *colon = strchr(word, ':'), *path = colon ? colon + 1 : "";
	size_t n = colon ? (size_t)(colon - word) : strlen(word);

	for (enum source_kind kind = 0; kind < SOURCE_KIND_COUNT; kind++) {
		const char *name = source_name(kind);

		if (!is_listed(kind) || strlen(name) != n || memcmp(name, word, n) != 0)
			continue;
		if (is_product(kind) && path[0] != '/')
			return "this source needs its file's absolute path, as "
			       "mailu:/mailu/mailu.env";
		if (colon && path[0] != '/')
			return "write an absolute path behind the colon";
		if (text_copy(ret->path, sizeof(ret->path), path) < 0)
			return "a path is too long";
		ret->kind = kind;
		return NULL;
	}
	return "write auto, none, or a list of dovecot[:FILE], postfix[:DIRECTORY], exim[:FILE], "
	       "opensmtpd[:FILE], "
	       "nginx[:FILE], mailu:FILE, mailcow:FILE, docker-mailserver:FILE";
}

static const char *set_sources(void *base, size_t offset, size_t size, const char *value)
{
	struct config *config = base;
	struct config_source sources[SOURCES_MAX] = { 0 };
	char words[LIST_SIZE], *cursor = words, *word;
	size_t n = 0;

	if (text_copy(words, sizeof(words), value) < 0)
		return "it is too long";
	if (strcmp(value, "auto") != 0 && strcmp(value, "none") != 0) {
		while ((word = text_word(&cursor))) {
			const char *what;

			if (n == SOURCES_MAX)
				return "these are too many sources, 16 is the limit";
			what = parse_source(word, &sources[n]);
			if (what)
				return what;
			n++;
		}
		if (n == 0)
			return "write auto, none or a list of sources";
	}
	memcpy(config->sources, sources, sizeof(sources));
	config->n_sources = n;
	config->sources_auto = strcmp(value, "auto") == 0;
	return NULL;
}

static const char *set_port(void *base, size_t offset, size_t size, const char *value)
{
	return text_port(value, (uint16_t *)(void *)((char *)base + offset)) < 0
		       ? "write a number from 1 to 65535"
		       : NULL;
}

static const char *set_protocol(void *base, size_t offset, size_t size, const char *value)
{
	struct service *service = base;

	return protocol_parse(value, &service->want.protocol) < 0
		       ? "write smtp, submission, lmtp, imap, pop3, sieve or https"
		       : NULL;
}

static const char *set_tls(void *base, size_t offset, size_t size, const char *value)
{
	struct service *service = base;

	return tls_mode_parse(value, &service->want.tls) < 0
		       ? "write starttls, starttls-optional, implicit or none"
		       : NULL;
}

static const char *set_addresses(void *base, size_t offset, size_t size, const char *value)
{
	struct service *service = base;
	struct address addresses[SERVICE_ADDRESSES_MAX] = { 0 };
	char words[LIST_SIZE], *cursor = words, *word;
	size_t n = 0;

	if (text_copy(words, sizeof(words), value) < 0)
		return "it is too long";
	while ((word = text_word(&cursor))) {
		if (n == SERVICE_ADDRESSES_MAX)
			return "these are too many addresses, 8 is the limit";
		if (address_parse(word, &addresses[n]) < 0)
			return "write *, 0.0.0.0, :: or numeric addresses, separated by blanks";
		n++;
	}
	if (n == 0)
		return "write * for every address";
	memcpy(service->want.addresses, addresses, sizeof(addresses));
	service->want.n_addresses = n;
	return NULL;
}

static const char *set_published(void *base, size_t offset, size_t size, const char *value)
{
	static const char what[] =
		"write none, auto or at most 4 numeric addresses, separated by blanks";
	struct published published = { .mode = PUBLISHED_LIST };
	char words[LIST_SIZE], *cursor = words, *word;

	if (text_copy(words, sizeof(words), value) < 0)
		return "it is too long";
	if (strcmp(value, "none") == 0 || strcmp(value, "auto") == 0) {
		published.mode = *value == 'n' ? PUBLISHED_NONE : PUBLISHED_AUTO;
		*words = '\0';
	}
	while ((word = text_word(&cursor))) {
		struct address *address = &published.addresses[published.n];

		if (published.n++ == PUBLISHED_MAX || address_parse(word, address) < 0 ||
		    address_is_wildcard(address))
			return what;
	}
	if (published.mode == PUBLISHED_LIST && published.n == 0)
		return what;
	memcpy((char *)base + offset, &published, sizeof(published));
	return NULL;
}

static const char *set_proxy_header(void *base, size_t offset, size_t size, const char *value)
{
	struct service *service = base;

	return proxy_header_parse(value, &service->want.proxy_header) < 0
		       ? "write no, yes, v1 or v2"
		       : NULL;
}

static const char *set_unit(void *base, size_t offset, size_t size, const char *value)
{
	const char *dot = strrchr(value, '.');

	if (value[0] && (!dot || dot == value || !dot[1]))
		return "write the whole unit name, as dovecot.service";
	for (const char *s = value; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(":-_.\\@", *s))
			return "a unit name has letters, digits and : - _ . \\ @ only";
	return set_text(base, offset, size, value);
}

static const char *set_tls_minimum(void *base, size_t offset, size_t size, const char *value)
{
	struct trust *trust = (struct trust *)(void *)((char *)base + offset);

	return tls_minimum_parse(value, &trust->tls_minimum) < 0 ? "write 1.0, 1.1, 1.2 or 1.3"
								 : NULL;
}

static const char *set_pins(void *base, size_t offset, size_t size, const char *value)
{
	struct trust *trust = (struct trust *)(void *)((char *)base + offset), pinned = { 0 };

	switch (trust_add_pins(&pinned, value)) {
	case 0:
		break;
	case -ENOSPC:
		return "these are too many pins, 4 is the limit";
	default:
		return "write sha256: and the certificate's fingerprint, or spki-sha256: and that "
		       "of its public "
		       "key, each of 64 hexadecimal digits";
	}
	memcpy(trust->pins, pinned.pins, sizeof(trust->pins));
	trust->n_pins = pinned.n_pins;
	return NULL;
}

static const char *set_tlsa(void *base, size_t offset, size_t size, const char *value)
{
	struct trust *trust = (struct trust *)(void *)((char *)base + offset), records = { 0 };
	char list[LIST_SIZE], *rest = list, *record;

	if (text_copy(list, sizeof(list), value) < 0)
		return "it is too long";
	while ((record = strsep(&rest, ","))) {
		record = text_trim(record);
		if (!*record && !rest && !records.n_tlsa)
			break; /* nothing: none */
		switch (trust_add_tlsa(&records, record)) {
		case 0:
			break;
		case -ENOSPC:
			return "these are too many records, 4 is the limit";
		default:
			return "write records as in the zone, separated by commas: 3 1 1 and a "
			       "digest in "
			       "hexadecimal digits; usage 2 or 3, selector 0 or 1, matching type 1 "
			       "or 2";
		}
	}
	memcpy(trust->tlsa, records.tlsa, sizeof(trust->tlsa));
	trust->n_tlsa = records.n_tlsa;
	return NULL;
}

/* Blank-separated in the file, as everywhere; one a line inside. */
static const char *set_files(void *base, size_t offset, size_t size, const char *value)
{
	char words[LIST_SIZE], files[SERVICE_FILES_SIZE] = "", *cursor = words, *word;

	if (text_copy(words, sizeof(words), value) < 0)
		return "it is too long";
	while ((word = text_word(&cursor))) {
		if (word[0] != '/')
			return "write absolute paths, separated by blanks";
		if (text_append(files, sizeof(files), "%s%s", files[0] ? "\n" : "", word) < 0)
			return "it is too long";
	}
	return set_text(base, offset, size, files);
}

#define MAIN(name_, set_, field_)                               \
	{                                                       \
		name_, set_, offsetof(struct config, field_),   \
			sizeof(((struct config *)0)->field_), 0 \
	}
#define LISTENER(name_, set_, field_, said_)                         \
	{                                                            \
		name_, set_, offsetof(struct service, field_),       \
			sizeof(((struct service *)0)->field_), said_ \
	}

const struct config_key config_main_keys[] = {
	MAIN("sources", set_sources, sources),
	MAIN("policy", set_bool, policy),
	MAIN("netns", set_netns, netns),
	MAIN("textfile", set_path_or_none, textfile),
	MAIN("status", set_path, status),
	MAIN("state", set_path, state),
	MAIN("probe-interval", set_interval, probe_interval_usec),
	MAIN("probe-timeout", set_timeout, probe_timeout_usec),
	MAIN("certificate-warn", set_age, certificate_warn_usec),
	MAIN("published", set_published, published),
	MAIN("injection-check", set_bool, injection_check),
	MAIN("server-name", set_host, server_name),
	MAIN("server-names", set_server_names, server_names),
	MAIN("ca-file", set_path, ca_file),
	MAIN("tls-minimum", set_tls_minimum, trust),
	MAIN("certificate-pin", set_pins, trust),
	MAIN("repair", set_repair, repair),
	MAIN("repair-limit", set_repair_limit, repair_limit),
	MAIN("hook", set_command, hook),
	MAIN("record", set_path_or_none, record),
	{ 0 },
};

const struct config_key config_listener_keys[] = {
	LISTENER("port", set_port, want.port, CONFIG_SAID_PORT),
	LISTENER("protocol", set_protocol, want.protocol, CONFIG_SAID_PROTOCOL),
	LISTENER("tls", set_tls, want.tls, CONFIG_SAID_TLS),
	LISTENER("address", set_addresses, want.addresses, CONFIG_SAID_ADDRESS),
	LISTENER("unit", set_unit, server.unit, CONFIG_SAID_UNIT),
	LISTENER("restart-command", set_command, server.restart_command,
		 CONFIG_SAID_RESTART_COMMAND),
	LISTENER("proxy-header", set_proxy_header, want.proxy_header, CONFIG_SAID_PROXY_HEADER),
	LISTENER("published", set_published, want.published, CONFIG_SAID_PUBLISHED),
	LISTENER("tls-minimum", set_tls_minimum, want.trust, CONFIG_SAID_TRUST),
	LISTENER("certificate-pin", set_pins, want.trust, CONFIG_SAID_TRUST),
	LISTENER("tlsa", set_tlsa, want.trust, CONFIG_SAID_TRUST),
	LISTENER("certificate-file", set_files, server.certificate, CONFIG_SAID_CERTIFICATE),
	LISTENER("expected", set_bool, expected, CONFIG_SAID_EXPECTED),
	{ 0 },
};
