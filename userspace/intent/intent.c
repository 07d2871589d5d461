// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "declared.h"
#include "dovecot_host.h"
#include "merge.h"
#include "sections.h"
#include "spawn.h"
#include "text.h"

#define DOVECOT_UNIT   "dovecot.service"

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

void merge_find_rendered(const struct merging *merging, struct service *service, bool may_name_unit)
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
	source = merge_add_source(merging, SOURCE_DOVECOT, path);
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
	return merge_services(merging, source, &doveconf->services);
}

/* What declares is in declared.c. */
static void check_list(struct merging *merging)
{
	const struct config *config = merging->config;
	size_t n_dovecot = 0;

	for (size_t i = 0; i < config->n_sources; i++) {
		switch (config->sources[i].kind) {
		case CONFIG_SOURCE_DOVECOT:
			if (n_dovecot++ == 1)
				complain_warning(&merging->intent->complaints,
						 "%s: sources: only the first dovecot is read", config->path);
			break;
		case CONFIG_SOURCE_POSTFIX:
			complain_warning(&merging->intent->complaints,
					 "%s: sources: %s is not read by this version yet", config->path,
					 config_source_kind_name(config->sources[i].kind));
			break;
		case CONFIG_SOURCE_MAILU:
		case CONFIG_SOURCE_MAILCOW:
		case CONFIG_SOURCE_DOCKER_MAILSERVER:
			break;
		}
	}
}

static int read_sources(struct merging *merging, const char *output, int result)
{
	int r = declared_read(merging);

	if (r < 0)
		return r;
	check_list(merging);
	/* Rendered is weaker than declared, wherever it stands in the list. */
	return read_dovecot(merging, output, result);
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
		if (r >= 0)
			r = merge_note_policy(merging);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < intent->services.n; i++)
		merge_find_rendered(merging, &intent->services.list[i], true);
	for (size_t i = 0; i < merging->config->n_listeners; i++) {
		r = section_apply(merging, &merging->config->listeners[i]);
		if (r < 0)
			return r;
	}
	service_set_sort(&intent->services);
	merge_find_conflicts(merging);
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
		statements_clear(&intent->statements);
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
	statements_clear(&intent->statements);
	memset(intent, 0, sizeof(*intent));
}
