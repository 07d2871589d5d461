// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/postfix.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/rendered/hosts.h"
#include "intent/rendered/netservices.h"
#include "intent/rendered/postconf.h"
#include "intent/rendered/postfix_settings.h"
#include "intent/rendered/sni_maps.h"

#define UNIT_FILE_MAX 65536

enum { ASKED_MASTER, ASKED_OPTIONS, ASKED_MAIN, ASKED_DEFAULTS };

/* Debian 12's postfix.service does nothing but carry its instances along. */
static const char *unit(void)
{
	cleanup(memory_freep) char *text = NULL;

	return file_read("/lib/systemd/system/postfix.service", UNIT_FILE_MAX, &text, NULL) == 0 &&
			       strstr(text, "\nExecStart=/bin/true")
		       ? "postfix@-.service"
		       : "postfix.service";
}

/* In a container, too, these are its own. */
static int read_sni(const struct server_words *words, struct rendering *ret)
{
	cleanup(postfix_settings_clear) struct postfix_settings settings = { 0 };
	int r = postfix_settings_read(words->said[ASKED_MAIN], &settings);
	const char *rest = postfix_settings_find(&settings, "tls_server_sni_maps");
	char *map;

	while (rest && (map = sni_maps_next(&rest))) {
		const char *path = sni_maps_file(map);
		cleanup(memory_freep) char *text =
			path ? server_read_beside(words, path, SNI_MAPS_TEXT_MAX) : NULL;

		if (text)
			sni_maps_add_table(ret, text);
		sni_maps_add_inline(ret, map);
		free(map);
	}
	rendering_assign_certificates(ret);
	return r;
}

static int read_words(const struct server_words *words, struct rendering *ret,
		      struct complaints *complaints)
{
	cleanup(memory_freep) char *services =
		server_read_beside(words, "/etc/services", NETSERVICES_TEXT_MAX);
	cleanup(memory_freep) char *hosts = server_read_beside(words, "/etc/hosts", HOSTS_TEXT_MAX);
	cleanup(memory_freep) char *master_cf = NULL;
	struct postconf_text text = {
		.master = words->said[ASKED_MASTER],
		.options = words->said[ASKED_OPTIONS],
		.main = words->said[ASKED_MAIN],
		.defaults = words->said[ASKED_DEFAULTS],
	};
	char path[SOURCE_PATH_SIZE + sizeof("/master.cf")];
	int r;

	(void)text_format(path, sizeof(path), "%s/master.cf", words->path);
	master_cf = server_read_beside(words, path, RENDERING_TEXT_MAX);
	text.services = services;
	text.hosts = hosts;
	text.master_cf = master_cf;
	r = postconf_parse(&text, words->path, ret, complaints);
	if (r < 0)
		return r;
	r = read_sni(words, ret);
	if (r < 0)
		rendering_clear(ret);
	return r;
}

/* master.cf knows 465 by several names, and not everywhere by the same; a number always works. */
static int remedy(const struct server_traits *traits, const struct service *service, char *to,
		  size_t size)
{
	bool client = service->want.protocol == PROTOCOL_SUBMISSION;
	const char *tls = service->want.tls == TLS_IMPLICIT ? "\n  -o smtpd_tls_wrappermode=yes"
			  : traits->is_other_mode	    ? "\n  -o smtpd_tls_wrappermode=no"
			  : service->want.tls == TLS_STARTTLS
				  ? "\n  -o smtpd_tls_security_level=encrypt"
				  : "";

	return text_format(
		to, size, "in Postfix's master.cf:\n%u inet n - y - - smtpd%s%s%s",
		service->want.port, tls, client ? "\n  -o smtpd_sasl_auth_enable=yes" : "",
		service->want.proxy_header ? "\n  -o smtpd_upstream_proxy_protocol=haproxy" : "");
}

const struct server_kind postfix_server = {
	.kind = SOURCE_POSTFIX,
	.title = "Postfix",
	.tool = "postconf",
	.programs = { "/usr/sbin/postconf", "/usr/local/sbin/postconf", "/usr/bin/postconf" },
	.configs = { "/etc/postfix/main.cf", "/usr/local/etc/postfix/main.cf" },
	.signs = { SERVER_ENABLED("postfix"),
		   "/sys/fs/cgroup/system.slice/system-postfix.slice/postfix@-.service" },
	.processes = { "master", "smtpd", "postscreen" },
	.path_option = "-c",
	.takes_directory = true,
	.questions = { [ASKED_MASTER] = { .args = { "-M" } },
		       [ASKED_OPTIONS] = { .args = { "-P", "-x" } },
		       [ASKED_MAIN] = { .args = { "-x" } },
		       [ASKED_DEFAULTS] = { .args = { "-d", "-x" } } },
	.restart_for = "inet_interfaces and inet_protocols",
	.protocols = SERVER_CAN(PROTOCOL_SMTP) | SERVER_CAN(PROTOCOL_SUBMISSION),
	.unit = unit,
	.read = read_words,
	.remedy = remedy,
};
