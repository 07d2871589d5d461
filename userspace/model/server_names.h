/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names that clients have for this host: what they ask for by SNI, and what a certificate has
 * to be for. Pure. */
#ifndef SERVER_NAMES_H
#define SERVER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/service.h"

#define HOST_NAME_SIZE	 256 /* 253 characters are what the DNS takes (RFC 1035, 2.3.4) */
#define SERVER_NAMES_MAX 16  /* one more costs every port that has TLS one more handshake */

#define NAME_OF_HOST (1U << 31) /* its canonical name, which /etc/hosts says */

struct server_name {
	char name[HOST_NAME_SIZE]; /* without a dot at its end; an address is no name, and may be
				      here: it is checked, and not asked for */
	uint32_t sources;   /* 1 << enum source_kind, or NAME_OF_HOST: who says so; 0: nobody,
			       it is a guess */
	uint32_t protocols; /* 1 << enum protocol: where it is served; 0: everywhere */
};

/* Zeroed is empty. The first is what clients are told to use, the one to greet with; the others
 * have certificates of their own, as likely as not. */
struct server_names {
	struct server_name list[SERVER_NAMES_MAX];
	size_t n;
	size_t n_more; /* that had no room */
};

/* Letters, digits, "-", "_" and dots, as in a name, or colons, as in an address. */
bool server_name_is_valid(const char *name);

/* Adds it, or adds to what is known of it when it is there. Returns 0, -EINVAL when it is no name,
 * or -ENOSPC, having counted it. */
int server_names_add(struct server_names *names, const char *name, uint32_t sources,
		     uint32_t protocols);

/* Whether a server of @protocol is asked by this name. */
bool server_name_is_of(const struct server_name *name, enum protocol protocol);

/* A mismatch with what nobody said is no fault of the certificate's. */
bool server_name_is_said(const struct server_name *name);

#endif
