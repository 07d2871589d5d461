// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/answer.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static const char *const staples[STAPLE_COUNT] = {
	[STAPLE_NONE] = "none",	      [STAPLE_GOOD] = "good",	    [STAPLE_REVOKED] = "revoked",
	[STAPLE_UNKNOWN] = "unknown", [STAPLE_EXPIRED] = "expired", [STAPLE_INVALID] = "invalid",
};

static const char *const danes[DANE_COUNT] = {
	[DANE_NOT_ASKED] = "not-asked",
	[DANE_MATCH] = "match",
	[DANE_MISMATCH] = "mismatch",
};

/* The headline: the gravest finding in full, the others behind it as far as there is room. */
static void summarize(struct answer *answer)
{
	answer->finding = answer->findings[0].finding;
	(void)text_copy(answer->detail, sizeof(answer->detail), answer->findings[0].detail);
	for (uint32_t i = 1; i < answer->n_findings; i++) {
		const struct answer_finding *other = &answer->findings[i];

		(void)text_append(answer->detail, sizeof(answer->detail), "%salso %s%s%s",
				  answer->detail[0] ? "; " : "", finding_name(other->finding),
				  other->detail[0] ? ": " : "", other->detail);
	}
	text_sanitize(answer->detail);
}

/* Of two equally severe, what makes a service unusable comes before what makes it unsafe; else the
 * order of the enum decides. */
static bool is_graver(enum finding a, enum finding b)
{
	if (finding_severity(a) != finding_severity(b))
		return finding_severity(a) > finding_severity(b);
	if (finding_verdict(a) != finding_verdict(b))
		return finding_verdict(a) > finding_verdict(b);
	return a < b;
}

void answer_add(struct answer *answer, enum finding finding, const char *detail)
{
	uint32_t at = 0;

	if (finding == FINDING_NONE)
		return;
	for (uint32_t i = 0; i < answer->n_findings; i++) {
		if (answer->findings[i].finding == finding)
			return;
		if (!is_graver(finding, answer->findings[i].finding))
			at = i + 1;
	}
	if (at == ANSWER_FINDINGS_MAX)
		return;
	if (answer->n_findings < ANSWER_FINDINGS_MAX)
		answer->n_findings++;
	memmove(&answer->findings[at + 1], &answer->findings[at],
		(answer->n_findings - at - 1) * sizeof(answer->findings[0]));
	answer->findings[at].finding = finding;
	(void)text_copy(answer->findings[at].detail, sizeof(answer->findings[at].detail), detail);
	text_sanitize(answer->findings[at].detail);
	summarize(answer);
}

void answer_notice(struct answer *answer, enum finding finding, const char *detail)
{
	struct answer_finding fresh = { .finding = finding };

	if (finding == FINDING_NONE)
		return;
	(void)text_copy(fresh.detail, sizeof(fresh.detail), detail);
	text_sanitize(fresh.detail);
	for (uint32_t i = 0; i < answer->n_notices; i++)
		if (answer->notices[i].finding == finding &&
		    strcmp(answer->notices[i].detail, fresh.detail) == 0)
			return;
	if (answer->n_notices < ANSWER_NOTICES_MAX)
		answer->notices[answer->n_notices++] = fresh;
}

void answer_merge(struct answer *to, const struct answer *from)
{
	for (uint32_t i = 0; i < from->n_findings; i++)
		answer_add(to, from->findings[i].finding, from->findings[i].detail);
	for (uint32_t i = 0; i < from->n_notices; i++)
		answer_notice(to, from->notices[i].finding, from->notices[i].detail);
}

static struct answer_finding *find(struct answer *answer, enum finding finding)
{
	for (uint32_t i = 0; i < answer->n_findings; i++)
		if (answer->findings[i].finding == finding)
			return &answer->findings[i];
	return NULL;
}

void answer_merge_named(struct answer *to, const struct answer *from, const char *name)
{
	char detail[ANSWER_DETAIL_SIZE];

	for (uint32_t i = 0; i < from->n_findings; i++) {
		const struct answer_finding *fresh = &from->findings[i];
		struct answer_finding *known = find(to, fresh->finding);

		if (known && strcmp(known->detail, fresh->detail) == 0)
			continue; /* of the server, whatever its name */
		(void)text_format(detail, sizeof(detail), "%s: %s", name, fresh->detail);
		if (!known) {
			answer_add(to, fresh->finding, detail);
			continue;
		}
		(void)text_append(known->detail, sizeof(known->detail), "; %s", detail);
		text_sanitize(known->detail);
		summarize(to);
	}
	for (uint32_t i = 0; i < from->n_notices; i++) {
		(void)text_format(detail, sizeof(detail), "%s: %s", name, from->notices[i].detail);
		answer_notice(to, from->notices[i].finding, detail);
	}
}

#define DURATION_MAX (86400 * USEC_PER_SEC)

static void clean_text(char *s, size_t size)
{
	s[size - 1] = '\0';
	text_sanitize(s);
}

static bool clean_findings(struct answer_finding *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		unsigned int finding = (unsigned int)list[i].finding;

		if (finding == FINDING_NONE || finding >= FINDING_COUNT)
			return false;
		clean_text(list[i].detail, sizeof(list[i].detail));
	}
	return true;
}

bool answer_clean(struct answer *answer)
{
	unsigned char complete, asked;

	memcpy(&complete, &answer->complete,
	       sizeof(complete)); /* a bool that is 2 must not be read as one */
	if (complete > 1 || (unsigned int)answer->finding >= FINDING_COUNT ||
	    (unsigned int)answer->staple >= STAPLE_COUNT ||
	    (unsigned int)answer->dane >= DANE_COUNT || answer->n_findings > ANSWER_FINDINGS_MAX ||
	    answer->n_notices > ANSWER_NOTICES_MAX)
		return false;
	if (answer->connect_usec > DURATION_MAX || answer->greeting_usec > DURATION_MAX ||
	    answer->tls_usec > DURATION_MAX || answer->total_usec > DURATION_MAX)
		return false;
	if (!clean_findings(answer->findings, answer->n_findings) ||
	    !clean_findings(answer->notices, answer->n_notices))
		return false;
	clean_text(answer->detail, sizeof(answer->detail));
	clean_text(answer->tls_version, sizeof(answer->tls_version));
	clean_text(answer->cipher, sizeof(answer->cipher));
	clean_text(answer->subject, sizeof(answer->subject));
	clean_text(answer->issuer, sizeof(answer->issuer));
	clean_text(answer->tls_group, sizeof(answer->tls_group));
	clean_text(answer->names, sizeof(answer->names));
	clean_text(answer->key, sizeof(answer->key));
	clean_text(answer->signature, sizeof(answer->signature));
	memcpy(&asked, &answer->client_certificate_asked, sizeof(asked));
	answer->client_certificate_asked = asked == 1;
	return true;
}

const char *staple_name(enum staple staple)
{
	return staples[staple];
}

const char *dane_name(enum dane dane)
{
	return danes[dane];
}
