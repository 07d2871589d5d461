/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Postfix's tls_server_sni_maps: which certificate is served to who asks by which name. Pure. */
#ifndef SNI_MAPS_H
#define SNI_MAPS_H

#include "intent/rendered/rendering.h"

#define SNI_MAPS_TEXT_MAX (1024 * 1024) /* of one table */

/* Takes the next table off *@rest. Returns a copy of its "TYPE:NAME", to be freed, or NULL. */
char *sni_maps_next(const char **rest);

/* The file that has the names of @map in plain text: a table's source, where it is compiled. NULL:
 * it has none, as one of patterns, or one that asks elsewhere. Within @map. */
const char *sni_maps_file(const char *map);

/* Adds the certificates of a table's @text, and of "inline:{ ... }". What is for a whole domain
 * (".example.org") cannot be asked for and is left out. */
void sni_maps_add_table(struct rendering *rendering, const char *text);
void sni_maps_add_inline(struct rendering *rendering, const char *map);

#endif
