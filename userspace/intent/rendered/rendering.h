/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one server is configured to open: the result of every reader of rendered configuration.
 * Pure.
 *
 * A reader is "int x_parse(text, size, path, ret, complaints)": @text has @size bytes and a NUL
 * behind them, @path is for the complaints. It returns 0, -EINVAL with an error in @complaints
 * (this is not that server's configuration, or more of it than we take), or -ENOMEM; *@ret is
 * untouched on failure, and released with rendering_clear(). */
#ifndef RENDERING_H
#define RENDERING_H

#include <stdbool.h>

#include "base/complaints.h"
#include "model/server_names.h"
#include "model/service.h"

#define RENDERING_TEXT_MAX	   (4 * 1024 * 1024) /* bytes of one output or file */
#define RENDERING_LISTENERS_MAX	   512
#define RENDERING_CERTIFICATES_MAX 32

struct certificate_files {
	char name[SERVICE_NAME_SIZE];	      /* asked for by SNI; empty: for everybody else */
	enum protocol protocol;		      /* PROTOCOL_UNSET: of whichever */
	char certificate[SERVICE_FILES_SIZE]; /* as in struct service, as the key */
	char key[SERVICE_FILES_SIZE];
};

struct server_traits { /* what else matters of a server that was read; zeroed: none was */
	bool is_read;
	uint32_t serves;    /* 1 << enum protocol: turned on, with or without a listener */
	bool is_other_mode; /* the port that is asked about: its TLS is to be changed */
	bool is_new_syntax; /* its installed version wants the newer one of two ways to write */
	char pki[SERVICE_NAME_SIZE];	 /* as in struct rendering */
	char certificate[256], key[256]; /* files that one of its services has; or "" */
};

struct rendering { /* zeroed is empty */
	struct service_set
		services; /* expected, RENDERED_YES, one source; sorted; mail protocols only */
	bool tls_on;
	bool has_submission;	     /* it serves submission, with or without a listener */
	bool is_new_syntax;	     /* of its configuration: Dovecot 2.4 */
	char pki[SERVICE_NAME_SIZE]; /* what OpenSMTPD is told to call its first certificate; or ""
				      */
	char hostname[HOST_NAME_SIZE]; /* what it calls itself, or the default of that; or "" */
	struct certificate_files *certificates; /* up to RENDERING_CERTIFICATES_MAX */
	size_t n_certificates;
};

/* Takes in @wanted: port, protocol, tls, addresses, proxy_header and the files are the caller's,
 * the rest is done here. It is called by its port's usual name, else "@name-PORT". A port that is
 * there already gets the further addresses. Returns 0, -EADDRINUSE (added all the same: it was
 * there with one of these addresses, and the server cannot open both) or -ENOMEM. */
int rendering_add(struct rendering *rendering, enum source_kind source, const char *name,
		  const struct service *wanted);

/* Whether the kernel would refuse the second of two listeners of one port. Unknown addresses do not
 * count. */
bool rendering_collides(const struct service *a, const struct service *b);

/* What STARTTLS that is offered, and demanded of nobody, means for @protocol: it has to be there on
 * a port for clients, whose passwords would go in plain text without it, and is a matter of taste
 * between servers. */
enum tls_mode rendering_offered(enum protocol protocol);

/* One more address for @service, unless it has it, which listens on every one while it has none.
 * Returns false when there is no room. */
bool rendering_add_address(struct service *service, const struct address *address);

/* Appends the paths of one more certificate and its key to @certificates and @keys, of
 * SERVICE_FILES_SIZE each; what is no absolute path, or finds no room, is left out. */
void rendering_add_files(char *certificates, char *keys, const char *certificate, const char *key);

/* Remembers a pair of files; what finds no room is dropped. */
void rendering_add_certificate(struct rendering *rendering, const struct certificate_files *files);

/* Gives each service that speaks TLS the files of its protocol, else those of every protocol,
 * unless it has its own, and those of names that are asked for by SNI. */
void rendering_assign_certificates(struct rendering *rendering);

/* What it says of services, without the list of certificates. Returns 0 or -ENOMEM. */
int rendering_copy(const struct rendering *rendering, struct rendering *ret);

void rendering_clear(struct rendering *rendering);

#endif
