// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/answers.h"

#include "base/text.h"

const char *vantage_name(enum vantage vantage)
{
	static const char *const names[VANTAGE_COUNT] = {
		[VANTAGE_INSIDE_IPV4] = "inside-ipv4",
		[VANTAGE_INSIDE_IPV6] = "inside-ipv6",
		[VANTAGE_PUBLISHED_IPV4] = "published-ipv4",
		[VANTAGE_PUBLISHED_IPV6] = "published-ipv6",
	};

	return names[vantage];
}

void answers_add(struct answers *answers, enum vantage vantage, const struct address *address,
		 const struct answer *answer)
{
	answers->given |= UINT32_C(1) << vantage;
	answers->addresses[vantage] = *address;
	answers->list[vantage] = *answer;
}

static bool is_given(const struct answers *answers, int vantage)
{
	return answers->given & UINT32_C(1) << vantage;
}

/* What one place alone notices is noticed. */
static void add_notices(const struct answers *answers, struct answer *to)
{
	for (int i = 0; i < VANTAGE_COUNT; i++) {
		const struct answer *from = &answers->list[i];

		for (uint32_t k = 0; is_given(answers, i) && k < from->n_notices; k++)
			answer_notice(to, from->notices[k].finding, from->notices[k].detail);
	}
}

static bool says(const struct answers *answers, int vantage, const struct answer *what)
{
	const struct answer *answer = &answers->list[vantage];

	return is_given(answers, vantage) && answer->complete == what->complete &&
	       answer->finding == what->finding;
}

/* What matters most: what makes it unusable, then another critical finding, then that somebody
 * could not be asked, then a warning. */
static unsigned int weight(const struct answer *answer)
{
	if (!answer->complete)
		return 2;
	switch (finding_severity(answer->finding)) {
	case SEVERITY_NONE:
	case SEVERITY_NOTICE:
		return 0;
	case SEVERITY_WARNING:
		return 1;
	case SEVERITY_CRITICAL:
		return finding_verdict(answer->finding) == VERDICT_DOWN ? 4 : 3;
	}
	return 0;
}

/* "inside-ipv4 (127.0.0.1), inside-ipv6 (::1)": all that say the same as @what, and marks them. */
static void name_places(const struct answers *answers, const struct answer *what, uint32_t *named,
			char *to, size_t size)
{
	char address[ADDRESS_TEXT_SIZE];
	bool first = true;

	for (int i = 0; i < VANTAGE_COUNT; i++) {
		if (*named & UINT32_C(1) << i || !says(answers, i, what))
			continue;
		address_show(&answers->addresses[i], address);
		(void)text_append(to, size, "%s%s (%s)", first ? "" : ", ",
				  vantage_name((enum vantage)i), address);
		*named |= UINT32_C(1) << i;
		first = false;
	}
}

/* The places first: where the detail is cut, at least they are told. */
static void explain(const struct answers *answers, const struct answer *worst,
		    char to[static ANSWER_DETAIL_SIZE])
{
	uint32_t named = 0;

	*to = '\0';
	(void)text_append(to, ANSWER_DETAIL_SIZE, "at ");
	name_places(answers, worst, &named, to, ANSWER_DETAIL_SIZE);
	for (int i = 0; i < VANTAGE_COUNT; i++) {
		const struct answer *other = &answers->list[i];
		const char *is = !other->complete ? "not known"
				 : other->finding ? finding_name(other->finding)
						  : "up";

		if (!is_given(answers, i) || named & UINT32_C(1) << i)
			continue;
		(void)text_append(to, ANSWER_DETAIL_SIZE, ", but %s at ", is);
		name_places(answers, other, &named, to, ANSWER_DETAIL_SIZE);
	}
	if (*worst->detail)
		(void)text_append(to, ANSWER_DETAIL_SIZE, ": %s", worst->detail);
}

void answers_combine(const struct answers *answers, struct answer *ret)
{
	const struct answer *worst = NULL;
	bool differ = false;

	for (int i = 0; i < VANTAGE_COUNT; i++) {
		const struct answer *answer = &answers->list[i];

		if (is_given(answers, i) && (!worst || weight(answer) > weight(worst)))
			worst = answer;
	}
	if (!worst) {
		*ret = (struct answer){ .complete = false };
		return;
	}
	*ret = *worst;
	add_notices(answers, ret);
	for (int i = 0; i < VANTAGE_COUNT; i++)
		differ |= is_given(answers, i) && !says(answers, i, worst);
	if (differ)
		explain(answers, worst, ret->detail);
}
