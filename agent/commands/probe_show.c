// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/probe_show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/commands/show_certificate.h"
#include "base/cleanup.h"
#include "base/columns.h"
#include "base/text.h"

#define LINE_SIZE  1024
#define LINE_BYTES 700 /* before the performance data; 1,000 bytes is what all systems take */

static int exit_of(const struct answer *answer)
{
	if (!answer->complete)
		return PROBE_UNKNOWN;
	switch (finding_severity(answer->finding)) {
	case SEVERITY_NONE:
	case SEVERITY_NOTICE:
		return PROBE_OK;
	case SEVERITY_WARNING:
		return PROBE_WARNING;
	case SEVERITY_CRITICAL:
		return PROBE_CRITICAL;
	}
	return PROBE_UNKNOWN;
}

static double seconds(uint64_t usec)
{
	return (double)usec / (double)USEC_PER_SEC;
}

/* What the thresholds say: of an answer alone, since none has no duration. */
static int slowness(const struct probe_result *result)
{
	double total = seconds(result->answer.total_usec);

	if (!result->answer.complete || !result->answer.total_usec)
		return PROBE_OK;
	if (range_alerts(&result->critical, total))
		return PROBE_CRITICAL;
	return range_alerts(&result->warning, total) ? PROBE_WARNING : PROBE_OK;
}

int probe_show_exit(const struct probe_result *result)
{
	int found = exit_of(&result->answer), slow = slowness(result);

	return slow > found ? slow : found;
}

static enum verdict verdict_of(const struct answer *answer)
{
	return answer->complete ? finding_verdict(answer->finding) : VERDICT_UNKNOWN;
}

/* "U" is what the guidelines have for what is not known. */
static void say_seconds(const char *label, uint64_t usec, const char *thresholds)
{
	if (usec)
		printf(" %s=%.6fs%s", label, seconds(usec), thresholds);
	else
		printf(" %s=U%s", label, thresholds);
}

static void show_performance(const struct probe_result *result)
{
	const struct answer *answer = &result->answer;
	char thresholds[2 * RANGE_TEXT_SIZE + 32];

	(void)text_format(thresholds, sizeof(thresholds), ";%s;%s;0;%.6f", result->warning.text,
			  result->critical.text, seconds(result->plan.timeout_usec));
	printf(" |");
	say_seconds("time", answer->total_usec, thresholds);
	say_seconds("connect", answer->connect_usec, "");
	say_seconds("greeting", answer->greeting_usec, "");
	say_seconds("tls", answer->tls_usec, "");
	if (answer->not_after)
		printf(" certificate_days=%" PRId64 ";%.0f:;0:\n",
		       (answer->not_after - (int64_t)time(NULL)) / 86400,
		       seconds(result->plan.certificate_warn_usec) / 86400);
	else
		printf(" certificate_days=U\n");
}

/* The first line: state, sentence, performance data. */
static void show_line(const struct probe_result *result)
{
	static const char *const states[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
	const struct answer *answer = &result->answer;
	char line[LINE_SIZE];

	(void)text_format(line, sizeof(line), "%s (%s): %s", result->target,
			  protocol_name(result->plan.protocol),
			  answer->complete ? finding_text(answer->finding) : "cannot probe");
	if (answer->finding != FINDING_NONE)
		(void)text_append(line, sizeof(line), " [%s]", finding_name(answer->finding));
	if (answer->detail[0])
		(void)text_append(line, sizeof(line), ": %s", answer->detail);
	if (slowness(result) != PROBE_OK)
		(void)text_append(line, sizeof(line), "; it took %.3f s",
				  seconds(answer->total_usec));
	(void)columns_cut_bytes(line, LINE_BYTES);
	/* A bar would begin the performance data. */
	for (char *s = line; (s = strchr(s, '|'));)
		*s = '/';
	printf("%s - %s", states[probe_show_exit(result)], line);
	show_performance(result);
}

static void show_addresses(const struct probe_result *result)
{
	for (size_t i = 0; i < result->n_tried; i++)
		if (result->tried[i].error)
			printf("Tried: %s: %s\n", result->tried[i].address,
			       strerror(result->tried[i].error));
		else
			printf("Address: %s (%zu of %zu)\n", result->tried[i].address, i + 1,
			       result->n_addresses);
}

void probe_show_text(const struct probe_result *result)
{
	const struct answer *answer = &result->answer;
	const json_t *line;
	size_t i;

	show_line(result);
	for (i = 0; answer->n_findings > 1 && i < answer->n_findings; i++)
		printf("Finding: %s (%s): %s\n", finding_name(answer->findings[i].finding),
		       severity_name(finding_severity(answer->findings[i].finding)),
		       answer->findings[i].detail);
	for (i = 0; i < answer->n_notices; i++)
		printf("Notice: %s: %s\n", finding_name(answer->notices[i].finding),
		       answer->notices[i].detail);
	show_addresses(result);
	show_certificate(answer);
	if (result->injection)
		printf("A command sent behind STARTTLS: %s\n", result->injection);
	json_array_foreach(result->transcript, i, line) printf("%s\n", json_string_value(line));
}

static json_t *json_findings(const struct answer *answer)
{
	json_t *findings = json_array();

	for (uint32_t i = 0; i < answer->n_findings; i++) {
		enum finding finding = answer->findings[i].finding;

		(void)json_array_append_new(
			findings, json_pack("{s:s, s:s, s:s}", "name", finding_name(finding),
					    "severity", severity_name(finding_severity(finding)),
					    "detail", answer->findings[i].detail));
	}
	return findings;
}

static json_t *json_notices(const struct answer *answer)
{
	json_t *notices = json_array();

	for (uint32_t i = 0; i < answer->n_notices; i++)
		(void)json_array_append_new(notices,
					    json_pack("{s:s, s:s}", "name",
						      finding_name(answer->notices[i].finding),
						      "detail", answer->notices[i].detail));
	return notices;
}

static json_t *json_addresses(const struct probe_result *result)
{
	json_t *tried = json_array();

	for (size_t i = 0; i < result->n_tried; i++) {
		int error = result->tried[i].error;

		(void)json_array_append_new(tried, json_pack("{s:s, s:s?}", "address",
							     result->tried[i].address, "error",
							     error ? strerror(error) : NULL));
	}
	return tried;
}

static json_t *json_durations(const struct answer *answer)
{
	return json_pack("{s:f, s:f, s:f, s:f}", "connect", 1e3 * seconds(answer->connect_usec),
			 "greeting", 1e3 * seconds(answer->greeting_usec), "tls",
			 1e3 * seconds(answer->tls_usec), "total",
			 1e3 * seconds(answer->total_usec));
}

int probe_show_json(const struct probe_result *result)
{
	const struct answer *answer = &result->answer;
	cleanup(json_decrefp) json_t *object = json_pack(
		"{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:b, s:o, s:o, s:s?}", "target",
		result->target, "protocol", protocol_name(result->plan.protocol), "tls",
		tls_mode_name(result->plan.tls), "verdict", verdict_name(verdict_of(answer)),
		"findings", json_findings(answer), "addresses", json_addresses(result),
		"tls_version", answer->tls_version, "cipher", answer->cipher, "key_exchange",
		answer->tls_group, "client_certificate_asked", answer->client_certificate_asked,
		"certificate", show_certificate_json(answer), "durations_ms",
		json_durations(answer), "injected_command", result->injection);

	if (object)
		(void)json_object_set_new(object, "notices", json_notices(answer));
	if (object && !answer->complete)
		(void)json_object_set_new(object, "error", json_string(answer->detail));
	if (object && result->transcript)
		(void)json_object_set(object, "transcript", result->transcript);
	if (!object || json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) < 0)
		return -ENOMEM;
	printf("\n");
	return 0;
}
