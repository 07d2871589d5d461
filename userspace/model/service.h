/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service: one port that ought to be served, how, by whom, and who says so. Pure.
 * Protocol and TLS words are those of the configuration file and of every output. */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/address.h"
#include "model/trust.h"

#define SERVICE_NAME_SIZE     64
#define SERVICE_ADDRESSES_MAX 8
#define SERVICE_COMMAND_SIZE  512
#define SERVICE_REMEDY_SIZE   512
#define SERVICE_FILES_SIZE    1024
#define SERVICES_MAX	      1024
#define UNIT_NAME_SIZE	      256 /* systemd's own limit, UNIT_NAME_MAX */
#define CONTAINER_NAME_SIZE   96

/* A row a protocol: its name in the enum, and its word, which is also what its script is called
 * (probe/dialogue/script.c). A row without a script does not compile. */
#define PROTOCOLS(ROW)              \
	ROW(SMTP, smtp)             \
	ROW(SUBMISSION, submission) \
	ROW(LMTP, lmtp)             \
	ROW(IMAP, imap)             \
	ROW(POP3, pop3)             \
	ROW(SIEVE, sieve)           \
	ROW(HTTPS, https)

/* clang-format off */
enum protocol {
	PROTOCOL_UNSET, /* not said */
#define PROTOCOL_ENUM(NAME, word) PROTOCOL_##NAME,
	PROTOCOLS(PROTOCOL_ENUM)
#undef PROTOCOL_ENUM
	PROTOCOL_COUNT,
};
/* clang-format on */

enum tls_mode {
	TLS_UNSET,
	TLS_STARTTLS, /* required */
	TLS_STARTTLS_OPTIONAL,
	TLS_IMPLICIT,
	TLS_NONE,
	TLS_MODE_COUNT,
};

/* The PROXY protocol's header that the server wants to hear before all else. */
enum proxy_header {
	PROXY_HEADER_NO,
	PROXY_HEADER_V2, /* what "yes" means: Postfix takes no UNKNOWN, which is all that version 1
			    has for us */
	PROXY_HEADER_V1,
};

#define PUBLISHED_MAX 4

/* At which addresses clients reach it, as seen from the host. */
enum published_mode {
	PUBLISHED_UNSET,
	PUBLISHED_NONE,
	PUBLISHED_AUTO, /* the host's own, that of its default route */
	PUBLISHED_LIST,
};

struct published {
	enum published_mode mode;
	struct address addresses[PUBLISHED_MAX];
	size_t n;
};

/* A row a kind of source, in order of precedence, the strongest first: its name in the enum, and
 * its word. Products (declared) come before servers (rendered). */
#define SOURCE_KINDS(ROW)                           \
	ROW(CONFIG, "hearken.conf")                 \
	ROW(MAILU, "mailu")                         \
	ROW(MAILCOW, "mailcow")                     \
	ROW(DOCKER_MAILSERVER, "docker-mailserver") \
	ROW(DOVECOT, "dovecot")                     \
	ROW(POSTFIX, "postfix")                     \
	ROW(EXIM, "exim")                           \
	ROW(OPENSMTPD, "opensmtpd")                 \
	ROW(NGINX, "nginx")                         \
	ROW(SYSTEMD, "systemd")                     \
	ROW(POLICY, "policy")

/* clang-format off */
enum source_kind {
#define SOURCE_ENUM(NAME, word) SOURCE_##NAME,
	SOURCE_KINDS(SOURCE_ENUM)
#undef SOURCE_ENUM
	SOURCE_KIND_COUNT,
};
/* clang-format on */

/* Does the server's own configuration open the port? */
enum rendered {
	RENDERED_UNKNOWN, /* no source can tell */
	RENDERED_NO,
	RENDERED_YES,
};

/* What is served, whoever serves it. */
struct want {
	uint16_t port;
	enum protocol protocol;
	enum tls_mode tls;
	struct address addresses[SERVICE_ADDRESSES_MAX];
	size_t n_addresses; /* 0: whatever address it listens on will do */
	enum proxy_header proxy_header;
	struct published published;
	struct trust trust; /* what hearken.conf demands of this one alone */
};

/* Who says so, and what the server's own configuration has of it. */
struct provenance {
	uint32_t sources; /* 1 << enum source_kind: who wants it, or, not expected, who takes it off
			   */
	enum rendered rendered;
	char remedy[SERVICE_REMEDY_SIZE]; /* what an administrator would write to have it; or "" */
};

/* Who ought to serve it, what a repair is done to, and the files that it reads. */
struct server {
	char unit[UNIT_NAME_SIZE]; /* empty: not known */
	bool unit_is_guess;	   /* nobody said it: no ground to call another holder foreign */
	char restart_command[SERVICE_COMMAND_SIZE]; /* blank-separated words; empty: none */
	/* Files that its certificates and their keys are read from: absolute paths, '\n' between
	 * several (RSA and EC); empty: not known. Keys in the same order, a line is empty where the
	 * key is in the certificate's file. */
	char certificate[SERVICE_FILES_SIZE];
	char key[SERVICE_FILES_SIZE];
	bool keys_unknown; /* only the certificates were said */
	/* A process of the container whose files they are, and its mount namespace, which tells it
	 * from a later one of that number; 0: they are this host's. */
	pid_t files_pid;
	uint64_t files_mntns;
	/* The container that the host's port leads to, by its runtime's word, and the port there;
	 * empty: there is none, or hearken.conf says where it is. */
	char container[CONTAINER_NAME_SIZE];
	uint16_t container_port;
};

struct service {
	char name[SERVICE_NAME_SIZE]; /* unique in its set */
	bool expected;
	size_t place; /* where: an index into the table of places; 0 is the first */
	struct want want;
	struct provenance provenance;
	struct server server;
};

struct service_set { /* zeroed is empty; by port, then name */
	struct service *list;
	size_t n;
	size_t room; /* of service_set_add(); 0: as many as there are */
};

/* The port that its listeners have where it is served: in a container it may be another. */
uint16_t service_port_inside(const struct service *service);

void service_set_clear(struct service_set *set);

/* Adds a zeroed service; NULL when the set is full or memory is. Pointers into the set move. */
struct service *service_set_add(struct service_set *set);
struct service *service_set_find(const struct service_set *set, uint16_t port);
struct service *service_set_find_name(const struct service_set *set, const char *name);
/* The one of @set that is @service, as another reading of the configuration had it: of its port and
 * name. */
struct service *service_set_find_same(const struct service_set *set, const struct service *service);
void service_set_sort(struct service_set *set);

const char *protocol_name(enum protocol protocol); /* "smtp"; "" when unset */
const char *tls_mode_name(enum tls_mode tls);	   /* "starttls-optional" */
const char *source_name(
	enum source_kind source); /* "hearken.conf", "docker-mailserver", "policy" */
int protocol_parse(const char *s, enum protocol *ret); /* 0 or -EINVAL */
int tls_mode_parse(const char *s, enum tls_mode *ret);
int proxy_header_parse(const char *s,
		       enum proxy_header *ret); /* no, yes, v1, v2 and other words for these */

/* What a repair of this service would be done to: its restart-command, else its unit, else "". A
 * unit that is only a guess is none: it might start another server than the one that is lost. */
const char *service_target(const struct service *service);

/* What a well-known mail port means (RFC 8314, RFC 6409, RFC 5804, RFC 2033); NULL for others. */
struct well_known {
	uint16_t port;
	const char *name; /* "submission" */
	enum protocol protocol;
	enum tls_mode tls;
};
const struct well_known *well_known_port(uint16_t port);

#endif
