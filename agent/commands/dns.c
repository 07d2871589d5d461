// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/dns.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

struct request { /* the resolver's thread reads it for as long as it likes */
	struct gaicb gaicb;
	struct addrinfo hints;
	char *host;
	char *service;
};

static void request_free(struct request *request)
{
	if (!request)
		return;
	free(request->host);
	free(request->service);
	free(request);
}

DEFINE_FREEP(struct request, request_free)

static struct request *request_new(const char *host, const char *service, int flags)
{
	cleanup(request_freep) struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->hints = (struct addrinfo){ .ai_socktype = SOCK_STREAM, .ai_flags = flags };
	request->host = strdup(host);
	request->service = service ? strdup(service) : NULL;
	if (!request->host || (service && !request->service))
		return NULL;
	request->gaicb = (struct gaicb){ .ar_name = request->host,
					 .ar_service = request->service,
					 .ar_request = &request->hints };
	return TAKE_PTR(request);
}

static int wait_for(const struct request *request, uint64_t timeout_usec)
{
	const struct gaicb *list[] = { &request->gaicb };
	struct timespec left = { .tv_sec = (time_t)(timeout_usec / USEC_PER_SEC),
				 .tv_nsec = (long)(timeout_usec % USEC_PER_SEC * NSEC_PER_USEC) };
	int r;

	do /* a signal begins the wait anew; none is expected here */
		r = gai_suspend(list, 1, &left);
	while (r == EAI_INTR);
	return gai_error((struct gaicb *)&request->gaicb);
}

int dns_lookup(const char *host, const char *service, int flags, uint64_t timeout_usec,
	       struct addrinfo **ret)
{
	const struct addrinfo numeric = { .ai_socktype = SOCK_STREAM,
					  .ai_flags = flags | AI_NUMERICHOST };
	struct request *request;
	struct gaicb *list[1];
	int r;

	/* An address needs no resolver, and no thread. */
	if (getaddrinfo(host, service, &numeric, ret) == 0)
		return 0;
	request = request_new(host, service, flags);
	if (!request)
		return EAI_MEMORY;
	list[0] = &request->gaicb;
	r = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (r == 0)
		r = wait_for(request, timeout_usec);
	if (r == EAI_INPROGRESS)
		return EAI_AGAIN; /* the thread still has the request */
	if (r == 0)
		*ret = request->gaicb.ar_result;
	request_free(request);
	return r;
}
