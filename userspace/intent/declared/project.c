// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/project.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "intent/declared/docker_containers.h"

#define ENV_FILE_MAX (1024 * 1024)
#define LEVELS_MAX   3 /* of directories above the env file's */
#define WORDS_SIZE   4096

/* The first of each that is there counts, as compose looks for them. */
static const char *const names[] = { "compose.yaml", "compose.yml", "docker-compose.yml",
				     "docker-compose.yaml" };
static const char *const overrides[] = { "compose.override.yml", "compose.override.yaml",
					 "docker-compose.override.yml",
					 "docker-compose.override.yaml" };

/* Those of one project, in the order in which they are read. */
struct files {
	char list[PROJECT_FILES_MAX][PROJECT_PATH_SIZE];
	size_t n;
};

static void directory_of(const char *path, char to[static PROJECT_PATH_SIZE])
{
	const char *slash = strrchr(path, '/');

	(void)text_format(to, PROJECT_PATH_SIZE, "%.*s", slash ? (int)(slash - path) : 0, path);
}

static int join(const char *directory, const char *name, char to[static PROJECT_PATH_SIZE])
{
	bool alone = *name == '/' || !*directory;

	return text_format(to, PROJECT_PATH_SIZE, "%s%s%s", alone ? "" : directory,
			   alone ? "" : "/", name);
}

static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

const char *project_lookup(const char *name, size_t n, const void *userdata)
{
	const struct project *project = userdata;
	const char *value = project->file ? envfile_lookup(name, n, project->file) : NULL;

	return value ? value : envfile_lookup(name, n, &project->dotenv);
}

/* ---- which files ---- */

static bool add_first(const char *directory, const char *const candidates[], size_t n,
		      struct files *files)
{
	for (size_t i = 0; i < n && files->n < PROJECT_FILES_MAX; i++) {
		char *path = files->list[files->n];

		if (join(directory, candidates[i], path) < 0 || !is_there(path))
			continue;
		files->n++;
		return true;
	}
	return false;
}

/* @words: a list with @separator between its paths. */
static void add_words(const char *directory, const char *words, char separator, struct files *files)
{
	char copy[WORDS_SIZE], between[] = { separator, '\0' }, *rest = copy, *word;

	(void)text_copy(copy, sizeof(copy), words);
	while (files->n < PROJECT_FILES_MAX && (word = strsep(&rest, between)))
		if (*(word = text_trim(word)) && join(directory, word, files->list[files->n]) >= 0)
			files->n++;
}

static bool is_usual(const char *path, const char *directory)
{
	char usual[PROJECT_PATH_SIZE];
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !found; i++)
		found = (join(directory, names[i], usual) >= 0 && strcmp(path, usual) == 0) ||
			(join(directory, overrides[i], usual) >= 0 && strcmp(path, usual) == 0);
	return found;
}

/* By the labels of containers; no file where these have but the usual names, whose override may be
 * newer than the container. */
static int add_labelled(const char *root, const char *directory, struct files *files)
{
	char words[DOCKER_CONFIG_FILES_SIZE];
	bool all_usual = true;
	int r = docker_config_files(root, directory, words);

	if (r < 0)
		return r;
	add_words(directory, words, ',', files);
	for (size_t i = 0; i < files->n; i++) {
		all_usual &= is_usual(files->list[i], directory);
		if (!is_there(files->list[i])) /* a container's own idea of where it lies */
			files->n = 0;
	}
	if (all_usual)
		files->n = 0;
	return 0;
}

static int find_files(const char *root, const struct project *project, struct files *files)
{
	static const char name[] = "COMPOSE_FILE", separator[] = "COMPOSE_PATH_SEPARATOR";
	const char *said = project_lookup(name, strlen(name), project);
	const char *between = project_lookup(separator, strlen(separator), project);
	int r;

	*files = (struct files){ .n = 0 };
	if (said && *said) {
		add_words(project->directory, said, between && *between ? *between : ':', files);
		return 0;
	}
	r = add_labelled(root, project->directory, files);
	if (r >= 0 && files->n == 0 &&
	    add_first(project->directory, names, ARRAY_SIZE(names), files))
		(void)add_first(project->directory, overrides, ARRAY_SIZE(overrides), files);
	return r;
}

/* ---- reading ---- */

static int read_file(const char *path, char **ret, size_t *ret_size, void *userdata)
{
	return file_read(path, COMPOSE_FILE_MAX, ret, ret_size);
}

static int read_dotenv(struct project *project)
{
	struct complaints ignored = { 0 };
	cleanup(memory_freep) char *text = NULL;
	char path[PROJECT_PATH_SIZE];
	size_t size;
	int r;

	if (join(project->directory, ".env", path) < 0 ||
	    file_read(path, ENV_FILE_MAX, &text, &size) < 0)
		return 0;
	r = envfile_parse(text, size, path, &project->dotenv, &ignored);
	explicit_bzero(text, size);
	return r == -ENOMEM ? r : 0;
}

/* Returns 1: read, 0: not there, or not to be read (said), -ENOMEM. */
static int read_compose(const struct project *project, const char *path, struct compose *compose,
			struct complaints *complaints)
{
	static const struct compose_reader reader = { .read = read_file };
	cleanup(memory_freep) char *text = NULL;
	size_t size;
	int r = file_read(path, COMPOSE_FILE_MAX, &text, &size);

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		complain_warning(complaints,
				 "%s: cannot be read: %s; what it publishes is not known", path,
				 r == -EFBIG ? "it is larger than 512 KiB" : strerror(-r));
		return 0;
	}
	r = compose_parse_at(text, size, path, project->directory, &reader, project_lookup, project,
			     compose, complaints);
	explicit_bzero(text, size);
	return r == -EINVAL ? 0 : r < 0 ? r : 1;
}

static int read_in(const char *root, const char *directory, struct project *project,
		   struct complaints *complaints)
{
	static const char profiles[] = "COMPOSE_PROFILES";
	cleanup(compose_freep) struct compose *compose = calloc(1, sizeof(*compose));
	cleanup(memory_freep) struct files *files = calloc(1, sizeof(*files));
	bool any = false;
	int r;

	if (!compose || !files)
		return -ENOMEM;
	(void)text_copy(project->directory, sizeof(project->directory), directory);
	r = read_dotenv(project);
	if (r >= 0)
		r = find_files(root, project, files);
	for (size_t i = 0; i < files->n && r >= 0; i++) {
		r = read_compose(project, files->list[i], compose, complaints);
		any |= r > 0;
	}
	if (r < 0)
		return r;
	compose_settle(compose, project_lookup(profiles, strlen(profiles), project));
	if (any)
		project->compose = TAKE_PTR(compose);
	return files->n > 0;
}

static bool is_given(const struct compose *compose, size_t service, const char *path)
{
	for (size_t i = 0; i < compose->n_env_files; i++)
		if (compose->env_files[i].service == service &&
		    is_same_file(compose->env_files[i].path, path))
			return true;
	return false;
}

static bool names_file(const struct project *project, const char *path)
{
	for (size_t i = 0; project->compose && i < project->compose->n_services; i++)
		if (is_given(project->compose, i, path))
			return true;
	return false;
}

int project_read(const char *root, const char *path, const struct envfile *file,
		 struct project *ret, struct complaints *complaints)
{
	char directory[PROJECT_PATH_SIZE];
	struct project own = { .file = file };
	int r;

	directory_of(path, directory);
	r = read_in(root, directory, &own, complaints);
	for (size_t i = 0; i < LEVELS_MAX && r == 0 && strchr(directory, '/'); i++) {
		struct complaints others = { 0 };
		struct project above = { .file = file };

		*strrchr(directory, '/') = '\0';
		if (!*directory)
			break;
		r = read_in(root, directory, &above, &others);
		if (r > 0 && !names_file(&above, path))
			r = 0;
		if (r > 0) {
			project_clear(&own);
			own = above;
			*complaints = others;
		} else {
			project_clear(&above);
		}
	}
	if (r < 0) {
		project_clear(&own);
		return r;
	}
	*ret = own;
	return 0;
}

void project_clear(struct project *project)
{
	compose_free(project->compose);
	envfile_clear(&project->dotenv);
	*project = (struct project){ 0 };
}

/* ---- the product's service ---- */

/* "nginx" of "ghcr.io/mailu/nginx:2024.06@sha256:..."; also with something before it. */
static bool has_image(const char *image, const char *wanted)
{
	const char *slash = strrchr(image, '/');
	const char *last = slash ? slash + 1 : image;
	size_t n = strcspn(last, ":@"), size = strlen(wanted);

	return n >= size && memcmp(last + n - size, wanted, size) == 0;
}

static unsigned int count_points(const struct project *project, size_t i, const char *path,
				 const struct project_sign *sign)
{
	const struct compose *compose = project->compose;
	bool given = is_given(compose, i, path),
	     image = has_image(compose->services[i].image, sign->image);
	bool named = strcmp(compose->services[i].name, sign->name) == 0, publishes = false;

	for (size_t j = 0; j < compose->n_ports; j++)
		publishes |=
			compose->ports[j].service == i && well_known_port(compose->ports[j].port);
	if (compose->services[i].is_gone || (!given && !image && !named))
		return 0;
	return 1U + (image ? 8 : 0) + (given ? 4 : 0) + (publishes ? 2 : 0) + named;
}

const struct compose_service *project_service(const struct project *project, const char *path,
					      const struct project_sign *sign)
{
	const struct compose_service *best = NULL;
	unsigned int most = 0;

	for (size_t i = 0; project->compose && i < project->compose->n_services; i++) {
		unsigned int points = count_points(project, i, path, sign);

		if (points > most) {
			most = points;
			best = &project->compose->services[i];
		}
	}
	return best;
}

/* ---- its environment ---- */

struct gathering {
	const struct project *project;
	struct envfile *file; /* what is there so far */
};

/* What earlier files of the service say is stronger than compose's own environment. */
static const char *lookup_gathered(const char *name, size_t n, const void *userdata)
{
	const struct gathering *gathering = userdata;
	const char *value = envfile_lookup(name, n, gathering->file);

	return value ? value : project_lookup(name, n, gathering->project);
}

static int gather(const struct gathering *gathering, const char *text, size_t size,
		  const char *path, struct complaints *complaints)
{
	cleanup(envfile_clear) struct envfile more = { 0 };
	int r = envfile_parse_within(text, size, path, lookup_gathered, gathering, &more,
				     complaints);

	if (r < 0)
		return r;
	for (size_t i = 0; i < more.n_list; i++) {
		if (envfile_add(gathering->file, &more.list[i]) >= 0)
			continue;
		complain_warning(complaints,
				 "%s: is too much for one container; the rest is ignored", path);
		break;
	}
	return 0;
}

static int gather_file(const struct gathering *gathering, const struct compose_env_file *file,
		       struct complaints *complaints)
{
	cleanup(memory_freep) char *text = NULL;
	size_t size;
	int r = file_read(file->path, ENV_FILE_MAX, &text, &size);

	if (r == -ENOMEM || (r == -ENOENT && file->is_optional))
		return r == -ENOMEM ? r : 0;
	if (r < 0) {
		complain_warning(complaints, "%s: cannot be read: %s; what it says is not known",
				 file->path,
				 r == -EFBIG ? "it is larger than 1 MiB" : strerror(-r));
		return 0;
	}
	r = gather(gathering, text, size, file->path, complaints);
	explicit_bzero(text, size);
	return r == -EINVAL ? 0 : r;
}

static void gather_variable(const struct gathering *gathering,
			    const struct compose_variable *variable, struct complaints *complaints)
{
	const char *value = variable->value;
	struct envfile_variable said = { .key = variable->key,
					 .path = variable->file,
					 .line = variable->line };

	if (!value)
		value = project_lookup(variable->key, strlen(variable->key), gathering->project);
	if (!value) {
		envfile_remove(gathering->file, variable->key);
		return;
	}
	if (variable->is_incomplete)
		complain_warning(
			complaints,
			"%s:%u: %s: a variable in it is neither set nor given a default; "
			"compose takes it as empty, unless the shell that starts it has it",
			variable->file, variable->line, variable->key);
	said.value = value;
	said.written = variable->written ? variable->written : "";
	if (strcmp(said.written, value) == 0)
		said.written = said.value;
	(void)envfile_add(gathering->file, &said);
}

static int gather_all(const struct gathering *gathering, size_t service, const char *path,
		      const char *text, size_t size, struct complaints *complaints)
{
	const struct compose *compose = gathering->project->compose;
	int r = is_given(compose, service, path) ? 0
						 : gather(gathering, text, size, path, complaints);

	for (size_t i = 0; i < compose->n_env_files && r >= 0; i++) {
		const struct compose_env_file *file = &compose->env_files[i];

		if (file->service != service)
			continue;
		r = is_same_file(file->path, path) ? gather(gathering, text, size, path, complaints)
						   : gather_file(gathering, file, complaints);
	}
	for (size_t i = 0; i < compose->n_variables && r >= 0; i++)
		if (compose->variables[i].service == service)
			gather_variable(gathering, &compose->variables[i], complaints);
	return r;
}

int project_environment(const struct project *project, const struct compose_service *service,
			const char *path, const char *text, size_t size, struct envfile *ret,
			struct complaints *complaints)
{
	cleanup(envfile_clear) struct envfile file = { 0 };
	const struct gathering gathering = { .project = project, .file = &file };
	int r;

	if (!service)
		return envfile_parse_within(text, size, path, project_lookup, project, ret,
					    complaints);
	r = envfile_new(4 * size + 4 * ENVFILE_ROOM, &file);
	if (r >= 0)
		r = gather_all(&gathering, (size_t)(service - project->compose->services), path,
			       text, size, complaints);
	if (r < 0)
		return r;
	*ret = file;
	file = (struct envfile){ 0 };
	return 0;
}

/* ---- what to watch ---- */

size_t project_files(const char *path, char (*to)[PROJECT_PATH_SIZE], size_t max)
{
	cleanup(project_clear) struct project project = { 0 };
	cleanup(memory_freep) struct files *files = calloc(1, sizeof(*files));
	struct complaints ignored = { 0 };
	char directory[PROJECT_PATH_SIZE];
	size_t n = 0;

	directory_of(path, directory);
	if (!files || project_read("", path, NULL, &project, &ignored) < 0)
		return 0;
	if (!project.compose) /* it may come */
		(void)text_copy(project.directory, sizeof(project.directory), directory);
	if (n < max && join(project.directory, ".env", to[n]) >= 0)
		n++;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(names) && n < max; i++)
		if (join(project.directory, i % 2 ? overrides[i / 2] : names[i / 2], to[n]) >= 0)
			n++;
	if (find_files("", &project, files) >= 0)
		for (size_t i = 0; i < files->n && n < max; i++)
			if (!is_usual(files->list[i], project.directory))
				memcpy(to[n++], files->list[i], sizeof(to[0]));
	for (size_t i = 0; project.compose && i < project.compose->n_env_files && n < max; i++) {
		const char *file = project.compose->env_files[i].path;
		bool again = is_same_file(file, path);

		for (size_t j = 0; j < n && !again; j++)
			again = strcmp(to[j], file) == 0;
		if (!again)
			(void)text_copy(to[n++], sizeof(to[0]), file);
	}
	return n;
}
