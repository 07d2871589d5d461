// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dovecot_host.h"
#include "file.h"
#include "policy.h"
#include "spawn.h"
#include "text.h"

#define DOVECOT_UNIT   "dovecot.service"
#define ENV_FILE_MAX   (1024 * 1024)

/* The pieces of one merge; what they own is released at its end. */
struct merging {
	const struct config *config;
	struct intent *intent;
	struct doveconf doveconf;
	struct policy_facts facts;
};

static const struct config_source *find_source(const struct config *config, enum config_source_kind kind)
{
	for (size_t i = 0; i < config->n_sources; i++)
		if (config->sources[i].kind == kind)
			return &config->sources[i];
	return NULL;
}

int intent_doveconf_argv(const struct config *config, const char *argv[static INTENT_DOVECONF_ARGS])
{
	const struct config_source *source = find_source(config, CONFIG_SOURCE_DOVECOT);
	const char *program = dovecot_find_doveconf();
	int n = 0;

	if (!source && !(config->sources_auto && dovecot_is_meant()))
		return 0;
	if (!program)
		return -ENOENT;
	argv[n++] = program;
	if (source && source->path[0]) {
		argv[n++] = "-c";
		argv[n++] = source->path;
	}
	argv[n++] = "-a";
	argv[n] = NULL;
	return n;
}

static struct source *add_source(struct intent *intent, enum source_kind kind, const char *path)
{
	struct source *source;

	if (intent->n_sources == SOURCES_MAX)
		return NULL;
	source = &intent->sources[intent->n_sources++];
	memset(source, 0, sizeof(*source));
	source->kind = kind;
	(void)text_copy(source->path, sizeof(source->path), path);
	return source;
}

/* ---- services ---- */

static int merge_service(struct service_set *set, const struct service *weaker)
{
	struct service *service = service_set_find(set, weaker->port);

	if (!service) {
		bool taken = service_set_find_name(set, weaker->name) != NULL;

		service = service_set_add(set);
		if (!service)
			return -ENOMEM;
		*service = *weaker;
		if (taken)
			(void)text_format(service->name, sizeof(service->name), "%.50s-%u", weaker->name,
					  weaker->port);
		return 0;
	}
	if (service->protocol == PROTOCOL_UNSET)
		service->protocol = weaker->protocol;
	if (service->tls == TLS_UNSET)
		service->tls = weaker->tls;
	if (service->n_addresses == 0) {
		memcpy(service->addresses, weaker->addresses, sizeof(service->addresses));
		service->n_addresses = weaker->n_addresses;
	}
	service->sources |= weaker->sources;
	return 0;
}

static int merge_services(struct service_set *set, const struct service_set *weaker)
{
	for (size_t i = 0; i < weaker->n; i++) {
		int r = merge_service(set, &weaker->list[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Would Dovecot be the one to open it? Submission is often another server's (Postfix, Exim). */
static bool is_dovecots(const struct intent *intent, const struct service *service)
{
	if (!doveconf_service_name(service->protocol))
		return false;
	if (service->unit[0])
		return strcmp(service->unit, DOVECOT_UNIT) == 0;
	if (service->protocol == PROTOCOL_SUBMISSION)
		return intent->dovecot_has_submission || service->sources & 1u << SOURCE_MAILU;
	return true;
}

static void find_rendered(const struct merging *merging, struct service *service, bool may_name_unit)
{
	service->rendered = RENDERED_UNKNOWN;
	if (!merging->intent->has_dovecot)
		return;
	if (service_set_find(&merging->doveconf.services, service->port)) {
		service->rendered = RENDERED_YES;
		if (may_name_unit && !service->unit[0])
			(void)text_copy(service->unit, sizeof(service->unit), DOVECOT_UNIT);
	} else if (is_dovecots(merging->intent, service)) {
		service->rendered = RENDERED_NO;
	}
}

/* ---- sources ---- */

static bool serves(const struct service_set *set, enum protocol protocol)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->list[i].protocol == protocol)
			return true;
	return false;
}

static int read_mailu(struct merging *merging, const char *path, bool must)
{
	cleanup(memory_freep) char *text = NULL;
	cleanup(mailu_clear) struct mailu mailu = { 0 };
	struct source *source = add_source(merging->intent, SOURCE_MAILU, path);
	int r;

	if (!source)
		return 0;
	r = file_read(path, ENV_FILE_MAX, &text, NULL);
	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT && !must) {
		source->state = SOURCE_ABSENT;
		return 0;
	}
	source->state = SOURCE_BROKEN;
	if (r < 0) {
		complain_error(&source->complaints, "%s: cannot be read: %s", path, strerror(-r));
		return 0;
	}
	r = mailu_parse(text, path, &mailu, &source->complaints);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	source->state = SOURCE_READ;
	policy_hear(&merging->facts, mailu.tls_on, mailu.serves_submission, mailu.serves_imap,
		    mailu.serves_pop3);
	if (!merging->intent->has_mailu)
		(void)text_copy(merging->intent->mailu_ports, sizeof(merging->intent->mailu_ports), mailu.ports);
	merging->intent->has_mailu = true;
	return merge_services(&merging->intent->services, &mailu.services);
}

/* The last line of what a failed doveconf said. */
static const char *last_line(const char *output, char *to, size_t size)
{
	size_t n = strlen(output), start;

	while (n > 0 && (output[n - 1] == '\n' || output[n - 1] == ' '))
		n--;
	start = n;
	while (start > 0 && output[start - 1] != '\n')
		start--;
	(void)text_format(to, size, "%.*s", (int)(n - start < size ? n - start : size - 1), output + start);
	return to;
}

static int read_dovecot(struct merging *merging, const char *output, int result)
{
	const struct config_source *said = find_source(merging->config, CONFIG_SOURCE_DOVECOT);
	const char *path = said && said->path[0] ? said->path : DOVECOT_CONFIG;
	struct doveconf *doveconf = &merging->doveconf;
	char text[256];
	struct source *source;
	int r;

	if (!said && !merging->config->sources_auto)
		return 0;
	source = add_source(merging->intent, SOURCE_DOVECOT, path);
	if (!source)
		return 0;
	if (!output && result == 0 && !said) {
		source->state = SOURCE_ABSENT;
		return 0;
	}
	source->state = SOURCE_BROKEN;
	if (result == -ENOENT) {
		complain_error(&source->complaints, "%s: there is no doveconf to read it with", path);
		return 0;
	}
	if (result < 0 || (!output && result == 0)) {
		complain_error(&source->complaints, "%s: doveconf %s%s", path,
			       result == -ETIMEDOUT ? "did not end in time" :
			       result == -EFBIG	    ? "printed more than 4 MiB" :
						      "could not be run: ",
			       result == -ETIMEDOUT || result == -EFBIG ? "" :
			       result < 0				? strerror(-result) :
									  "nobody tried");
		return 0;
	}
	if (result > 0) {
		char why[64];

		spawn_show_status(result, why, sizeof(why));
		complain_error(&source->complaints, "%s: doveconf %s: %s", path, why,
			       last_line(output ? output : "", text, sizeof(text)));
		return 0;
	}
	r = doveconf_parse(output, path, doveconf, &source->complaints);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	source->state = SOURCE_READ;
	merging->intent->has_dovecot = true;
	merging->intent->dovecot_has_submission = doveconf->has_submission;
	policy_hear(&merging->facts, doveconf->tls_on,
		    service_set_find(&doveconf->services, 465) || service_set_find(&doveconf->services, 587),
		    serves(&doveconf->services, PROTOCOL_IMAP), serves(&doveconf->services, PROTOCOL_POP3));
	return merge_services(&merging->intent->services, &doveconf->services);
}

static int read_sources(struct merging *merging, const char *output, int result)
{
	const struct config *config = merging->config;
	size_t n_dovecot = 0;
	int r = config->sources_auto ? read_mailu(merging, MAILU_PATH, false) : 0;

	for (size_t i = 0; i < config->n_sources && r >= 0; i++) {
		const struct config_source *source = &config->sources[i];

		switch (source->kind) {
		case CONFIG_SOURCE_MAILU:
			r = read_mailu(merging, source->path, true);
			break;
		case CONFIG_SOURCE_DOVECOT:
			if (n_dovecot++ == 1)
				complain_warning(&merging->intent->complaints,
						 "%s: sources: only the first dovecot is read", config->path);
			break;
		case CONFIG_SOURCE_POSTFIX:
		case CONFIG_SOURCE_MAILCOW:
		case CONFIG_SOURCE_DOCKER_MAILSERVER:
			complain_warning(&merging->intent->complaints,
					 "%s: sources: %s is not read by this version yet", config->path,
					 config_source_kind_name(source->kind));
			break;
		}
	}
	if (r < 0)
		return r;
	/* Rendered is weaker than declared, wherever it stands in the list. */
	return read_dovecot(merging, output, result);
}

/* ---- hearken.conf ---- */

static uint16_t port_of_name(const char *name)
{
	static const uint16_t ports[] = { 24, 25, 110, 143, 443, 465, 587, 993, 995, 4190 };

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (strcmp(well_known_port(ports[i])->name, name) == 0)
			return ports[i];
	return 0;
}

/* A service that only hearken.conf knows: with what its port means, or else with all that it needs. */
static int new_service(struct merging *merging, const struct config_listener *listener, uint16_t port,
		       struct service **ret)
{
	const struct well_known *known = well_known_port(port);
	struct complaints *complaints = &merging->intent->complaints;
	struct service *service;
	const char *missing = NULL;

	if (port == 0)
		missing = "port";
	else if (!known && !(listener->said & CONFIG_SAID_PROTOCOL))
		missing = "protocol";
	else if (!known && !(listener->said & CONFIG_SAID_TLS))
		missing = "tls";
	if (missing) {
		complain_error(complaints,
			       "%s: [listener %s]: no source knows this listener, so it needs %s =; it is ignored",
			       listener->where, listener->service.name, missing);
		return 0;
	}
	service = service_set_add(&merging->intent->services);
	if (!service)
		return merging->intent->services.n == SERVICES_MAX ? 0 : -ENOMEM;
	service->port = port;
	/* A section that only says how to repair 587 does not ask for 587 where TLS is off. */
	service->expected = !(merging->config->policy && policy_takes_off(&merging->facts, port));
	if (!service->expected)
		service->sources = 1u << SOURCE_POLICY;
	if (known) {
		service->protocol = known->protocol;
		service->tls = known->tls;
	}
	*ret = service;
	return 0;
}

static void override(struct service *service, const struct config_listener *listener)
{
	const struct service *said = &listener->service;

	(void)text_copy(service->name, sizeof(service->name), said->name);
	if (listener->said & CONFIG_SAID_PORT)
		service->port = said->port;
	if (listener->said & CONFIG_SAID_PROTOCOL)
		service->protocol = said->protocol;
	if (listener->said & CONFIG_SAID_TLS)
		service->tls = said->tls;
	if (listener->said & CONFIG_SAID_ADDRESS) {
		memcpy(service->addresses, said->addresses, sizeof(service->addresses));
		service->n_addresses = said->n_addresses;
	}
	if (listener->said & CONFIG_SAID_RESTART_COMMAND) {
		/* Instead of a unit, unless that is said too. */
		service->unit[0] = '\0';
		memcpy(service->restart_command, said->restart_command, sizeof(service->restart_command));
	}
	if (listener->said & CONFIG_SAID_UNIT)
		memcpy(service->unit, said->unit, sizeof(service->unit));
	if (listener->said & CONFIG_SAID_PROXY_HEADER)
		service->proxy_header = said->proxy_header;
	if (listener->said & CONFIG_SAID_TRUST)
		service->trust = said->trust;
	if (listener->said & CONFIG_SAID_CERTIFICATE)
		memcpy(service->certificate, said->certificate, sizeof(service->certificate));
	if (listener->said & CONFIG_SAID_PUBLISHED)
		service->published = said->published;
}

/* @asked: somebody wants the port opened. A section that only tells how to repair it needs no word about
 * the port being off. */
static void decide_expected(struct merging *merging, struct service *service,
			    const struct config_listener *listener, bool asked)
{
	bool said = listener->said & CONFIG_SAID_EXPECTED;

	if (said && !listener->service.expected) {
		service->expected = false;
		service->sources = 1u << SOURCE_CONFIG;
	} else if (service->expected) {
		service->sources |= 1u << SOURCE_CONFIG;
	} else if (said) {
		service->expected = true;
		service->sources = 1u << SOURCE_CONFIG;
	} else if (asked) {
		complain_warning(&merging->intent->complaints,
				 "%s: [listener %s]: the default policy takes port %u off, because TLS is off; "
				 "write expected = yes to have it watched",
				 listener->where, service->name, service->port);
	}
}

static int apply_listener(struct merging *merging, const struct config_listener *listener)
{
	struct service_set *set = &merging->intent->services;
	const char *name = listener->service.name;
	uint16_t port = listener->said & CONFIG_SAID_PORT ? listener->service.port : port_of_name(name);
	struct service *service = service_set_find_name(set, name);
	const struct service *at_port = port ? service_set_find(set, port) : NULL;
	bool asked;

	if (!service)
		service = port ? service_set_find(set, port) : NULL;
	else if (listener->said & CONFIG_SAID_PORT && at_port && at_port != service) {
		complain_error(&merging->intent->complaints,
			       "%s: [listener %s]: port %u is already that of %s; the section is ignored",
			       listener->where, name, port, at_port->name);
		return 0;
	}
	asked = service || listener->said & (CONFIG_SAID_PORT | CONFIG_SAID_TLS);
	if (!service) {
		int r = new_service(merging, listener, port, &service);

		if (r < 0 || !service)
			return r;
	}
	override(service, listener);
	decide_expected(merging, service, listener, asked);
	find_rendered(merging, service, !(listener->said & (CONFIG_SAID_UNIT | CONFIG_SAID_RESTART_COMMAND)));
	return 0;
}

/* ---- all of it ---- */

static int merge(struct merging *merging, const char *output, int result)
{
	struct intent *intent = merging->intent;
	int r = read_sources(merging, output, result);

	if (r < 0)
		return r;
	if (merging->config->policy) {
		r = policy_apply(&merging->facts, &intent->services);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < intent->services.n; i++)
		find_rendered(merging, &intent->services.list[i], true);
	for (size_t i = 0; i < merging->config->n_listeners; i++) {
		r = apply_listener(merging, &merging->config->listeners[i]);
		if (r < 0)
			return r;
	}
	service_set_sort(&intent->services);
	intent->anything_spoke = merging->facts.spoke || merging->config->n_listeners > 0;
	return 0;
}

int intent_merge(const struct config *config, const char *doveconf_output, int doveconf_result,
		 struct intent *ret)
{
	cleanup(memory_freep) struct intent *intent = calloc(1, sizeof(*intent));
	struct merging merging = { .config = config, .intent = intent };
	int r;

	if (!intent)
		return -ENOMEM;
	r = merge(&merging, doveconf_output, doveconf_result);
	doveconf_clear(&merging.doveconf);
	if (r < 0) {
		service_set_clear(&intent->services);
		return r;
	}
	*ret = *intent;
	return 0;
}

int intent_read(const struct config *config, struct intent *ret)
{
	cleanup(memory_freep) char *output = NULL;
	const char *argv[INTENT_DOVECONF_ARGS];
	int result = intent_doveconf_argv(config, argv), status = 0;

	if (result > 0) {
		result = spawn_run(argv, DOVECONF_OUTPUT_MAX, INTENT_DOVECONF_USEC, &status, &output);
		if (result == 0)
			result = status;
	}
	return intent_merge(config, output, result, ret);
}

void intent_clear(struct intent *intent)
{
	service_set_clear(&intent->services);
	memset(intent, 0, sizeof(*intent));
}
