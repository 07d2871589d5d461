// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/compose_yaml.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define MERGE_DEPTH_MAX 4 /* of "<<" within "<<" */
#define MERGE_WIDTH_MAX 4 /* of a list behind "<<" */

/* ---- loading ---- */

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

int compose_yaml_load(const char *text, size_t size, const char *path, yaml_document_t *yaml,
		      struct complaints *complaints)
{
	yaml_parser_t parser;
	int r = 0;

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
	if (!yaml_parser_load(&parser, yaml))
		r = complain_of_yaml(&parser, path, complaints);
	yaml_parser_delete(&parser);
	return r;
}

/* ---- nodes ---- */

bool compose_step(const struct compose_document *document)
{
	if (*document->steps > 0)
		--*document->steps;
	return *document->steps > 0;
}

unsigned int compose_line(const yaml_node_t *node)
{
	return (unsigned int)node->start_mark.line + 1;
}

yaml_node_t *compose_node(const struct compose_document *document, int index)
{
	return yaml_document_get_node(document->yaml, index);
}

bool compose_is_list(const yaml_node_t *node)
{
	return node && node->type == YAML_SEQUENCE_NODE;
}

bool compose_is_map(const yaml_node_t *node)
{
	return node && node->type == YAML_MAPPING_NODE;
}

bool compose_is_word(const yaml_node_t *node, const char *word)
{
	return node && node->type == YAML_SCALAR_NODE &&
	       strcmp((const char *)node->data.scalar.value, word) == 0;
}

bool compose_has_tag(const yaml_node_t *node, const char *tag)
{
	return node && node->tag && strcmp((const char *)node->tag, tag) == 0;
}

bool compose_is_null(const yaml_node_t *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	if (!node || node->type != YAML_SCALAR_NODE ||
	    node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return !node;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (compose_is_word(node, words[i]))
			return true;
	return false;
}

yaml_node_t *compose_item(const struct compose_document *document, const yaml_node_t *list,
			  size_t i)
{
	const yaml_node_item_t *items;

	if (!compose_is_list(list))
		return NULL;
	items = list->data.sequence.items.start;
	if (i >= (size_t)(list->data.sequence.items.top - items))
		return NULL;
	return compose_node(document, items[i]);
}

static yaml_node_t *get_at(const struct compose_document *document, const yaml_node_t *map,
			   const char *key, unsigned int depth)
{
	const yaml_node_t *merged = NULL;
	yaml_node_t *value = NULL;

	if (!compose_is_map(map))
		return NULL;
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top && compose_step(document); pair++) {
		const yaml_node_t *name = compose_node(document, pair->key);

		if (compose_is_word(name, key))
			return compose_node(document, pair->value);
		if (compose_is_word(name, "<<"))
			merged = compose_node(document, pair->value);
	}
	if (!merged || depth == MERGE_DEPTH_MAX)
		return NULL;
	if (!compose_is_list(merged))
		return get_at(document, merged, key, depth + 1);
	for (size_t i = 0; i < MERGE_WIDTH_MAX && !value; i++)
		value = get_at(document, compose_item(document, merged, i), key, depth + 1);
	return value;
}

yaml_node_t *compose_get(const struct compose_document *document, const yaml_node_t *map,
			 const char *key)
{
	return get_at(document, map, key, 0);
}

static void each_at(const struct compose_document *document, const yaml_node_t *map,
		    compose_pair *use, void *userdata, unsigned int depth)
{
	const yaml_node_t *merged = NULL;

	if (!compose_is_map(map))
		return;
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top && compose_step(document); pair++)
		if (compose_is_word(compose_node(document, pair->key), "<<"))
			merged = compose_node(document, pair->value);
	if (depth < MERGE_DEPTH_MAX && compose_is_map(merged))
		each_at(document, merged, use, userdata, depth + 1);
	/* Of a list, the first wins. */
	for (size_t i = MERGE_WIDTH_MAX; depth < MERGE_DEPTH_MAX && i-- > 0;)
		each_at(document, compose_item(document, merged, i), use, userdata, depth + 1);
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top && compose_step(document); pair++) {
		const yaml_node_t *name = compose_node(document, pair->key);

		if (name && name->type == YAML_SCALAR_NODE && !compose_is_word(name, "<<"))
			use(name, compose_node(document, pair->value), userdata);
	}
}

void compose_each_pair(const struct compose_document *document, const yaml_node_t *map,
		       compose_pair *use, void *userdata)
{
	each_at(document, map, use, userdata, 0);
}

bool compose_fill(const struct compose_document *document, const yaml_node_t *node,
		  char to[static COMPOSE_SCALAR_SIZE])
{
	char unknown[INTERPOLATE_NAME_SIZE];
	const char *value;
	int r;

	if (!node || node->type != YAML_SCALAR_NODE)
		return false;
	value = compose_is_null(node) ? "" : (const char *)node->data.scalar.value;
	if (*value && strlen(value) != node->data.scalar.length)
		return false;
	r = interpolate(value, document->lookup, document->userdata, to, COMPOSE_SCALAR_SIZE,
			unknown);
	if (r < 0)
		complain_warning(
			document->complaints, "%s:%u: %s", document->path, compose_line(node),
			r == -E2BIG ? "this value is too long"
				    : "a ${...} here makes no sense, and compose refuses it");
	else if (*unknown)
		complain_warning(document->complaints,
				 "%s:%u: ${%s} is neither set nor given a default here; compose "
				 "takes it as empty",
				 document->path, compose_line(node), unknown);
	return r == 0;
}
