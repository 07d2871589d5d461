// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/command_probe.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/commands/dns.h"
#include "agent/commands/probe_request.h"
#include "agent/commands/probe_show.h"
#include "agent/daemon/vantage.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "model/address.h"
#include "probe/confined/hold.h"
#include "probe/plan.h"
#include "probe/wire/proxy.h"
#include "probe/tls/trouble.h"

#define TRIAL_USEC (3 * USEC_PER_SEC)
#define FIRST_USEC (1 * USEC_PER_SEC) /* on loopback an answer takes no time, or does not come */

DEFINE_FREEP(struct tls_store, tls_store_free)
DEFINE_FREEP(struct addrinfo, freeaddrinfo)

static uint64_t left_usec(const struct probe_request *request)
{
	uint64_t now = probe_request_now_usec();

	return now < request->deadline_usec ? request->deadline_usec - now : 0;
}

/* Servers turn away a name without a dot; an address literal, the default, is always polite. */
static void introduce(struct probe_request *request)
{
	cleanup(freeaddrinfop) struct addrinfo *list = NULL;
	char name[PLAN_NAME_SIZE] = "";

	if (gethostname(name, sizeof(name) - 1) < 0)
		return;
	if (!strchr(name, '.') &&
	    dns_lookup(name, NULL, AI_CANONNAME, left_usec(request) / 4, &list) == 0 &&
	    list->ai_canonname)
		(void)text_copy(name, sizeof(name), list->ai_canonname);
	if (strchr(name, '.'))
		(void)text_copy(request->plan.helo_name, sizeof(request->plan.helo_name), name);
}

/* What -v shows. */
struct kept {
	json_t *lines;
	uint64_t start_usec;
};

static void on_line(char who, const char *text, void *userdata)
{
	struct kept *kept = userdata;
	char line[LINE_MAX];

	if (json_array_size(kept->lines) == PROBE_TRANSCRIPT_MAX)
		return;
	(void)text_format(line, sizeof(line), "%8.3f ms %c%s %s",
			  (double)(probe_request_now_usec() - kept->start_usec) /
				  (double)USEC_PER_MSEC,
			  who, who == '-' ? "-" : ":", text);
	(void)json_array_append_new(kept->lines, json_string(line));
}

/* Returns 0 with a socket that is connected, or -1 when it was reset since (to connect is refused
 * otherwise); a positive errno that it could not be, or -errno. */
static int connect_from(const struct probe_plan *plan, enum vantage_origin origin,
			uint64_t patience_usec, int *ret_fd)
{
	cleanup(fd_closep) int fd = -1;
	struct pollfd poll_fd;
	struct timespec left = { .tv_sec = (time_t)(patience_usec / USEC_PER_SEC),
				 .tv_nsec = (long)(patience_usec % USEC_PER_SEC * NSEC_PER_USEC) };
	socklen_t size = sizeof(int);
	int r, error = 0;

	r = vantage_socket(NULL, 0, origin, (const struct sockaddr *)&plan->address,
			   plan->address_size, &fd, &error);
	if (r == -EAFNOSUPPORT)
		return EAFNOSUPPORT; /* a host without IPv6, and a name that has it */
	if (r < 0 || error)
		return r < 0 ? r : error;
	poll_fd = (struct pollfd){ .fd = fd, .events = POLLOUT };
	r = ppoll(&poll_fd, 1, &left, NULL);
	if (r <= 0)
		return r < 0 ? -errno : ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	*ret_fd = error ? -1 : TAKE_FD(fd);
	return error == ECONNRESET ? 0 : error;
}

/* Where netfilter leads a port on to a container, as podman's and CNI's rules do, no answer comes
 * back to a stranger of loopback; everywhere else one comes at once. */
static int connect_within(const struct probe_plan *plan, uint64_t patience_usec, int *ret_fd)
{
	uint64_t first_usec = patience_usec / 4 < FIRST_USEC ? patience_usec / 4 : FIRST_USEC;
	struct address to;
	int r;

	if (address_from_sockaddr(&plan->address, &to) < 0 || !address_is_loopback(&to))
		return connect_from(plan, ORIGIN_OWN, patience_usec, ret_fd);
	r = connect_from(plan, ORIGIN_STRANGER, first_usec, ret_fd);
	return r == ETIMEDOUT || r == EHOSTUNREACH
		       ? connect_from(plan, ORIGIN_OWN, patience_usec - first_usec, ret_fd)
		       : r;
}

/* Takes @fd. */
static int hold_and_close(const struct probe_request *request, struct tls_store *store, int fd,
			  uint64_t start_usec, struct kept *kept, struct answer *ret)
{
	cleanup(fd_closep) int taken = fd;
	struct probe_plan plan = request->plan;

	plan.timeout_usec = request->deadline_usec - start_usec;
	return hold(&plan, store, taken, start_usec, kept->lines ? on_line : NULL, kept, ret);
}

static void show_address(const struct probe_plan *plan, uint16_t port,
			 char to[static PROBE_ADDRESS_SIZE])
{
	char text[ADDRESS_TEXT_SIZE] = "?";
	struct address address;

	if (address_from_sockaddr(&plan->address, &address) == 0)
		address_show(&address, text);
	(void)text_format(to, PROBE_ADDRESS_SIZE, strchr(text, ':') ? "[%s]:%u" : "%s:%u", text,
			  port);
}

/* As a client does: the next address when one cannot be reached. Returns as connect_within(). */
static int connect_to_any(struct probe_request *request, const struct addrinfo *list,
			  struct probe_result *result, int *ret_fd, uint64_t *ret_start_usec)
{
	int r = -ENOENT;

	for (const struct addrinfo *at = list; at && result->n_addresses < PROBE_ADDRESSES_MAX;
	     at = at->ai_next)
		result->n_addresses++;
	while (result->n_tried < result->n_addresses && r != 0) {
		/* An address that swallows packets must leave time for the others. */
		uint64_t patience = left_usec(request) / (result->n_addresses - result->n_tried);
		size_t i = result->n_tried++;

		memcpy(&request->plan.address, list->ai_addr, list->ai_addrlen);
		request->plan.address_size = list->ai_addrlen;
		list = list->ai_next;
		show_address(&request->plan, request->port, result->tried[i].address);
		*ret_start_usec = probe_request_now_usec();
		r = connect_within(&request->plan, patience, ret_fd);
		if (r < 0)
			return r;
		result->tried[i].error = r;
	}
	return r;
}

static void tell_unreachable(struct probe_result *result)
{
	char detail[ANSWER_DETAIL_SIZE] = "";

	result->answer.complete = true;
	for (size_t i = 0; i < result->n_tried; i++) {
		(void)text_append(detail, sizeof(detail), "%s%s: %s", i ? "; " : "",
				  result->tried[i].address, strerror(result->tried[i].error));
		/* Perhaps it could be reached there. */
		if (trouble_is_ours(result->tried[i].error))
			result->answer.complete = false;
	}
	if (result->answer.complete)
		answer_add(&result->answer, FINDING_UNREACHABLE, detail);
	else
		(void)text_copy(result->answer.detail, sizeof(result->answer.detail), detail);
}

/* Silence, an early end, a refusal: perhaps a PROXY header is wanted. Who wants one talks behind it
 * at once, so this may take a little longer than was given. */
static void try_header(struct probe_request *request, struct tls_store *store, struct kept *kept,
		       struct probe_result *result)
{
	uint64_t start = probe_request_now_usec(), timeout = request->plan.timeout_usec;
	struct answer with = { 0 };
	int fd, r;

	if (request->plan.proxy_header != PROXY_HEADER_NO || !proxy_may_help(&result->answer))
		return;
	request->deadline_usec = start + (timeout < TRIAL_USEC ? timeout : TRIAL_USEC);
	request->plan.hurried = true;
	request->plan.proxy_header = PROXY_HEADER_V2;
	r = connect_within(&request->plan, left_usec(request), &fd);
	if (r == 0)
		r = hold_and_close(request, store, fd, start, kept, &with);
	if (r != 0 || !proxy_has_helped(&with, request->plan.tls)) {
		request->plan.proxy_header = PROXY_HEADER_NO;
		return;
	}
	proxy_explain(&with, "--proxy-header");
	result->answer = with;
}

/* The second conversation, at the address of the first. */
static void check_injection(struct probe_request *request, struct tls_store *store,
			    struct kept *kept, struct probe_result *result)
{
	struct answer answer = { 0 };
	uint64_t start = probe_request_now_usec();
	int fd, r;

	request->plan.hurried = true;
	request->plan.check = PROBE_INJECTION;
	if (kept->lines)
		on_line('-', "a second conversation, with a command behind STARTTLS", kept);
	r = connect_within(&request->plan, left_usec(request), &fd);
	if (r == 0)
		r = hold_and_close(request, store, fd, start, kept, &answer);
	/* What failed there says nothing against the first conversation. */
	result->injection = r != 0 || !answer.complete ? "inconclusive"
			    : answer.finding	       ? "obeyed"
						       : "not obeyed";
	answer_merge(&result->answer, &answer);
}

static int probe(struct probe_request *request, const struct addrinfo *list,
		 struct probe_result *result)
{
	cleanup(tls_store_freep) struct tls_store *store = NULL;
	struct kept kept = { result->transcript, request->start_usec };
	uint64_t start;
	int fd, r;

	r = tls_store_new(&store);
	if (r < 0)
		return r;
	r = tls_store_load(store, request->plan.ca_file);
	if (r < 0) {
		(void)text_format(result->answer.detail, sizeof(result->answer.detail),
				  "CA file %s: %s", request->plan.ca_file,
				  r == -EBADMSG ? "there is no certificate in it" : strerror(-r));
		return r;
	}
	r = connect_to_any(request, list, result, &fd, &start);
	if (r > 0)
		tell_unreachable(result);
	if (r == 0)
		r = hold_and_close(request, store, fd, start, &kept, &result->answer);
	if (r == 0)
		try_header(request, store, &kept, result);
	if (r == 0 && request->injection_check && result->answer.complete &&
	    result->answer.tls_version[0])
		check_injection(request, store, &kept, result);
	return r;
}

int command_probe(int argc, char **argv)
{
	cleanup(freeaddrinfop) struct addrinfo *list = NULL;
	cleanup(json_decrefp) json_t *transcript = NULL;
	struct probe_request request = { 0 };
	struct probe_result result = { .target = request.target };
	char port[8];
	int r;

	trouble_watch_memory();
	r = probe_request_take(argc, argv, &request);
	if (r != 0)
		return r;
	if (request.verbose)
		result.transcript = transcript = json_array();
	introduce(&request);
	(void)text_format(port, sizeof(port), "%u", request.port);
	r = dns_lookup(request.host, port, 0, left_usec(&request), &list);
	if (r == 0)
		r = probe(&request, list, &result);
	else
		(void)text_copy(result.answer.detail, sizeof(result.answer.detail),
				gai_strerror(r));
	if (r < 0 && !result.answer.detail[0])
		(void)text_copy(result.answer.detail, sizeof(result.answer.detail), strerror(-r));
	result.plan = request.plan;
	result.warning = request.warning;
	result.critical = request.critical;
	if (!request.json)
		probe_show_text(&result);
	else if (probe_show_json(&result) < 0)
		printf("UNKNOWN - %s: %s\n", request.target, strerror(ENOMEM));
	return probe_show_exit(&result);
}
