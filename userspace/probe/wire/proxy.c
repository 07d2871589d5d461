// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/wire/proxy.h"

#include "base/text.h"

const char *proxy_bytes(enum proxy_header header, size_t *ret_n)
{
	static const char v1[] = "PROXY UNKNOWN\r\n";
	/* Signature; version 2, command LOCAL; no address family, no addresses. */
	static const char v2[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

	_Static_assert(sizeof(v1) - 1 <= PROXY_BYTES_MAX && sizeof(v2) - 1 == PROXY_BYTES_MAX,
		       "the largest");
	switch (header) {
	case PROXY_HEADER_NO:
		break;
	case PROXY_HEADER_V1:
		*ret_n = sizeof(v1) - 1;
		return v1;
	case PROXY_HEADER_V2:
		*ret_n = sizeof(v2) - 1;
		return v2;
	}
	*ret_n = 0;
	return v1;
}

/* A conversation with such a finding did not get to its end. */
static bool ends_dialogue(enum finding finding)
{
	switch (finding) {
	case FINDING_UNREACHABLE:
	case FINDING_NO_GREETING:
	case FINDING_CLOSED_EARLY:
	case FINDING_REFUSED:
	case FINDING_BUSY:
	case FINDING_STARTTLS_NOT_OFFERED:
	case FINDING_STARTTLS_REFUSED:
	case FINDING_TLS_HANDSHAKE_FAILED:
	case FINDING_TLS_TOO_OLD:
	case FINDING_RESPONSE_INJECTION:
	case FINDING_WRONG_TLS_MODE:
		return true;
	default:
		return false;
	}
}

bool proxy_may_help(const struct answer *answer)
{
	if (!answer->complete || answer->tls_version[0])
		return false; /* it talks */
	/* Postfix says 421, after five seconds of silence. */
	if (answer->finding == FINDING_BUSY || answer->finding == FINDING_REFUSED)
		return true;
	/* Whoever has greeted us wants no header before; POP3 servers would take one for a bad
	 * command. */
	return answer->greeting_usec == 0 &&
	       (answer->finding == FINDING_NO_GREETING || answer->finding == FINDING_CLOSED_EARLY ||
		answer->finding == FINDING_TLS_HANDSHAKE_FAILED);
}

bool proxy_has_helped(const struct answer *answer, enum tls_mode tls)
{
	if (!answer->complete || ends_dialogue(answer->finding))
		return false;
	return answer->tls_version[0] ||
	       (answer->greeting_usec > 0 && (tls == TLS_NONE || tls == TLS_STARTTLS_OPTIONAL));
}

void proxy_explain(struct answer *answer, const char *option)
{
	char detail[ANSWER_DETAIL_SIZE];

	(void)text_format(
		detail, sizeof(detail),
		"silent, cut off or refused without a PROXY protocol header, well with one: set %s",
		option);
	answer_add(answer, FINDING_PROXY_HEADER_REQUIRED, detail);
}
