/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One YAML document of compose's, read within bounds: libyaml's time grows with the square of some
 * of what a file may have, and aliases make much of little. Private to compose.c and its parts. */
#ifndef COMPOSE_YAML_H
#define COMPOSE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "base/complaints.h"
#include "intent/declared/interpolate.h"

/* A file with more of these is refused. */
#define COMPOSE_ANCHORS_MAX    4096	     /* "&" */
#define COMPOSE_BRACES_MAX     8192	     /* "[" and "{" */
#define COMPOSE_DIRECTIVES_MAX 64	     /* lines that begin with "%" */
#define COMPOSE_DEPTH_MAX      64	     /* of lists and mappings within each other */
#define COMPOSE_STEPS_MAX      (1024 * 1024) /* looks at a node, of all files of a project */
#define COMPOSE_SCALAR_SIZE    4096	     /* with its variables filled in */

struct compose_document {
	yaml_document_t *yaml;
	const char *path; /* for the complaints */
	interpolate_lookup *lookup;
	const void *userdata;
	struct complaints *complaints;
	size_t *steps; /* that are left */
};

/* Loads @text. Returns 0, -EINVAL with an error in @complaints, or -ENOMEM; on success the caller
 * releases @yaml with yaml_document_delete(). */
int compose_yaml_load(const char *text, size_t size, const char *path, yaml_document_t *yaml,
		      struct complaints *complaints);

/* Whether one more step is left. */
bool compose_step(const struct compose_document *document);

unsigned int compose_line(const yaml_node_t *node);

yaml_node_t *compose_node(const struct compose_document *document, int index);

/* The value of @key in @map, own or merged in with "<<"; NULL when there is none. */
yaml_node_t *compose_get(const struct compose_document *document, const yaml_node_t *map,
			 const char *key);

/* Calls @use for each pair of @map, those merged in with "<<" first, so that the last of a key
 * wins. */
typedef void compose_pair(const yaml_node_t *key, const yaml_node_t *value, void *userdata);
void compose_each_pair(const struct compose_document *document, const yaml_node_t *map,
		       compose_pair *use, void *userdata);

bool compose_is_list(const yaml_node_t *node);
bool compose_is_map(const yaml_node_t *node);
bool compose_is_word(const yaml_node_t *node, const char *word);
bool compose_has_tag(const yaml_node_t *node, const char *tag); /* "!reset" */

/* The @i-th of a list; NULL behind its end. */
yaml_node_t *compose_item(const struct compose_document *document, const yaml_node_t *list,
			  size_t i);

/* A scalar with its variables filled in; "" for nothing ("null", "~"). Returns false, complained
 * about, when it cannot be had. What is written is never in the complaint. */
bool compose_fill(const struct compose_document *document, const yaml_node_t *node,
		  char to[static COMPOSE_SCALAR_SIZE]);

/* Nothing at all: an empty value, "null" or "~" without quotes. */
bool compose_is_null(const yaml_node_t *node);

#endif
