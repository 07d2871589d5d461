/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The default TLS set, on top of what the sources say (RFC 8314, RFC 6409). Pure.
 *
 * Where a source serves mail with TLS on: 587 (STARTTLS) and 465 (implicit) belong together, 993
 * belongs to IMAP and 995 to POP3. Where every source that speaks has TLS off, these four are taken
 * off. */
#ifndef DEFAULT_SET_H
#define DEFAULT_SET_H

#include <stdbool.h>

#include "model/service.h"

struct default_set_facts { /* zeroed: nobody spoke */
	bool spoke;
	bool tls_on;		/* some source has TLS on; what is served counts of those only */
	bool serves_submission; /* 465 or 587 */
	bool serves_imap;
	bool serves_pop3;
};

/* One more source's word. */
void default_set_hear(struct default_set_facts *facts, bool tls_on, bool submission, bool imap,
		      bool pop3);

/* Adds to @set, with SOURCE_POLICY among the sources, or takes off what is in it: not expected,
 * SOURCE_POLICY alone. What a stronger source said of a port's TLS stays. Returns 0 or -ENOMEM. */
int default_set_apply(const struct default_set_facts *facts, struct service_set *set);

/* Whether the policy takes this port off: everybody who speaks has TLS off, and it needs TLS. */
bool default_set_takes_off(const struct default_set_facts *facts, uint16_t port);

#endif
