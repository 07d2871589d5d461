// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/probe_request.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/commands/plugin_options.h"
#include "agent/commands/usage.h"
#include "base/cleanup.h"
#include "base/text.h"

#define CERTIFICATE_WARN_USEC (UINT64_C(14) * 86400 * USEC_PER_SEC)
#define CA_FILE		      "/etc/ssl/certs/ca-certificates.crt"

const char probe_request_options[] =
	"  --protocol P           smtp, submission, lmtp, imap, pop3, sieve, https\n"
	"  --tls MODE             starttls, starttls-optional, implicit, none; without\n"
	"                         it starttls, for https implicit, whatever the port\n"
	"  -H, --hostname HOST    and\n"
	"  -p, --port PORT        instead of HOST:PORT, where IPv6 goes in brackets; a\n"
	"                         name's addresses are tried until one connects\n"
	"  --server-name N        the name to ask for, which the certificate must have\n"
	"  --ca-file F            who may sign certificates\n"
	"  --certificate-pin PIN  sha256:HEX of the certificate, or spki-sha256:HEX of\n"
	"                         its key; this one and the next more than once\n"
	"  --tlsa RECORD          \"3 1 1 HEX\"\n"
	"  --tls-minimum V        1.0 to 1.3\n"
	"  --certificate-warn D   WARNING when the certificate has less left; 14d\n"
	"  --proxy-header[=V]     say a PROXY header first: v2, or v1\n"
	"  --injection-check      see in a second conversation whether a command sent\n"
	"                         behind STARTTLS is obeyed inside TLS\n"
	"  -w, --warning RANGE    and\n"
	"  -c, --critical RANGE   how many seconds the conversation may take: 2, 0.5\n"
	"  -t, --timeout D        how long to wait for an answer: 10, 10s, 500ms\n"
	"  -v, --verbose          the transcript too\n"
	"  --json                 one JSON object; the exit status is the same\n";

uint64_t probe_request_now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

static int parse_target(struct probe_request *request, const char *target)
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

/* With -H a host stands alone, and so an IPv6 address needs no brackets. */
static int take_target(struct probe_request *request)
{
	const char *host = request->host;

	return text_format(request->target, sizeof(request->target),
			   strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, request->port);
}

static int take(struct probe_request *request, int option, const char *text)
{
	struct probe_plan *plan = &request->plan;

	switch (option) {
	case 'P':
		return protocol_parse(text, &plan->protocol);
	case 's':
		return tls_mode_parse(text, &plan->tls);
	case 'H':
		return text_copy(request->host, sizeof(request->host), text);
	case 'p':
		return text_port(text, &request->port);
	case 'n':
		return text_copy(plan->server_name, sizeof(plan->server_name), text);
	case 'f':
		return text_copy(plan->ca_file, sizeof(plan->ca_file), text);
	case 'k':
		return trust_add_pins(&plan->trust, text);
	case 'a':
		return trust_add_tlsa(&plan->trust, text);
	case 'm':
		return tls_minimum_parse(text, &plan->trust.tls_minimum);
	case 'd':
		return text_duration(text, &plan->certificate_warn_usec);
	case 'x':
		return proxy_header_parse(text ? text : "v2", &plan->proxy_header);
	case 't':
		return plugin_options_timeout(text, &plan->timeout_usec);
	case 'w':
		return range_parse(text, &request->warning);
	case 'c':
		return range_parse(text, &request->critical);
	case 'j':
		request->json = true;
		return 0;
	case 'v':
		request->verbose = true;
		return 0;
	case 'i':
		request->injection_check = true;
		return 0;
	default:
		return -ENOENT; /* getopt has said it */
	}
}

static const struct option names[] = {
	{ "protocol", required_argument, NULL, 'P' },
	{ "tls", required_argument, NULL, 's' },
	{ "hostname", required_argument, NULL, 'H' },
	{ "port", required_argument, NULL, 'p' },
	{ "server-name", required_argument, NULL, 'n' },
	{ "ca-file", required_argument, NULL, 'f' },
	{ "certificate-pin", required_argument, NULL, 'k' },
	{ "tlsa", required_argument, NULL, 'a' },
	{ "tls-minimum", required_argument, NULL, 'm' },
	{ "certificate-warn", required_argument, NULL, 'd' },
	{ "proxy-header", optional_argument, NULL, 'x' },
	{ "timeout", required_argument, NULL, 't' },
	{ "warning", required_argument, NULL, 'w' },
	{ "critical", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "injection-check", no_argument, NULL, 'i' },
	{ 0 },
};

static int parse_options(struct probe_request *request, int argc, char **argv)
{
	int option, r, index;

	request->plan.certificate_warn_usec = CERTIFICATE_WARN_USEC;
	optind = 0; /* glibc: begin anew */
	while (index = -1, (option = getopt_long(argc, argv, "H:c:p:t:vw:", names, &index)) >= 0) {
		r = take(request, option, optarg);
		if (r < 0 && r != -ENOENT && index >= 0)
			fprintf(stderr, "%s: bad value of --%s: %s\n", argv[0], names[index].name,
				optarg);
		else if (r < 0 && r != -ENOENT)
			fprintf(stderr, "%s: bad value of -%c: %s\n", argv[0], option, optarg);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Returns what is missing or wrong, or NULL. */
static const char *find_target(struct probe_request *request, int argc, char **argv)
{
	if (optind == argc && request->host[0])
		return request->port == 0 || take_target(request) < 0 ? "-p PORT is missing" : NULL;
	if (optind == argc)
		return "whom to ask is missing: HOST:PORT, or -H HOST -p PORT";
	if (optind + 1 < argc || request->host[0])
		return "there is one word too many";
	return parse_target(request, argv[optind]) < 0
		       ? "whom to ask is not HOST:PORT; an IPv6 address goes in brackets"
		       : NULL;
}

/* The same, of all of it together. */
static const char *find_fault(const struct probe_request *request)
{
	const struct probe_plan *plan = &request->plan;

	if (plan->protocol == PROTOCOL_UNSET)
		return "--protocol is missing: smtp, submission, lmtp, imap, pop3, sieve or https";
	if (plan->protocol == PROTOCOL_HTTPS && plan->tls != TLS_UNSET && plan->tls != TLS_IMPLICIT)
		return "https has no other --tls than implicit";
	if (request->injection_check && plan->tls != TLS_UNSET && plan->tls != TLS_STARTTLS &&
	    plan->tls != TLS_STARTTLS_OPTIONAL)
		return "--injection-check is about STARTTLS, and --tls says otherwise";
	return NULL;
}

/* OpenSSL's own places would be looked into only once that is forbidden. */
static void choose_ca_file(struct probe_plan *plan)
{
	const char *file = getenv("SSL_CERT_FILE");

	if (!file || !*file)
		file = getenv("SSL_CERT_DIR") ? NULL : CA_FILE;
	if (!plan->ca_file[0] && file && access(file, R_OK) == 0)
		(void)text_copy(plan->ca_file, sizeof(plan->ca_file), file);
}

static int complete_plan(struct probe_request *request)
{
	struct probe_plan *plan = &request->plan;

	if (plan->tls == TLS_UNSET)
		plan->tls = plan->protocol == PROTOCOL_HTTPS ? TLS_IMPLICIT : TLS_STARTTLS;
	plan->hurried = plan->timeout_usec; /* whoever says how long means it */
	if (!plan->timeout_usec)
		plan->timeout_usec = PLAN_TIMEOUT_USEC;
	request->start_usec = probe_request_now_usec();
	request->deadline_usec = plan->timeout_usec < USEC_NEVER - request->start_usec
					 ? request->start_usec + plan->timeout_usec
					 : USEC_NEVER;
	choose_ca_file(plan);
	plan->scrutiny =
		plan_scrutiny(plan->protocol, plan->tls, request->port, &plan->trust, false);
	return plan->server_name[0]
		       ? 0
		       : text_copy(plan->server_name, sizeof(plan->server_name), request->host);
}

int probe_request_take(int argc, char **argv, struct probe_request *request)
{
	const char *fault;

	if (parse_options(request, argc, argv) < 0)
		return usage_wrong(argv[0]);
	fault = find_target(request, argc, argv);
	if (!fault)
		fault = find_fault(request);
	if (!fault && complete_plan(request) < 0)
		fault = "the name of the host is too long";
	if (!fault)
		return 0;
	fprintf(stderr,
		"%s: %s\nUsage: hearken probe HOST:PORT --protocol P [--tls MODE] [OPTION]...\n",
		argv[0], fault);
	return usage_wrong(argv[0]);
}
