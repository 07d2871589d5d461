/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What doveconf printed, taken apart: the settings that say what is opened, service and listener
 * blocks, certificates, and what must be there for Dovecot to start. Private to intent/. Pure. */
#ifndef DOVECONF_TEXT_H
#define DOVECONF_TEXT_H

#include "base/complaints.h"
#include "intent/rendered/dovecot_demands.h"
#include "intent/rendered/dovecot_files.h"
#include "intent/rendered/rendering.h"

#define DOVECONF_DEPTH_MAX    32
#define DOVECONF_FILTERS_MAX  4 /* local_name in protocol in ... */
#define DOVECONF_SERVICES_MAX 128

struct doveconf_listener {
	char name[SERVICE_NAME_SIZE];
	char listen[DOVECOT_VALUE_SIZE]; /* 2.3: address */
	char port[8];
	bool ssl;
	bool haproxy;
	size_t service; /* in services */
};

struct doveconf_service {
	char program[32];
	char word[32]; /* in "protocols", or it is off; empty: it is on */
};

/* In which block a line stands, one for each level; what is not ours is BLOCK_OTHER. */
enum doveconf_block {
	BLOCK_OTHER,
	BLOCK_SERVICE,
	BLOCK_LISTENER,
	BLOCK_PROTOCOLS,       /* 2.4: protocols { imap = yes } */
	BLOCK_LISTEN,	       /* 2.4: listen { * = yes } */
	BLOCK_LISTENER_LISTEN, /* and in a listener */
	BLOCK_FILTER,	       /* protocol imap, local_name NAME: other certificates */
	BLOCK_SSL_SERVER,      /* 2.4: ssl_server { cert_file = PATH } */
};

struct doveconf {
	const char *path;
	const char *hosts;
	struct complaints *complaints;
	struct rendering *rendering;
	struct dovecot_demands *demands; /* NULL: nobody asks */
	char listen[DOVECOT_VALUE_SIZE];
	char protocols[DOVECOT_VALUE_SIZE];
	char ssl[16];
	bool has_listen;
	bool has_protocols;
	bool takes_cleartext; /* passwords before TLS, unless ssl = required */
	struct doveconf_listener *listeners;
	size_t n_listeners;
	struct doveconf_service *services;
	size_t n_services;
	enum doveconf_block stack[DOVECONF_DEPTH_MAX];
	size_t depth;
	bool only_filters; /* what stands in no filter is known, and better */
	/* Everybody's certificates; then those of the filters that we are in. */
	struct dovecot_files files[1 + DOVECONF_FILTERS_MAX];
	size_t n_filters;
};

/* Takes in @text, cutting it in place. Returns 0, or -EINVAL with an error in the complaints. */
int doveconf_text_read(struct doveconf *parsing, char *text);

/* Whether @word is in a list like "protocols". */
bool doveconf_text_has_word(const char *list, const char *word);

#endif
