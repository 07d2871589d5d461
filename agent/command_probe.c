// SPDX-License-Identifier: LGPL-2.1-or-later
#include "command_probe.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "plan.h"
#include "pump.h"
#include "show_certificate.h"
#include "text.h"
#include "vantage.h"

#define ADDRESSES_MAX	      8 /* of one name; tried in turn until one connects */
#define CERTIFICATE_WARN_USEC (UINT64_C(14) * 86400 * USEC_PER_SEC)
#define TARGET_SIZE	      (PLAN_NAME_SIZE + 16)

enum { EXIT_OK, EXIT_WARNING, EXIT_CRITICAL, EXIT_UNKNOWN };

static const char usage[] =
	"Usage: hearken probe HOST:PORT [--protocol P] [--tls MODE] [--server-name N] [--ca-file "
	"F]\n"
	"                     [--certificate-pin PIN]... [--tlsa RECORD]... [--tls-minimum V] "
	"[--certificate-warn D]\n"
	"                     [--proxy-header] [--timeout D] [--json]\n"
	"P: smtp, submission, lmtp, imap, pop3, sieve, https; MODE: starttls, starttls-optional, "
	"implicit,\n"
	"none; both default to what a well-known PORT means. An IPv6 address goes in brackets.\n"
	"PIN: sha256:HEX of the certificate, or spki-sha256:HEX of its public key; RECORD: \"3 1 1 HEX\"; V: "
	"1.0 to 1.3.\n"
	"Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.\n";

struct request {
	struct probe_plan plan;
	char host[PLAN_NAME_SIZE];
	char target[TARGET_SIZE]; /* as given */
	uint16_t port;
	bool json;
};

DEFINE_FREEP(struct conversation, conversation_free)
DEFINE_FREEP(struct tls_store, tls_store_free)
DEFINE_FREEP(struct addrinfo, freeaddrinfo)

static int unknown(const char *what, const char *why)
{
	printf("UNKNOWN - %s: %s\n", what, why);
	return EXIT_UNKNOWN;
}

static uint64_t now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

static int parse_target(struct request *request, const char *target)
{
	const char *colon = strrchr(target, ':'), *start = target, *end = colon;

	if (!colon || text_copy(request->target, sizeof(request->target), target) < 0)
		return -EINVAL;
	if (*target == '[') {
		start = target + 1;
		end = colon - 1;
		if (end <= start || *end != ']')
			return -EINVAL;
	} else if (memchr(target, ':', colon - target)) {
		return -EINVAL; /* an IPv6 address without brackets: where does its port begin? */
	}
	if (end == start || text_format(request->host, sizeof(request->host), "%.*s",
					(int)(end - start), start) < 0)
		return -EINVAL;
	return text_port(colon + 1, &request->port);
}

static int parse_options(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{ "protocol", required_argument, NULL, 'p' },
		{ "tls", required_argument, NULL, 't' },
		{ "server-name", required_argument, NULL, 'n' },
		{ "ca-file", required_argument, NULL, 'c' },
		{ "certificate-pin", required_argument, NULL, 'k' },
		{ "tlsa", required_argument, NULL, 'a' },
		{ "tls-minimum", required_argument, NULL, 'm' },
		{ "certificate-warn", required_argument, NULL, 'w' },
		{ "proxy-header", no_argument, NULL, 'x' },
		{ "timeout", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct probe_plan *plan = &request->plan;
	int option, r = 0;

	plan->certificate_warn_usec = CERTIFICATE_WARN_USEC;
	optind = 0; /* glibc: begin anew */
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'p':
			r = protocol_parse(optarg, &plan->protocol);
			break;
		case 't':
			r = tls_mode_parse(optarg, &plan->tls);
			break;
		case 'n':
			r = text_copy(plan->server_name, sizeof(plan->server_name), optarg);
			break;
		case 'c':
			r = text_copy(plan->ca_file, sizeof(plan->ca_file), optarg);
			break;
		case 'k':
			r = trust_add_pins(&plan->trust, optarg);
			break;
		case 'a':
			r = trust_add_tlsa(&plan->trust, optarg);
			break;
		case 'm':
			r = tls_minimum_parse(optarg, &plan->trust.tls_minimum);
			break;
		case 'w':
			r = text_duration(optarg, &plan->certificate_warn_usec);
			break;
		case 'x':
			plan->proxy_header = true;
			break;
		case 'd':
			r = text_duration(optarg, &plan->timeout_usec);
			break;
		case 'j':
			request->json = true;
			break;
		default:
			return -EINVAL;
		}
		if (r < 0) {
			fprintf(stderr, "hearken probe: bad value: %s\n", optarg);
			return r;
		}
	}
	return optind + 1 == argc ? parse_target(request, argv[optind]) : -EINVAL;
}

/* What was not said follows from the port. */
static int complete_plan(struct request *request)
{
	const struct well_known *known = well_known_port(request->port);
	struct probe_plan *plan = &request->plan;

	if (plan->protocol == PROTOCOL_UNSET && known)
		plan->protocol = known->protocol;
	if (plan->protocol == PROTOCOL_UNSET)
		return -EINVAL;
	if (plan->tls == TLS_UNSET && plan->protocol == PROTOCOL_HTTPS)
		plan->tls = TLS_IMPLICIT;
	if (plan->tls == TLS_UNSET)
		plan->tls = known && known->protocol == plan->protocol ? known->tls : TLS_STARTTLS;
	if (plan->protocol == PROTOCOL_HTTPS && plan->tls != TLS_IMPLICIT)
		return -EINVAL;
	if (!plan->timeout_usec)
		plan->timeout_usec = PLAN_TIMEOUT_USEC;
	return plan->server_name[0]
		       ? 0
		       : text_copy(plan->server_name, sizeof(plan->server_name), request->host);
}

/* Servers turn away a name without a dot; an address literal, the default, is always polite. */
static void introduce(struct probe_plan *plan)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME };
	cleanup(freeaddrinfop) struct addrinfo *list = NULL;
	char name[PLAN_NAME_SIZE] = "";

	if (gethostname(name, sizeof(name) - 1) < 0)
		return;
	if (!strchr(name, '.') && getaddrinfo(name, NULL, &hints, &list) == 0 && list->ai_canonname)
		(void)text_copy(name, sizeof(name), list->ai_canonname);
	if (strchr(name, '.'))
		(void)text_copy(plan->helo_name, sizeof(plan->helo_name), name);
}

static void converse(struct conversation *c, int fd)
{
	while (!conversation_is_done(c)) {
		struct pollfd poll_fd = { .fd = fd, .events = (short)pump_events(c) };
		uint64_t now = now_usec(), deadline = conversation_deadline(c);
		struct timespec left;

		if (now >= deadline) {
			pump_timeout(c, fd, now);
			return;
		}
		left.tv_sec = (time_t)((deadline - now) / USEC_PER_SEC);
		left.tv_nsec = (long)((deadline - now) % USEC_PER_SEC * NSEC_PER_USEC);
		if (ppoll(&poll_fd, 1, &left, NULL) > 0)
			pump(c, fd, now_usec());
	}
}

static int probe_address(const struct probe_plan *plan, struct tls_store *store, struct answer *ret)
{
	cleanup(conversation_freep) struct conversation *c = NULL;
	cleanup(fd_closep) int fd = -1;
	int r, error = 0;

	r = conversation_new(&c, plan, store, now_usec(), time(NULL));
	if (r < 0)
		return r;
	r = vantage_socket(NULL, 0, (const struct sockaddr *)&plan->address, plan->address_size,
			   &fd, &error);
	if (r < 0 && r != -EAFNOSUPPORT)
		return r;
	if (r < 0)
		error = -r; /* a host without IPv6, and a name that has it: on to the next address
			     */
	if (error) {
		conversation_unreachable(ret, error);
		return 0;
	}
	converse(c, fd);
	*ret = *conversation_answer(c);
	return 0;
}

/* As a client does: the next address when one cannot be reached. */
static int probe_addresses(struct request *request, const struct addrinfo *list, struct answer *ret)
{
	cleanup(tls_store_freep) struct tls_store *store = NULL;
	int r;

	r = tls_store_new(&store);
	if (r < 0)
		return r;
	r = tls_store_load(store, request->plan.ca_file);
	if (r < 0)
		(void)text_format(ret->detail, sizeof(ret->detail), "CA file %s: %s",
				  request->plan.ca_file,
				  r == -EBADMSG ? "there is no certificate in it" : strerror(-r));
	for (int i = 0; r >= 0 && list && i < ADDRESSES_MAX; i++, list = list->ai_next) {
		memcpy(&request->plan.address, list->ai_addr, list->ai_addrlen);
		request->plan.address_size = list->ai_addrlen;
		r = probe_address(&request->plan, store, ret);
		if (r < 0 || !ret->complete || ret->finding != FINDING_UNREACHABLE)
			break;
	}
	return r;
}

static int exit_status(const struct answer *answer)
{
	if (!answer->complete)
		return EXIT_UNKNOWN;
	switch (finding_severity(answer->finding)) {
	case SEVERITY_NONE:
		return EXIT_OK;
	case SEVERITY_WARNING:
		return EXIT_WARNING;
	case SEVERITY_CRITICAL:
		return EXIT_CRITICAL;
	}
	return EXIT_UNKNOWN;
}

static enum verdict verdict_of(const struct answer *answer)
{
	static const enum verdict verdicts[] = {
		[EXIT_OK] = VERDICT_UP,
		[EXIT_WARNING] = VERDICT_DEGRADED,
		[EXIT_CRITICAL] = VERDICT_DOWN,
		[EXIT_UNKNOWN] = VERDICT_UNKNOWN,
	};

	return verdicts[exit_status(answer)];
}

static double seconds(uint64_t usec)
{
	return (double)usec / (double)USEC_PER_SEC;
}

static void print_text(const struct request *request, const struct answer *answer)
{
	static const char *const states[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
	char line[1024];

	(void)text_format(line, sizeof(line), "%s (%s): %s", request->target,
			  protocol_name(request->plan.protocol),
			  answer->complete ? finding_text(answer->finding) : "cannot probe");
	if (answer->finding != FINDING_NONE)
		(void)text_append(line, sizeof(line), " [%s]", finding_name(answer->finding));
	if (answer->detail[0])
		(void)text_append(line, sizeof(line), ": %s", answer->detail);
	/* A bar would begin the performance data. */
	for (char *s = line; (s = strchr(s, '|'));)
		*s = '/';
	printf("%s - %s | time=%.6fs;;;0;%.6f connect=%.6fs greeting=%.6fs tls=%.6fs",
	       states[exit_status(answer)], line, seconds(answer->total_usec),
	       seconds(request->plan.timeout_usec), seconds(answer->connect_usec),
	       seconds(answer->greeting_usec), seconds(answer->tls_usec));
	if (answer->not_after)
		printf(" certificate_days=%" PRId64,
		       (answer->not_after - (int64_t)time(NULL)) / 86400);
	printf("\n");
	show_certificate(answer);
}

static int print_json(const struct answer *answer)
{
	cleanup(json_decrefp) json_t *object = NULL;
	json_t *findings = json_array();

	if (answer->finding != FINDING_NONE)
		(void)json_array_append_new(findings, json_pack("{s:s, s:s}", "name",
								finding_name(answer->finding),
								"detail", answer->detail));
	object = json_pack(
		"{s:s, s:o, s:s, s:s, s:s, s:b, s:o, s:{s:f, s:f, s:f, s:f}}", "verdict",
		verdict_name(verdict_of(answer)), "findings", findings, "tls_version",
		answer->tls_version, "cipher", answer->cipher, "key_exchange", answer->tls_group,
		"client_certificate_asked", answer->client_certificate_asked, "certificate",
		show_certificate_json(answer),
		"durations_ms", "connect", 1e3 * seconds(answer->connect_usec), "greeting",
		1e3 * seconds(answer->greeting_usec), "tls", 1e3 * seconds(answer->tls_usec),
		"total", 1e3 * seconds(answer->total_usec));
	if (object && !answer->complete)
		(void)json_object_set_new(object, "error", json_string(answer->detail));
	if (!object || json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) < 0)
		return -ENOMEM;
	printf("\n");
	return 0;
}

int command_probe(int argc, char **argv)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	cleanup(freeaddrinfop) struct addrinfo *list = NULL;
	struct request request = { 0 };
	struct answer answer = { .complete = false };
	char port[8];
	int r;

	if (parse_options(&request, argc, argv) < 0 || complete_plan(&request) < 0) {
		fputs(usage, stderr);
		return EXIT_UNKNOWN;
	}
	introduce(&request.plan);
	(void)text_format(port, sizeof(port), "%u", request.port);
	r = getaddrinfo(request.host, port, &hints, &list);
	if (r == 0)
		r = probe_addresses(&request, list, &answer);
	else
		(void)text_copy(answer.detail, sizeof(answer.detail), gai_strerror(r));
	if (r < 0 && !answer.detail[0])
		(void)text_copy(answer.detail, sizeof(answer.detail), strerror(-r));
	if (!request.json)
		print_text(&request, &answer);
	else if (print_json(&answer) < 0)
		return unknown(request.target, strerror(ENOMEM));
	return exit_status(&answer);
}
