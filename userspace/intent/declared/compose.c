// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/compose.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "intent/declared/compose_port.h"

#define MERGE_DEPTH_MAX 4 /* of "<<" within "<<" */
#define MERGE_WIDTH_MAX 4 /* of a list behind "<<" */
#define SCALAR_SIZE	512

struct reading {
	yaml_document_t *document;
	const char *path;
	interpolate_lookup *lookup;
	const void *userdata;
	struct compose *compose;
	struct complaints *complaints;
	size_t *steps; /* that are left */
};

/* Whether one more is left. */
static bool step(const struct reading *reading)
{
	if (*reading->steps > 0)
		--*reading->steps;
	return *reading->steps > 0;
}

static unsigned int line_of(const yaml_node_t *node)
{
	return (unsigned int)node->start_mark.line + 1;
}

static bool is_scalar(const yaml_node_t *node, const char *word)
{
	return node && node->type == YAML_SCALAR_NODE &&
	       strcmp((const char *)node->data.scalar.value, word) == 0;
}

/* The value of @key, own or merged in with "<<"; NULL when there is none. */
static yaml_node_t *get_at(const struct reading *reading, const yaml_node_t *map, const char *key,
			   unsigned int depth)
{
	const yaml_node_t *merged = NULL;
	yaml_node_t *value = NULL;

	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top && step(reading); pair++) {
		yaml_node_t *name = yaml_document_get_node(reading->document, pair->key);

		if (is_scalar(name, key))
			return yaml_document_get_node(reading->document, pair->value);
		if (is_scalar(name, "<<"))
			merged = yaml_document_get_node(reading->document, pair->value);
	}
	if (!merged || depth == MERGE_DEPTH_MAX)
		return NULL;
	if (merged->type != YAML_SEQUENCE_NODE)
		return get_at(reading, merged, key, depth + 1);
	for (yaml_node_item_t *item = merged->data.sequence.items.start;
	     item < merged->data.sequence.items.top &&
	     item - merged->data.sequence.items.start < MERGE_WIDTH_MAX && !value;
	     item++)
		value = get_at(reading, yaml_document_get_node(reading->document, *item), key,
			       depth + 1);
	return value;
}

static yaml_node_t *get(const struct reading *reading, const yaml_node_t *map, const char *key)
{
	return get_at(reading, map, key, 0);
}

/* A scalar with its variables filled in. Returns false, complained about, when it cannot be had. */
static bool fill(const struct reading *reading, const yaml_node_t *node,
		 char to[static SCALAR_SIZE])
{
	char unknown[INTERPOLATE_NAME_SIZE];
	const char *value;
	int r;

	if (!node || node->type != YAML_SCALAR_NODE)
		return false;
	value = (const char *)node->data.scalar.value;
	if (strlen(value) != node->data.scalar.length)
		return false;
	r = interpolate(value, reading->lookup, reading->userdata, to, SCALAR_SIZE, unknown);
	if (r < 0)
		complain_warning(reading->complaints, "%s:%u: %.60s: %s", reading->path,
				 line_of(node), value,
				 r == -E2BIG ? "is too long" : "this ${...} makes no sense");
	else if (*unknown)
		complain_warning(reading->complaints,
				 "%s:%u: ${%s} is neither set nor given a default here; compose "
				 "takes it as empty",
				 reading->path, line_of(node), unknown);
	return r == 0;
}

/* ---- ports ---- */

static void add_range(const struct reading *reading, size_t service, const yaml_node_t *node,
		      const struct compose_range *range)
{
	struct compose *compose = reading->compose;

	for (unsigned int i = 0; range->is_tcp && i <= (unsigned int)(range->last - range->first);
	     i++) {
		struct compose_port *port;

		if (compose->n_ports == COMPOSE_PORTS_MAX) {
			complain_warning(reading->complaints,
					 "%s:%u: more than %d published ports; the rest is ignored",
					 reading->path, line_of(node), COMPOSE_PORTS_MAX);
			return;
		}
		port = &compose->ports[compose->n_ports++];
		*port = (struct compose_port){
			.service = service,
			.port = (uint16_t)(range->first + i),
			.host_port = range->host_first ? (uint16_t)(range->host_first + i) : 0,
			.has_address = range->has_address,
			.address = range->address,
			.line = line_of(node),
		};
		(void)text_copy(port->file, sizeof(port->file), reading->path);
	}
}

static bool read_long(const struct reading *reading, const yaml_node_t *node,
		      struct compose_range *ret)
{
	static const char *const keys[] = { "target", "published", "host_ip", "protocol" };
	char values[ARRAY_SIZE(keys)][SCALAR_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const yaml_node_t *value = get(reading, node, keys[i]);

		values[i][0] = '\0';
		if (value && !fill(reading, value, values[i]))
			return false;
	}
	return compose_range_long(values[0], values[1], values[2], values[3], ret) == 0;
}

static void read_port(const struct reading *reading, size_t service, const yaml_node_t *node)
{
	struct compose_range range = { 0 };
	char value[SCALAR_SIZE] = "";
	bool good;

	if (node->type == YAML_MAPPING_NODE) {
		good = read_long(reading, node, &range);
	} else {
		if (!fill(reading, node, value))
			return;
		good = compose_range_short(value, &range) == 0;
	}
	if (good)
		add_range(reading, service, node, &range);
	else
		complain_warning(reading->complaints,
				 "%s:%u: ports: \"%.60s\" is no port that compose could publish",
				 reading->path, line_of(node), value);
}

static void forget_ports(const struct reading *reading, size_t service)
{
	struct compose *compose = reading->compose;
	size_t n = 0;

	for (size_t i = 0; i < compose->n_ports && step(reading); i++)
		if (compose->ports[i].service != service)
			compose->ports[n++] = compose->ports[i];
	compose->n_ports = n;
}

static void read_ports(const struct reading *reading, size_t service, const yaml_node_t *ports)
{
	const char *tag = ports->tag ? (const char *)ports->tag : "";

	if (strcmp(tag, "!override") == 0 || strcmp(tag, "!reset") == 0)
		forget_ports(reading, service);
	if (strcmp(tag, "!reset") == 0)
		return;
	if (ports->type != YAML_SEQUENCE_NODE) {
		if (!is_scalar(ports, ""))
			complain_warning(reading->complaints,
					 "%s:%u: ports: is no list; it is ignored", reading->path,
					 line_of(ports));
		return;
	}
	for (yaml_node_item_t *item = ports->data.sequence.items.start;
	     item < ports->data.sequence.items.top && step(reading); item++)
		read_port(reading, service, yaml_document_get_node(reading->document, *item));
}

/* ---- services ---- */

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

static void read_service(const struct reading *reading, const yaml_node_t *name,
			 const yaml_node_t *body)
{
	const yaml_node_t *image = get(reading, body, "image"),
			  *ports = get(reading, body, "ports");
	struct compose_service *service;
	char value[SCALAR_SIZE];

	if (!name || name->type != YAML_SCALAR_NODE)
		return;
	service = find_service(reading->compose, (const char *)name->data.scalar.value);
	if (!service) {
		complain_warning(reading->complaints,
				 "%s:%u: more than %d services; the rest is ignored", reading->path,
				 line_of(name), COMPOSE_SERVICES_MAX);
		return;
	}
	if (get(reading, body, "extends"))
		complain_warning(reading->complaints,
				 "%s:%u: \"extends\" is not followed; ports may be missing here",
				 reading->path, line_of(name));
	if (image && fill(reading, image, value))
		(void)text_copy(service->image, sizeof(service->image), value);
	if (ports)
		read_ports(reading, (size_t)(service - reading->compose->services), ports);
}

static int read_document(const struct reading *reading)
{
	yaml_node_t *root = yaml_document_get_root_node(reading->document);
	yaml_node_t *services = get(reading, root, "services");

	if (root && root->type == YAML_MAPPING_NODE && get(reading, root, "include"))
		complain_warning(reading->complaints,
				 "%s: \"include\" is not followed; ports may be missing here",
				 reading->path);
	if (!services || services->type != YAML_MAPPING_NODE) {
		complain_error(reading->complaints,
			       "%s: has no \"services\"; this is no file of docker compose",
			       reading->path);
		return -EINVAL;
	}
	for (yaml_node_pair_t *pair = services->data.mapping.pairs.start;
	     pair < services->data.mapping.pairs.top; pair++) {
		if (!step(reading) || (reading->compose->n_services == COMPOSE_SERVICES_MAX &&
				       reading->complaints->n_warnings > COMPLAINTS_MAX))
			break;
		read_service(reading, yaml_document_get_node(reading->document, pair->key),
			     yaml_document_get_node(reading->document, pair->value));
	}
	if (*reading->steps > 0)
		return 0;
	complain_error(
		reading->complaints,
		"%s: repeats its own parts too often; this is no usual file of docker compose",
		reading->path);
	return -EINVAL;
}

static bool would_take_long(const char *text, size_t size, const char *path,
			    struct complaints *complaints)
{
	size_t anchors = 0, braces = 0, directives = 0;

	for (size_t i = 0; i < size; i++) {
		anchors += text[i] == '&';
		braces += text[i] == '[' || text[i] == '{';
		directives += text[i] == '%' && (i == 0 || text[i - 1] == '\n');
	}
	if (anchors > COMPOSE_ANCHORS_MAX || braces > COMPOSE_BRACES_MAX)
		complain_error(complaints,
			       "%s: has more than %d \"&\", or more than %d \"[\" and \"{\"; this "
			       "is no usual file of docker compose",
			       path, COMPOSE_ANCHORS_MAX, COMPOSE_BRACES_MAX);
	else if (directives > COMPOSE_DIRECTIVES_MAX)
		complain_error(complaints,
			       "%s: has more than %d \"%%\" directives; this is no usual file of "
			       "docker compose",
			       path, COMPOSE_DIRECTIVES_MAX);
	else
		return false;
	return true;
}

/* Each token of libyaml's looks at all brackets that are open. What is no YAML is the reader's to
 * find. */
static bool is_too_deep(const char *text, size_t size)
{
	yaml_event_type_t type = YAML_NO_EVENT;
	yaml_parser_t parser;
	yaml_event_t event;
	size_t depth = 0;

	if (!yaml_parser_initialize(&parser))
		return false;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	while (type != YAML_STREAM_END_EVENT && type != YAML_DOCUMENT_END_EVENT &&
	       depth <= COMPOSE_DEPTH_MAX && yaml_parser_parse(&parser, &event)) {
		type = event.type;
		depth += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
		depth -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return depth > COMPOSE_DEPTH_MAX;
}

static int complain_of_yaml(const yaml_parser_t *parser, const char *path,
			    struct complaints *complaints)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	complain_error(complaints, "%s:%zu: %s; this is no YAML", path,
		       parser->problem_mark.line + 1,
		       parser->problem ? parser->problem : "cannot be read");
	return -EINVAL;
}

int compose_parse(const char *text, size_t size, const char *path, interpolate_lookup *lookup,
		  const void *userdata, struct compose *compose, struct complaints *complaints)
{
	yaml_document_t document;
	size_t steps = COMPOSE_STEPS_MAX;
	struct reading reading = { .document = &document,
				   .path = path,
				   .lookup = lookup,
				   .userdata = userdata,
				   .compose = compose,
				   .complaints = complaints,
				   .steps = &steps };
	yaml_parser_t parser;
	int r;

	if (would_take_long(text, size, path, complaints))
		return -EINVAL;
	if (is_too_deep(text, size)) {
		complain_error(complaints,
			       "%s: has lists and mappings nested deeper than %d; this is no usual "
			       "file of docker compose",
			       path, COMPOSE_DEPTH_MAX);
		return -EINVAL;
	}
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	if (!yaml_parser_load(&parser, &document)) {
		r = complain_of_yaml(&parser, path, complaints);
	} else {
		r = read_document(&reading);
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
	return r;
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
