/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ports docker compose publishes: services.*.ports of docker-compose.yml and of its override.
 * Pure.
 *
 * Short ("587", "587:587", "192.0.2.1:587:587/tcp", "[::1]:587:587", "8000-8005:9000-9005") and
 * long syntax (target, published, host_ip, protocol); ${VARIABLES}; anchors and "<<". A list in the
 * override adds to the one before, or takes its place when it is tagged !override or !reset.
 * "include" and "extends" are not followed: a warning. */
#ifndef COMPOSE_H
#define COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/complaints.h"
#include "intent/declared/interpolate.h"
#include "model/address.h"

#define COMPOSE_FILE_MAX (512 * 1024)
/* libyaml's time grows with the square of these; a file with more is refused. */
#define COMPOSE_ANCHORS_MAX    4096	     /* "&" */
#define COMPOSE_BRACES_MAX     8192	     /* "[" and "{" */
#define COMPOSE_DIRECTIVES_MAX 64	     /* lines that begin with "%" */
#define COMPOSE_DEPTH_MAX      64	     /* of lists and mappings within each other; likewise */
#define COMPOSE_STEPS_MAX      (1024 * 1024) /* aliases make much of little: likewise */
#define COMPOSE_SERVICES_MAX   64	     /* more are ignored, with a warning */
#define COMPOSE_PORTS_MAX      512	     /* likewise */
#define COMPOSE_NAME_SIZE      64
#define COMPOSE_IMAGE_SIZE     192
#define COMPOSE_FILE_SIZE      256

struct compose_service {
	char name[COMPOSE_NAME_SIZE];
	char image[COMPOSE_IMAGE_SIZE]; /* empty: built, or not said */
};

struct compose_port {	    /* TCP alone */
	size_t service;	    /* index */
	uint16_t port;	    /* inside */
	uint16_t host_port; /* 0: docker chooses one */
	bool has_address;
	struct address address; /* on the host; without one it is every address */
	char file[COMPOSE_FILE_SIZE];
	unsigned int line;
};

struct compose { /* zeroed is empty; large */
	struct compose_service services[COMPOSE_SERVICES_MAX];
	size_t n_services;
	struct compose_port ports[COMPOSE_PORTS_MAX];
	size_t n_ports;
};

/* Adds what the @size bytes of @text say to @compose: first the file, then its override. @path is
 * for the complaints. Returns 0, -EINVAL with an error in @complaints (not YAML, or not compose's),
 * or -ENOMEM; what was added before a failure stays. */
int compose_parse(const char *text, size_t size, const char *path, interpolate_lookup *lookup,
		  const void *userdata, struct compose *compose, struct complaints *complaints);

/* The tag of the first image whose name ends in "/@name": "2024.06.5" of
 * "ghcr.io/mailu/nginx:2024.06.5"; NULL when there is none. */
const char *compose_image_tag(const struct compose *compose, const char *name);

#endif
