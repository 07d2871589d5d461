// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/compose_service.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/declared/compose_port.h"

/* A service under way. */
struct filling {
	const struct compose_reading *reading;
	size_t service;
};

/* ---- ports ---- */

/* Every address of IPv4 is what docker makes of none at all, as far as being the same goes. */
static bool is_same_place(const struct compose_port *a, const struct compose_port *b)
{
	static const struct address any = { .family = AF_INET };

	return a->service == b->service && a->port == b->port && a->host_port == b->host_port &&
	       a->host_port &&
	       address_equal(a->has_address ? &a->address : &any,
			     b->has_address ? &b->address : &any);
}

/* The place of one more, or of what it is said again of: the last word counts. NULL: no room. */
static struct compose_port *find_place(struct compose *compose, const struct compose_port *port)
{
	for (size_t i = 0; i < compose->n_ports; i++)
		if (is_same_place(&compose->ports[i], port))
			return &compose->ports[i];
	return compose->n_ports < COMPOSE_PORTS_MAX ? &compose->ports[compose->n_ports++] : NULL;
}

static void add_range(const struct filling *filling, const yaml_node_t *node,
		      const struct compose_range *range)
{
	const struct compose_document *document = &filling->reading->document;
	struct compose *compose = filling->reading->compose;

	for (unsigned int i = 0; range->is_tcp && i <= (unsigned int)(range->last - range->first);
	     i++) {
		struct compose_port port = {
			.service = filling->service,
			.port = (uint16_t)(range->first + i),
			.host_port = range->host_first ? (uint16_t)(range->host_first + i) : 0,
			.has_address = range->has_address,
			.address = range->address,
			.line = compose_line(node),
		};
		struct compose_port *place = find_place(compose, &port);

		if (!place) {
			complain_warning(document->complaints,
					 "%s:%u: more than %d published ports; the rest is ignored",
					 document->path, compose_line(node), COMPOSE_PORTS_MAX);
			return;
		}
		(void)text_copy(port.file, sizeof(port.file), document->path);
		*place = port;
	}
}

static bool read_long(const struct compose_document *document, const yaml_node_t *node,
		      struct compose_range *ret)
{
	static const char *const keys[] = { "target", "published", "host_ip", "protocol" };
	char values[ARRAY_SIZE(keys)][COMPOSE_SCALAR_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const yaml_node_t *value = compose_get(document, node, keys[i]);

		values[i][0] = '\0';
		if (value && !compose_fill(document, value, values[i]))
			return false;
	}
	return compose_range_long(values[0], values[1], values[2], values[3], ret) == 0;
}

static void read_port(const struct filling *filling, const yaml_node_t *node)
{
	const struct compose_document *document = &filling->reading->document;
	struct compose_range range = { 0 };
	char value[COMPOSE_SCALAR_SIZE] = "";
	const char *written = "";
	bool good;

	if (compose_is_map(node)) {
		good = read_long(document, node, &range);
	} else {
		if (!compose_fill(document, node, value))
			return;
		written = (const char *)node->data.scalar.value;
		good = compose_range_short(value, &range) == 0;
	}
	if (good)
		add_range(filling, node, &range);
	else
		complain_warning(document->complaints,
				 "%s:%u: ports: \"%.60s\" is no port that compose could publish",
				 document->path, compose_line(node), written);
}

static void forget_ports(const struct filling *filling)
{
	struct compose *compose = filling->reading->compose;
	size_t n = 0;

	for (size_t i = 0; i < compose->n_ports && compose_step(&filling->reading->document); i++)
		if (compose->ports[i].service != filling->service)
			compose->ports[n++] = compose->ports[i];
	compose->n_ports = n;
}

static void read_ports(const struct filling *filling, const yaml_node_t *ports)
{
	const struct compose_document *document = &filling->reading->document;
	const yaml_node_t *item;

	if (!compose_is_list(ports)) {
		if (!compose_is_null(ports))
			complain_warning(document->complaints,
					 "%s:%u: ports: is no list; it is ignored", document->path,
					 compose_line(ports));
		return;
	}
	for (size_t i = 0; (item = compose_item(document, ports, i)) && compose_step(document); i++)
		read_port(filling, item);
}

/* ---- environment ---- */

/* A copy in compose's own text, with what is written where variables cannot be filled in; NULL when
 * there is no room. */
static const char *keep(struct compose *compose, const char *s)
{
	size_t n = strlen(s) + 1;
	char *to = compose->text + compose->n_text;

	if (sizeof(compose->text) - compose->n_text < n)
		return NULL;
	memcpy(to, s, n);
	compose->n_text += n;
	return to;
}

static void forget_variables(const struct filling *filling, const char *key)
{
	struct compose *compose = filling->reading->compose;
	size_t n = 0;

	for (size_t i = 0; i < compose->n_variables && compose_step(&filling->reading->document);
	     i++)
		if (compose->variables[i].service != filling->service ||
		    (key && strcmp(compose->variables[i].key, key) != 0))
			compose->variables[n++] = compose->variables[i];
	compose->n_variables = n;
}

/* What cannot be filled in is told by whoever wants to know this service's: most of a project's
 * variables are nobody's business here. */
static void add_variable(const struct filling *filling, const yaml_node_t *node, const char *key,
			 const char *written)
{
	const struct compose_document *document = &filling->reading->document;
	struct compose *compose = filling->reading->compose;
	struct compose_variable variable = { .service = filling->service,
					     .line = compose_line(node) };
	char value[COMPOSE_SCALAR_SIZE], unknown[INTERPOLATE_NAME_SIZE];
	int r = written ? interpolate(written, document->lookup, document->userdata, value,
				      sizeof(value), unknown)
			: 0;

	if (compose->n_variables == COMPOSE_VARIABLES_MAX)
		return;
	variable.key = keep(compose, key);
	variable.file = keep(compose, document->path);
	if (written) {
		variable.is_incomplete = r < 0 || *unknown;
		variable.written = keep(compose, written);
		variable.value = r < 0 ? variable.written : keep(compose, value);
	}
	explicit_bzero(value, sizeof(value));
	if (variable.key && variable.file && (!written || (variable.written && variable.value)))
		compose->variables[compose->n_variables++] = variable;
}

/* YAML's words for a number in another base, and for true and false, arrive in the container as
 * compose writes them. */
static const char *show_plain(const yaml_node_t *node, char to[static 32])
{
	static const char *const words[][2] = {
		{ "True", "true" }, { "TRUE", "true" }, { "False", "false" }, { "FALSE", "false" }
	};
	const char *value = (const char *)node->data.scalar.value;
	bool octal = value[0] == '0' && (value[1] == 'o' || (value[1] >= '0' && value[1] <= '7'));
	bool hex = value[0] == '0' && value[1] == 'x';
	unsigned long long number;
	char *end;

	if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return value;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(value, words[i][0]) == 0)
			return words[i][1];
	if (!octal && !hex)
		return value;
	number = strtoull(value + (hex || value[1] == 'o' ? 2 : 1), &end, hex ? 16 : 8);
	if (*end)
		return value;
	(void)text_format(to, 32, "%llu", number);
	return to;
}

static void read_pair(const yaml_node_t *key, const yaml_node_t *value, void *userdata)
{
	const struct filling *filling = userdata;
	const char *name = (const char *)key->data.scalar.value;
	char number[32];

	if (compose_has_tag(value, "!reset"))
		forget_variables(filling, name);
	else if (compose_is_null(value))
		add_variable(filling, key, name, NULL);
	else if (value->type == YAML_SCALAR_NODE)
		add_variable(filling, key, name, show_plain(value, number));
}

/* "KEY=VALUE", or "KEY" alone. */
static void read_word(const struct filling *filling, const yaml_node_t *node)
{
	char word[COMPOSE_SCALAR_SIZE], *equals;

	if (node->type != YAML_SCALAR_NODE ||
	    text_copy(word, sizeof(word), (const char *)node->data.scalar.value) < 0)
		return;
	equals = strchr(word, '=');
	if (equals)
		*equals++ = '\0';
	add_variable(filling, node, word, equals);
	explicit_bzero(word, sizeof(word));
}

static void read_environment(const struct filling *filling, const yaml_node_t *environment)
{
	const struct compose_document *document = &filling->reading->document;
	const yaml_node_t *item;

	compose_each_pair(document, environment, read_pair, (void *)filling);
	for (size_t i = 0;
	     (item = compose_item(document, environment, i)) && compose_step(document); i++)
		read_word(filling, item);
}

static void forget_environment(const struct filling *filling)
{
	forget_variables(filling, NULL);
}

/* ---- env_file ---- */

static void forget_env_files(const struct filling *filling)
{
	struct compose *compose = filling->reading->compose;
	size_t n = 0;

	for (size_t i = 0; i < compose->n_env_files && compose_step(&filling->reading->document);
	     i++)
		if (compose->env_files[i].service != filling->service)
			compose->env_files[n++] = compose->env_files[i];
	compose->n_env_files = n;
}

static void read_env_file(const struct filling *filling, const yaml_node_t *node)
{
	const struct compose_document *document = &filling->reading->document;
	struct compose *compose = filling->reading->compose;
	struct compose_env_file *file;
	char path[COMPOSE_SCALAR_SIZE];

	if (!compose_fill(document,
			  compose_is_map(node) ? compose_get(document, node, "path") : node,
			  path) ||
	    !*path)
		return;
	if (compose->n_env_files == COMPOSE_ENV_FILES_MAX) {
		complain_warning(document->complaints,
				 "%s:%u: more than %d env files; the rest is ignored",
				 document->path, compose_line(node), COMPOSE_ENV_FILES_MAX);
		return;
	}
	file = &compose->env_files[compose->n_env_files];
	*file = (struct compose_env_file){ .service = filling->service };
	file->is_optional = compose_is_word(compose_get(document, node, "required"), "false");
	if (compose_resolve(filling->reading, path, file->path) >= 0)
		compose->n_env_files++;
}

static void read_env_files(const struct filling *filling, const yaml_node_t *files)
{
	const struct compose_document *document = &filling->reading->document;
	const yaml_node_t *item;

	if (!compose_is_list(files) && !compose_is_null(files))
		read_env_file(filling, files);
	for (size_t i = 0; (item = compose_item(document, files, i)) && compose_step(document); i++)
		read_env_file(filling, item);
}

/* ---- the rest ---- */

static void read_profiles(const struct filling *filling, const yaml_node_t *profiles)
{
	const struct compose_document *document = &filling->reading->document;
	struct compose_service *service = &filling->reading->compose->services[filling->service];
	const yaml_node_t *item;
	char word[COMPOSE_SCALAR_SIZE];

	for (size_t i = 0; (item = compose_item(document, profiles, i)) && compose_step(document);
	     i++)
		if (compose_fill(document, item, word))
			(void)text_append(service->profiles, sizeof(service->profiles), "%s%s",
					  *service->profiles ? " " : "", word);
}

static void forget_profiles(const struct filling *filling)
{
	*filling->reading->compose->services[filling->service].profiles = '\0';
}

/* What a list adds to, and what is done to forget what was there. */
static const struct {
	const char *key;
	void (*read)(const struct filling *filling, const yaml_node_t *node);
	void (*forget)(const struct filling *filling);
} lists[] = {
	{ "ports", read_ports, forget_ports },
	{ "environment", read_environment, forget_environment },
	{ "env_file", read_env_files, forget_env_files },
	{ "profiles", read_profiles, forget_profiles },
};

static void read_words(const struct filling *filling, const yaml_node_t *body)
{
	const struct compose_document *document = &filling->reading->document;
	struct compose_service *service = &filling->reading->compose->services[filling->service];
	const yaml_node_t *image = compose_get(document, body, "image"),
			  *host = compose_get(document, body, "hostname"),
			  *domain = compose_get(document, body, "domainname"),
			  *network = compose_get(document, body, "network_mode");
	char value[COMPOSE_SCALAR_SIZE];

	if (image && compose_fill(document, image, value))
		(void)text_copy(service->image, sizeof(service->image), value);
	if (host && compose_fill(document, host, value))
		(void)text_copy(service->hostname, sizeof(service->hostname), value);
	if (domain && *service->hostname && compose_fill(document, domain, value) && *value)
		(void)text_append(service->hostname, sizeof(service->hostname), ".%s", value);
	if (network && compose_fill(document, network, value))
		service->is_on_host_network = strcmp(value, "host") == 0;
}

static int read_body(const struct filling *filling, const yaml_node_t *body, unsigned int depth);

/* The service @name of the file that @filling reads now. */
static int read_named(const struct filling *filling, const char *name, unsigned int depth)
{
	const struct compose_document *document = &filling->reading->document;
	const yaml_node_t *root = yaml_document_get_root_node(document->yaml);
	const yaml_node_t *body =
		compose_get(document, compose_get(document, root, "services"), name);

	if (!body)
		complain_warning(document->complaints,
				 "%s: \"extends\": there is no service %.60s in it", document->path,
				 name);
	return body ? read_body(filling, body, depth) : 0;
}

/* The service @name of another file. */
static int read_base_file(const struct filling *filling, const char *path, const char *name,
			  unsigned int depth)
{
	struct compose_reading other = *filling->reading;
	cleanup(memory_freep) char *text = NULL;
	char directory[COMPOSE_FILE_SIZE];
	const struct filling there = { .reading = &other, .service = filling->service };
	yaml_document_t yaml;
	size_t size;
	int r = compose_read_other(filling->reading, path, "\"extends\"", &text, &size);

	if (r >= 0)
		r = compose_yaml_load(text, size, path, &yaml, other.document.complaints);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	(void)text_format(directory, sizeof(directory), "%.*s",
			  strrchr(path, '/') ? (int)(strrchr(path, '/') - path) : 0, path);
	other.document.yaml = &yaml;
	other.document.path = path;
	other.directory = directory;
	r = read_named(&there, name, depth);
	yaml_document_delete(&yaml);
	return r;
}

/* What a service takes over from another comes first: its own words are added to it. */
static int read_base(const struct filling *filling, const yaml_node_t *extends, unsigned int depth)
{
	const struct compose_document *document = &filling->reading->document;
	char name[COMPOSE_SCALAR_SIZE], file[COMPOSE_SCALAR_SIZE] = "", path[COMPOSE_FILE_SIZE];

	if (!compose_fill(document,
			  compose_is_map(extends) ? compose_get(document, extends, "service")
						  : extends,
			  name))
		return 0;
	if (depth == COMPOSE_EXTENDS_MAX || !compose_step(document)) {
		complain_warning(document->complaints,
				 "%s:%u: \"extends\" leads back to itself, or deeper than %d; "
				 "compose refuses the file",
				 document->path, compose_line(extends), COMPOSE_EXTENDS_MAX);
		return 0;
	}
	if (compose_is_map(extends) && compose_get(document, extends, "file") &&
	    !compose_fill(document, compose_get(document, extends, "file"), file))
		return 0;
	if (*file)
		return compose_resolve(filling->reading, file, path) < 0
			       ? 0
			       : read_base_file(filling, path, name, depth + 1);
	return read_named(filling, name, depth + 1);
}

static int read_body(const struct filling *filling, const yaml_node_t *body, unsigned int depth)
{
	const struct compose_document *document = &filling->reading->document;
	const yaml_node_t *extends = compose_get(document, body, "extends");
	int r = extends ? read_base(filling, extends, depth) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const yaml_node_t *node = compose_get(document, body, lists[i].key);
		bool reset = compose_has_tag(node, "!reset");

		if (reset || compose_has_tag(node, "!override"))
			lists[i].forget(filling);
		if (node && !reset)
			lists[i].read(filling, node);
	}
	read_words(filling, body);
	return 0;
}

static struct compose_service *find_service(struct compose *compose, const char *name)
{
	struct compose_service *service;

	for (size_t i = 0; i < compose->n_services; i++)
		if (strcmp(compose->services[i].name, name) == 0)
			return &compose->services[i];
	if (compose->n_services == COMPOSE_SERVICES_MAX)
		return NULL;
	service = &compose->services[compose->n_services++];
	*service = (struct compose_service){ 0 };
	(void)text_copy(service->name, sizeof(service->name), name);
	return service;
}

int compose_read_service(const struct compose_reading *reading, const yaml_node_t *name,
			 const yaml_node_t *body)
{
	const struct compose_document *document = &reading->document;
	struct filling filling = { .reading = reading };
	struct compose_service *service;

	if (!name || name->type != YAML_SCALAR_NODE)
		return 0;
	service = find_service(reading->compose, (const char *)name->data.scalar.value);
	if (!service) {
		complain_warning(document->complaints,
				 "%s:%u: more than %d services; the rest is ignored",
				 document->path, compose_line(name), COMPOSE_SERVICES_MAX);
		return 0;
	}
	filling.service = (size_t)(service - reading->compose->services);
	service->is_gone = compose_has_tag(body, "!reset");
	for (size_t i = 0; i < ARRAY_SIZE(lists) && compose_has_tag(body, "!reset"); i++)
		lists[i].forget(&filling);
	return service->is_gone ? 0 : read_body(&filling, body, 0);
}
