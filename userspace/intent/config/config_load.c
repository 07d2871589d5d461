// SPDX-License-Identifier: LGPL-2.1-or-later
/* inih does the splitting, and is told nothing that could surprise it: every line is checked before
 * it gets there. Otherwise it would cut a long line in two (the second half read as a key of its
 * own), cut a long section name, and take an indented line for the continuation of the value above.
 */
#include "intent/config/config_load.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/config/config_keys.h"

#define SECTION_MAX 48 /* inih keeps 49 bytes of a section's name */

struct reading {
	struct config *config;
	struct complaints *complaints;
	const char *path;
	const char *rest; /* of the file's text */
	unsigned int line;
	char section[SECTION_MAX + 2];	  /* the last one that was entered */
	struct config_listener *listener; /* its target, when it is one */
	uint32_t seen;			  /* keys since its header, by their places in the table */
	bool is_main;
	bool entered; /* some section, be it a wrong one */
	int error;    /* -errno that ends the reading */
};

static const struct config defaults = {
	.path = CONFIG_PATH,
	.sources_auto = true,
	.policy = true,
	.textfile = CONFIG_TEXTFILE,
	.status = "/run/hearken/status.json",
	.state = "/var/lib/hearken",
	.probe_interval_usec = 60 * USEC_PER_SEC,
	.probe_timeout_usec = 10 * USEC_PER_SEC,
	.certificate_warn_usec = 14 * 86400 * USEC_PER_SEC,
	.injection_check = true,
	.ca_file = "/etc/ssl/certs/ca-certificates.crt",
	.repair = CONFIG_REPAIR_OFF,
	.repair_limit = 3,
	.repair_window_usec = 3600 * USEC_PER_SEC,
};

/* ---- sections and keys ---- */

static const char *nearest_key(const char *word, const struct config_key *keys)
{
	const char *names[CONFIG_KEYS_MAX + 1] = { NULL };

	for (size_t i = 0; keys[i].name; i++) {
		assert(i < CONFIG_KEYS_MAX);
		names[i] = keys[i].name;
	}
	return text_nearest(word, names);
}

static void unknown_section(struct reading *reading, const char *section)
{
	static const char *const names[] = { "hearken", "listener", NULL };
	char word[SECTION_MAX + 2], *cursor = word;
	const char *near;

	(void)text_copy(word, sizeof(word), section);
	cursor = text_word(&cursor);
	near = cursor ? text_nearest(cursor, names) : NULL;
	complain_warning(reading->complaints, "%s:%u: unknown section [%s]%s%s%s; it is ignored",
			 reading->path, reading->line, section, near ? ", did you mean [" : "",
			 near ? near : "",
			 !near				 ? ""
			 : strcmp(near, "listener") == 0 ? " NAME]"
							 : "]");
}

static struct config_listener *add_listener(struct reading *reading, const char *name)
{
	struct config *config = reading->config;
	struct config_listener *list;

	for (size_t i = 0; i < config->n_listeners; i++)
		if (strcmp(config->listeners[i].service.name, name) == 0)
			return &config->listeners[i];
	if (config->n_listeners == CONFIG_LISTENERS_MAX) {
		complain_error(reading->complaints, "%s:%u: [listener %s]: more than %d listeners",
			       reading->path, reading->line, name, CONFIG_LISTENERS_MAX);
		return NULL;
	}
	list = realloc(config->listeners, (config->n_listeners + 1) * sizeof(*list));
	if (!list) {
		reading->error = -ENOMEM;
		return NULL;
	}
	config->listeners = list;
	list += config->n_listeners++;
	memset(list, 0, sizeof(*list));
	list->service.expected = true;
	(void)text_copy(list->service.name, sizeof(list->service.name), name);
	return list;
}

/* Called for every section header, so that a section without a key counts too. */
static void enter_section(struct reading *reading, const char *section)
{
	char copy[SECTION_MAX + 2];
	char *name = copy + strlen("listener");

	(void)text_copy(copy, sizeof(copy), section);
	reading->is_main = strcmp(section, "hearken") == 0;
	reading->listener = NULL;
	reading->seen = 0;
	if (reading->is_main)
		return;
	if (!text_starts_with(section, "listener") || (*name && *name != ' ' && *name != '\t')) {
		unknown_section(reading, section);
		return;
	}
	name = text_trim(name);
	if (!*name || strpbrk(name, " \t")) {
		complain_error(
			reading->complaints,
			"%s:%u: [%s]: write one word behind listener, as [listener submission]",
			reading->path, reading->line, section);
		return;
	}
	reading->listener = add_listener(reading, name);
	if (reading->listener)
		(void)text_format(reading->listener->where, sizeof(reading->listener->where),
				  "%s:%u", reading->path, reading->line);
}

static void set_key(struct reading *reading, const char *name, const char *value)
{
	const struct config_key *key = reading->is_main ? config_main_keys : config_listener_keys;
	const struct config_key *keys = key;
	const char *wrong, *near;
	void *base = reading->config;

	if (reading->listener)
		base = &reading->listener->service;
	else if (!reading->is_main)
		return; /* of an unknown section, which has its complaint */
	while (key->name && strcmp(key->name, name) != 0)
		key++;
	if (!key->name) {
		near = nearest_key(name, keys);
		complain_warning(reading->complaints,
				 "%s:%u: unknown key %s in [%s]%s%s; it is ignored", reading->path,
				 reading->line, name, reading->section,
				 near ? ", did you mean " : "", near ? near : "");
		return;
	}
	/* In another file or section it is an override; here it is most likely a slip. */
	if (reading->seen & UINT32_C(1) << (key - keys))
		complain_warning(reading->complaints,
				 "%s:%u: %s is said again in [%s]; the last one counts",
				 reading->path, reading->line, name, reading->section);
	reading->seen |= UINT32_C(1) << (key - keys);
	wrong = key->set(base, key->offset, key->size, value);
	if (wrong)
		complain_error(reading->complaints, "%s:%u: %s = %.120s: %s", reading->path,
			       reading->line, name, value, wrong);
	else if (reading->listener)
		reading->listener->said |= key->said;
}

static int on_key(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;

	if (!reading->entered)
		complain_error(reading->complaints,
			       "%s:%u: %s stands before any section; put [hearken] above it",
			       reading->path, reading->line, name);
	else
		set_key(reading, name, value);
	return 1;
}

/* ---- lines ---- */

static bool check_section(struct reading *reading, const char *line)
{
	const char *end = strchr(line, ']');
	size_t n = end ? (size_t)(end - line - 1) : 0;

	if (!end || (end[1] && end[1] != ' ' && end[1] != '\t')) {
		complain_error(reading->complaints,
			       "%s:%u: %.80s: a section is written [hearken] or [listener NAME]",
			       reading->path, reading->line, line);
		return false;
	}
	if (n > SECTION_MAX) {
		complain_error(reading->complaints,
			       "%s:%u: the section's name is longer than %d bytes", reading->path,
			       reading->line, SECTION_MAX);
		return false;
	}
	memcpy(reading->section, line + 1, n);
	reading->section[n] = '\0';
	enter_section(reading, reading->section);
	return true;
}

/* Whether inih may see it. @line is trimmed. */
static bool check_line(struct reading *reading, const char *line)
{
	if (!*line || *line == ';' || *line == '#')
		return false;
	if (*line == '[') {
		reading->entered = true;
		if (check_section(reading, line))
			return true;
		/* What follows must not land in the section above. */
		reading->is_main = false;
		reading->listener = NULL;
		return false;
	}
	if (!strpbrk(line, "=:") || *line == '=' || *line == ':') {
		complain_error(
			reading->complaints,
			"%s:%u: %.80s: write key = value; a value cannot continue on the next line",
			reading->path, reading->line, line);
		return false;
	}
	return true;
}

/* Like fgets(): the next line into @to, whole; an empty one instead of what inih must not see. */
static char *next_line(char *to, int room, void *stream)
{
	struct reading *reading = stream;
	size_t n = strcspn(reading->rest, "\n");
	const char *start = reading->rest, *end = start + n;

	if (!*start || reading->error < 0)
		return NULL;
	reading->rest = *end ? end + 1 : end;
	reading->line++;
	to[0] = '\0';
	/* Indented lines are lines like any other: without their blanks they cannot continue one.
	 */
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	if (*start == '#' || *start == ';')
		start = end; /* a comment may be as long as it likes */
	n = (size_t)(end - start);
	if (n + 2 > (size_t)room) {
		complain_error(
			reading->complaints,
			"%s:%u: the line is longer than %d bytes; shorten it (a long command can "
			"go into a script)",
			reading->path, reading->line, room - 2);
	} else {
		memcpy(to, start, n);
		to[n] = '\0';
		(void)text_trim(to);
		if (!check_line(reading, to))
			to[0] = '\0';
	}
	memcpy(to + strlen(to), "\n", 2);
	return to;
}

static int read_file(const char *path, const char *text, size_t size, struct config *config,
		     struct complaints *complaints)
{
	struct reading reading = {
		.config = config,
		.complaints = complaints,
		.path = path,
		.rest = text,
	};
	size_t errors = complaints->n_errors;
	int r;

	if (strlen(text) != size) {
		complain_error(complaints, "%s: has a NUL byte in it; this is not a text file",
			       path);
		return -EINVAL;
	}
	if (text_starts_with(text, "\xef\xbb\xbf"))
		reading.rest += 3;
	r = ini_parse_stream(next_line, &reading, on_key, &reading);
	if (reading.error < 0)
		return reading.error;
	if (r > 0 && complaints->n_errors == errors)
		complain_error(complaints, "%s:%d: cannot be read", path, r);
	return r < 0 ? -ENOMEM : 0;
}

/* ---- files ---- */

static int load_file(const char *path, struct config *config, struct complaints *complaints)
{
	cleanup(memory_freep) char *text = NULL;
	size_t size = 0;
	int r = file_read(path, CONFIG_FILE_MAX, &text, &size);

	if (r == -EFBIG)
		complain_error(complaints, "%s: is larger than 1 MiB", path);
	else if (r < 0 && r != -ENOENT)
		complain_failure(complaints, r, "%s: cannot be read", path);
	return r < 0 ? r : read_file(path, text, size, config, complaints);
}

static int is_conf(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".conf") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_directory(const char *directory, struct config *config,
			  struct complaints *complaints)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, is_conf, by_name), result = 0;

	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0) {
		result = -errno;
		complain_failure(complaints, result, "%s: cannot be read", directory);
		return result;
	}
	if (n > CONFIG_FILES_MAX)
		complain_error(complaints, "%s: has more than %d files", directory,
			       CONFIG_FILES_MAX);
	for (int i = 0; i < n; i++) {
		char path[CONFIG_PATH_SIZE + 256];

		if (result >= 0 && n <= CONFIG_FILES_MAX) {
			(void)text_format(path, sizeof(path), "%s/%s", directory,
					  entries[i]->d_name);
			result = load_file(path, config, complaints);
			if (result == -ENOENT) /* removed meanwhile, or a dangling link */
				result = 0;
		}
		free(entries[i]);
	}
	free(entries);
	return result;
}

/* Into @config, which has the defaults: what can be read of it, whatever else is wrong. */
static int load(const char *path, struct config *config, struct complaints *complaints)
{
	char directory[CONFIG_PATH_SIZE + 4];
	int r;

	if (path && text_copy(config->path, sizeof(config->path), path) < 0) {
		complain_error(complaints, "%.80s...: this path is too long", path);
		return -ENAMETOOLONG;
	}
	r = load_file(config->path, config, complaints);
	if (r == -ENOENT && path)
		complain_error(complaints, "%s: %s", path, strerror(ENOENT));
	if (r < 0 && (r != -ENOENT || path))
		return r;
	(void)text_format(directory, sizeof(directory), "%s.d", config->path);
	return load_directory(directory, config, complaints);
}

void config_load_status(const char *path, char to[static CONFIG_PATH_SIZE])
{
	cleanup(config_clear) struct config config = defaults;
	struct complaints complaints = { 0 };

	(void)load(path, &config, &complaints);
	(void)text_copy(to, CONFIG_PATH_SIZE, config.status);
}

int config_load(const char *path, struct config *ret, struct complaints *complaints)
{
	cleanup(config_clear) struct config config = defaults;
	size_t errors = complaints->n_errors;
	int r = load(path, &config, complaints);

	if (r < 0)
		return r;
	if (complaints->n_errors > errors)
		return -EINVAL;
	*ret = config;
	config.listeners = NULL;
	return 0;
}
