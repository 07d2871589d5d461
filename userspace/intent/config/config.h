/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What hearken.conf can say, as it was said. Pure. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/server_names.h"
#include "model/service.h"
#include "model/source.h"

#define CONFIG_PATH "/etc/hearken/hearken.conf"
#define CONFIG_TEXTFILE_DIRECTORY \
	"/var/lib/prometheus/node-exporter" /* Debian's node_exporter reads it */
#define CONFIG_TEXTFILE	      CONFIG_TEXTFILE_DIRECTORY "/hearken.prom" /* the default */
#define CONFIG_FILE_MAX	      (1024 * 1024)				/* bytes of one file */
#define CONFIG_FILES_MAX      64					/* in hearken.conf.d */
#define CONFIG_LISTENERS_MAX  256
#define CONFIG_PATH_SIZE      512
#define CONFIG_HOST_SIZE      HOST_NAME_SIZE
#define CONFIG_CONTAINER_SIZE 128

struct config_source {
	enum source_kind kind;
	char path[SOURCE_PATH_SIZE]; /* empty: the tool's own default */
};

enum config_repair { /* in order of what is allowed */
		     CONFIG_REPAIR_OFF,
		     CONFIG_REPAIR_RELOAD,
		     CONFIG_REPAIR_RESTART,
};

/* Bits of config_listener.said. */
enum {
	CONFIG_SAID_PORT = 1 << 0,
	CONFIG_SAID_PROTOCOL = 1 << 1,
	CONFIG_SAID_TLS = 1 << 2,
	CONFIG_SAID_ADDRESS = 1 << 3,
	CONFIG_SAID_UNIT = 1 << 4,
	CONFIG_SAID_RESTART_COMMAND = 1 << 5,
	CONFIG_SAID_PROXY_HEADER = 1 << 6,
	CONFIG_SAID_EXPECTED = 1 << 7,
	CONFIG_SAID_TRUST = 1 << 8,
	CONFIG_SAID_CERTIFICATE = 1 << 9,
	CONFIG_SAID_PUBLISHED = 1 << 12,
};

struct config_listener {
	struct service
		service; /* name, and the fields that were said; expected unless told otherwise */
	uint32_t said;
	char where[CONFIG_PATH_SIZE + 16]; /* "FILE:LINE" of the (last) section header */
};

struct config {
	char path[CONFIG_PATH_SIZE]; /* the main file, read or not */
	bool sources_auto;	     /* else the list, which "none" leaves empty */
	struct config_source sources[SOURCES_MAX];
	size_t n_sources;
	bool policy;
	char netns[CONFIG_PATH_SIZE]; /* empty: the host's; else a path ("name:X" is /run/netns/X)
				       */
	char container[CONFIG_CONTAINER_SIZE]; /* "container:X"; @netns is empty then */
	char textfile[CONFIG_PATH_SIZE];       /* empty: none is written */
	char status[CONFIG_PATH_SIZE];
	char state[CONFIG_PATH_SIZE];
	uint64_t probe_interval_usec;
	uint64_t probe_timeout_usec;
	uint64_t certificate_warn_usec;
	bool injection_check;
	struct published published;	    /* of services that clients use; unset: none */
	char server_name[CONFIG_HOST_SIZE]; /* empty: not said */
	struct server_names server_names;   /* those that were said beside it */
	char ca_file[CONFIG_PATH_SIZE];
	enum config_repair repair;
	unsigned int repair_limit;	 /* so many repairs ... */
	uint64_t repair_window_usec;	 /* ... in this time */
	char hook[SERVICE_COMMAND_SIZE]; /* blank-separated words, the first a path; empty: none */
	char record[CONFIG_PATH_SIZE];	 /* where facts and decisions are written; empty: nowhere */
	struct config_listener *listeners;
	size_t n_listeners;
	struct trust trust; /* of every service that has none of its own */
};

void config_clear(struct config *config); /* releases what config_load() made */

/* Services are expected where we run ourselves, not in another network namespace. */
bool config_is_on_host(const struct config *config);

const char *config_repair_name(enum config_repair repair); /* "off" */

#endif
