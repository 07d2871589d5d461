/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What docker compose makes of a project's files, as far as mail is concerned: services.*.ports,
 * environment, env_file, image, hostname and profiles. Pure: other files come from a callback.
 *
 * Ports have short ("587", "587:587", "192.0.2.1:587:587/tcp", "[::1]:587:587",
 * "8000-8005:9000-9005") and long syntax (target, published, host_ip, protocol); "environment" is a
 * map or a list; "env_file" a path, or a list of paths and of {path, required}. ${VARIABLES},
 * anchors and "<<", "extends" and "include" are followed. A list in an override adds to the one
 * before, a variable takes the place of the one before, or all of them do when tagged !override;
 * what is tagged !reset is taken away. */
#ifndef COMPOSE_H
#define COMPOSE_H

#include <stddef.h>

#include "base/cleanup.h"
#include "base/complaints.h"
#include "intent/declared/compose_model.h"
#include "intent/declared/compose_reading.h"
#include "intent/declared/interpolate.h"

/* Adds what the @size bytes of @text say to @compose: first the file, then its override. @path is
 * for the complaints. @directory: what relative paths are relative to. @reader: NULL: "extends" of
 * another file and "include" are not followed, with a warning. Returns 0, -EINVAL with an error in
 * @complaints (not YAML, or not compose's), or -ENOMEM; what was added before a failure stays. */
int compose_parse_at(const char *text, size_t size, const char *path, const char *directory,
		     const struct compose_reader *reader, interpolate_lookup *lookup,
		     const void *userdata, struct compose *compose, struct complaints *complaints);

/* The same, in no directory and with no other files. */
int compose_parse(const char *text, size_t size, const char *path, interpolate_lookup *lookup,
		  const void *userdata, struct compose *compose, struct complaints *complaints);

/* After the last file: takes the ports out of services that are not started (@profiles:
 * COMPOSE_PROFILES, NULL for none), and of those on the host's network. */
void compose_settle(struct compose *compose, const char *profiles);

/* The tag of the first image whose name ends in "/@name": "2024.06.5" of
 * "ghcr.io/mailu/nginx:2024.06.5"; NULL when there is none. */
const char *compose_image_tag(const struct compose *compose, const char *name);

/* Wipes it: it may hold passwords. */
void compose_free(struct compose *compose);
DEFINE_FREEP(struct compose, compose_free)

#endif
