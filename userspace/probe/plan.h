/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What to ask whom: one conversation, in a record of fixed size without pointers, since it crosses
 * from the daemon to the prober process as bytes. */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "model/service.h"
#include "model/trust.h"

#define PLAN_NAME_SIZE	  256
#define PLAN_CA_FILE_SIZE 512
#define PLAN_TIMEOUT_USEC UINT64_C(10000000) /* where a plan says 0; postscreen alone waits 6 s */
#define PLAN_TIMEOUT_MAX  UINT64_C(3600000000)

enum probe_check {
	PROBE_CONVERSATION,
	PROBE_INJECTION, /* only whether a command sent behind STARTTLS is obeyed inside TLS */
	PROBE_CHECK_COUNT,
};

/* How much is asked of a certificate, by who comes to the port. */
enum scrutiny {
	SCRUTINY_FULL, /* people's mail programs: what is wrong keeps them out */
	/* Between mail servers TLS is opportunistic (RFC 7435): nobody looks at the certificate,
	 * and what is wrong with it keeps no mail out. It is noticed; or a warning, where somebody
	 * asks for more (TLSA records, pins, TLS required). */
	SCRUTINY_NOTICE,
	SCRUTINY_WARNING,
	/* The host itself alone, by a name that no certificate has: name and chain are nobody's. */
	SCRUTINY_LOCAL,
	SCRUTINY_COUNT,
};

struct probe_plan {
	uint64_t id;	       /* the asker's own; comes back with the answer */
	uint64_t timeout_usec; /* of the whole conversation, where nothing is slow by right */
	uint64_t certificate_warn_usec;	 /* 0: never "expiring" */
	struct sockaddr_storage address; /* for people: the socket is made by whoever asks */
	socklen_t address_size;
	enum protocol protocol;
	enum tls_mode tls;
	enum proxy_header proxy_header;	  /* what to say first */
	char server_name[PLAN_NAME_SIZE]; /* a name or an address; empty: not checked */
	char helo_name[PLAN_NAME_SIZE];	  /* a fully qualified name; empty: an address literal */
	char ca_file[PLAN_CA_FILE_SIZE];  /* empty: OpenSSL's own defaults */
	enum probe_check check;
	enum scrutiny scrutiny;
	bool name_is_guess; /* nobody said that clients use ->server_name */
	bool hurried; /* the timeout is meant: no more patience with who is slow, see patience.h */
	uint32_t sources; /* 1 << enum source_kind: whose configuration opens the port; for words */
	struct trust trust;
};

/* What is asked of the certificate of such a port. @trust: what is demanded of it; @is_local: no
 * other host reaches it. */
enum scrutiny plan_scrutiny(enum protocol protocol, enum tls_mode tls, uint16_t port,
			    const struct trust *trust, bool is_local);

/* Every choice is one there is, texts end, and no name could end a line, or a word, of the
 * dialogue. */
bool plan_is_valid(const struct probe_plan *plan);

#endif
