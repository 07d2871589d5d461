/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is kept of a compose project: its services, and of each what it publishes and what its
 * container is told. All strings lie in it. */
#ifndef COMPOSE_MODEL_H
#define COMPOSE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/address.h"
#include "model/server_names.h"

#define COMPOSE_FILE_MAX      (512 * 1024)
#define COMPOSE_FILES_MAX     32   /* read for one project, by extends and include; no more are */
#define COMPOSE_EXTENDS_MAX   8	   /* within each other; more is a service that extends itself */
#define COMPOSE_INCLUDES_MAX  4	   /* likewise */
#define COMPOSE_SERVICES_MAX  64   /* more are ignored, with a warning */
#define COMPOSE_PORTS_MAX     512  /* likewise */
#define COMPOSE_VARIABLES_MAX 4096 /* likewise, of all services */
#define COMPOSE_ENV_FILES_MAX 128  /* likewise */
#define COMPOSE_TEXT_MAX      (256 * 1024) /* of all variables */
#define COMPOSE_NAME_SIZE     64
#define COMPOSE_IMAGE_SIZE    192
#define COMPOSE_FILE_SIZE     256
#define COMPOSE_PROFILES_SIZE 128

struct compose_service {
	char name[COMPOSE_NAME_SIZE];
	char image[COMPOSE_IMAGE_SIZE];	      /* empty: built, or not said */
	char hostname[HOST_NAME_SIZE];	      /* with its domainname, where it has one; or empty */
	char profiles[COMPOSE_PROFILES_SIZE]; /* blank-separated; empty: it is always started */
	bool is_on_host_network; /* what it listens on is the host's, and nothing is published */
	bool is_gone;		 /* taken away, or of profiles that are not started */
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

struct compose_variable { /* of "environment"; the last of a key counts */
	size_t service;
	const char *key;   /* in compose's own text */
	const char *value; /* NULL: that of compose's own environment */
	const char *written;
	const char *file;
	unsigned int line;
	bool is_incomplete; /* a ${VARIABLE} in it is not known */
};

struct compose_env_file {
	size_t service;
	char path[COMPOSE_FILE_SIZE];
	bool is_optional;
};

struct compose { /* zeroed is empty; large */
	struct compose_service services[COMPOSE_SERVICES_MAX];
	size_t n_services;
	struct compose_port ports[COMPOSE_PORTS_MAX];
	size_t n_ports;
	struct compose_variable variables[COMPOSE_VARIABLES_MAX];
	size_t n_variables;
	struct compose_env_file env_files[COMPOSE_ENV_FILES_MAX]; /* of a service, the last wins */
	size_t n_env_files;
	char text[COMPOSE_TEXT_MAX];
	size_t n_text;
};

#endif
