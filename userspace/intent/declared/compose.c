// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/compose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "intent/declared/compose_service.h"
#include "intent/declared/envfile.h"

#define WORDS_SIZE 1024

static int parse(const char *text, size_t size, struct compose_reading *reading);

/* ---- include ---- */

/* Variables of an included file: those of whoever includes it are stronger than its own. */
struct scope {
	interpolate_lookup *outer;
	const void *userdata;
	struct envfile own;
};

static const char *lookup_in_scope(const char *name, size_t n, const void *userdata)
{
	const struct scope *scope = userdata;
	const char *value = scope->outer ? scope->outer(name, n, scope->userdata) : NULL;

	return value ? value : envfile_lookup(name, n, &scope->own);
}

static int read_scope(const struct compose_reading *reading, const char *path, struct scope *scope)
{
	cleanup(memory_freep) char *text = NULL;
	struct complaints ignored = { 0 };
	size_t size;
	int r = reading->reader->read(path, &text, &size, reading->reader->userdata);

	if (r >= 0)
		r = envfile_parse_within(text, size, path, scope->outer, scope->userdata,
					 &scope->own, &ignored);
	if (text)
		explicit_bzero(text, size);
	return r == -ENOMEM ? r : 0;
}

static int read_included(const struct compose_reading *reading, const char *path,
			 const char *directory, const char *env_file)
{
	struct scope scope = { .outer = reading->document.lookup,
			       .userdata = reading->document.userdata };
	struct compose_reading other = *reading;
	cleanup(memory_freep) char *text = NULL;
	char dotenv[COMPOSE_FILE_SIZE];
	size_t size;
	int r = compose_read_other(reading, path, "\"include\"", &text, &size);

	if (r < 0)
		return r == -EINVAL ? 0 : r;
	(void)text_format(dotenv, sizeof(dotenv), "%s%s.env", directory, *directory ? "/" : "");
	r = read_scope(reading, *env_file ? env_file : dotenv, &scope);
	if (r >= 0) {
		other.directory = directory;
		other.document.path = path;
		other.document.lookup = lookup_in_scope;
		other.document.userdata = &scope;
		other.depth++;
		r = parse(text, size, &other);
	}
	envfile_clear(&scope.own);
	return r == -EINVAL ? 0 : r;
}

/* A word of an entry as a path; empty when it has none. Of a list, the @i-th. */
static void fill_path(const struct compose_reading *reading, const yaml_node_t *node, size_t i,
		      char to[static COMPOSE_FILE_SIZE])
{
	char value[COMPOSE_SCALAR_SIZE];

	*to = '\0';
	if (compose_is_list(node))
		node = compose_item(&reading->document, node, i);
	else if (i > 0)
		return;
	if (node && compose_fill(&reading->document, node, value) && *value)
		(void)compose_resolve(reading, value, to);
}

static int read_include(const struct compose_reading *reading, const yaml_node_t *entry)
{
	const struct compose_document *document = &reading->document;
	bool is_map = compose_is_map(entry);
	const yaml_node_t *paths = is_map ? compose_get(document, entry, "path") : entry;
	char path[COMPOSE_FILE_SIZE], directory[COMPOSE_FILE_SIZE] = "",
				      env_file[COMPOSE_FILE_SIZE] = "";

	if (reading->depth == COMPOSE_INCLUDES_MAX) {
		complain_warning(document->complaints,
				 "%s:%u: \"include\" leads back to itself, or deeper than %d; the "
				 "rest is not read",
				 document->path, compose_line(entry), COMPOSE_INCLUDES_MAX);
		return 0;
	}
	if (is_map) {
		fill_path(reading, compose_get(document, entry, "project_directory"), 0, directory);
		fill_path(reading, compose_get(document, entry, "env_file"), 0, env_file);
	}
	for (size_t i = 0; compose_step(document); i++) {
		int r;

		fill_path(reading, paths, i, path);
		if (!*path)
			break;
		if (i == 0 && !*directory && strrchr(path, '/'))
			(void)text_format(directory, sizeof(directory), "%.*s",
					  (int)(strrchr(path, '/') - path), path);
		r = read_included(reading, path, directory, env_file);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_includes(const struct compose_reading *reading, const yaml_node_t *includes)
{
	const struct compose_document *document = &reading->document;
	const yaml_node_t *entry;

	if (!reading->reader) {
		complain_warning(document->complaints,
				 "%s: \"include\" is not followed; ports may be missing here",
				 document->path);
		return 0;
	}
	for (size_t i = 0; (entry = compose_item(document, includes, i)) && compose_step(document);
	     i++) {
		int r = read_include(reading, entry);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- a file ---- */

static int read_services(const struct compose_reading *reading, const yaml_node_t *services)
{
	const struct compose_document *document = &reading->document;

	for (const yaml_node_pair_t *pair = services->data.mapping.pairs.start;
	     pair < services->data.mapping.pairs.top; pair++) {
		int r;

		if (!compose_step(document) ||
		    (reading->compose->n_services == COMPOSE_SERVICES_MAX &&
		     document->complaints->n_warnings > COMPLAINTS_MAX))
			break;
		r = compose_read_service(reading, compose_node(document, pair->key),
					 compose_node(document, pair->value));
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_document(const struct compose_reading *reading)
{
	const struct compose_document *document = &reading->document;
	const yaml_node_t *root = yaml_document_get_root_node(document->yaml);
	const yaml_node_t *services = compose_get(document, root, "services");
	const yaml_node_t *includes = compose_get(document, root, "include");
	int r = includes ? read_includes(reading, includes) : 0;

	if (r >= 0 && compose_is_map(services))
		r = read_services(reading, services);
	if (r < 0)
		return r;
	if (!compose_is_map(services) && !(includes && !services)) {
		complain_error(document->complaints,
			       "%s: has no \"services\"; this is no file of docker compose",
			       document->path);
		return -EINVAL;
	}
	if (*document->steps > 0)
		return 0;
	complain_error(
		document->complaints,
		"%s: repeats its own parts too often; this is no usual file of docker compose",
		document->path);
	return -EINVAL;
}

static int parse(const char *text, size_t size, struct compose_reading *reading)
{
	yaml_document_t yaml;
	int r = compose_yaml_load(text, size, reading->document.path, &yaml,
				  reading->document.complaints);

	if (r < 0)
		return r;
	reading->document.yaml = &yaml;
	r = read_document(reading);
	yaml_document_delete(&yaml);
	return r;
}

int compose_parse_at(const char *text, size_t size, const char *path, const char *directory,
		     const struct compose_reader *reader, interpolate_lookup *lookup,
		     const void *userdata, struct compose *compose, struct complaints *complaints)
{
	size_t steps = COMPOSE_STEPS_MAX, files = COMPOSE_FILES_MAX;
	struct compose_reading reading = { .document = { .path = path,
							 .lookup = lookup,
							 .userdata = userdata,
							 .complaints = complaints,
							 .steps = &steps },
					   .directory = directory,
					   .reader = reader,
					   .compose = compose,
					   .files = &files };

	return parse(text, size, &reading);
}

int compose_parse(const char *text, size_t size, const char *path, interpolate_lookup *lookup,
		  const void *userdata, struct compose *compose, struct complaints *complaints)
{
	return compose_parse_at(text, size, path, "", NULL, lookup, userdata, compose, complaints);
}

/* ---- what became of it ---- */

/* @profiles: commas between them. */
static bool is_started(const struct compose_service *service, const char *profiles)
{
	char wanted[WORDS_SIZE], own[COMPOSE_PROFILES_SIZE], *rest = wanted, *word;

	if (!*service->profiles)
		return true;
	(void)text_copy(wanted, sizeof(wanted), profiles ? profiles : "");
	while ((word = strsep(&rest, ","))) {
		char *cursor = own, *profile;

		word = text_trim(word);
		if (strcmp(word, "*") == 0)
			return true;
		(void)text_copy(own, sizeof(own), service->profiles);
		while ((profile = text_word(&cursor)))
			if (strcmp(profile, word) == 0)
				return true;
	}
	return false;
}

void compose_settle(struct compose *compose, const char *profiles)
{
	size_t n = 0;

	for (size_t i = 0; i < compose->n_services; i++)
		compose->services[i].is_gone |= !is_started(&compose->services[i], profiles);
	for (size_t i = 0; i < compose->n_ports; i++) {
		const struct compose_service *service =
			&compose->services[compose->ports[i].service];

		if (!service->is_gone && !service->is_on_host_network)
			compose->ports[n++] = compose->ports[i];
	}
	compose->n_ports = n;
}

const char *compose_image_tag(const struct compose *compose, const char *name)
{
	for (size_t i = 0; i < compose->n_services; i++) {
		const char *slash = strrchr(compose->services[i].image, '/');
		const char *rest = slash ? text_after(slash + 1, name) : NULL;

		if (rest && *rest == ':')
			return rest + 1;
	}
	return NULL;
}

void compose_free(struct compose *compose)
{
	if (compose)
		explicit_bzero(compose->text, compose->n_text);
	free(compose);
}
