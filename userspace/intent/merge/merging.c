// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/merging.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

struct source *merging_add_source(struct merging *merging, enum source_kind kind, const char *path)
{
	struct intent *intent = merging->intent;
	struct source *source;

	if (intent->n_sources == SOURCES_MAX)
		return NULL;
	source = &intent->sources[intent->n_sources++];
	source->kind = kind;
	(void)text_copy(source->path, sizeof(source->path), path);
	return source;
}

static int merge_service(struct service_set *set, const struct service *weaker)
{
	struct service *service = service_set_find(set, weaker->want.port);

	if (!service) {
		bool taken = service_set_find_name(set, weaker->name) != NULL;

		service = service_set_add(set);
		if (!service)
			return -ENOMEM;
		*service = *weaker;
		if (taken)
			(void)text_format(service->name, sizeof(service->name), "%.50s-%u",
					  weaker->name, weaker->want.port);
		return 0;
	}
	if (service->want.protocol == PROTOCOL_UNSET)
		service->want.protocol = weaker->want.protocol;
	if (service->want.tls == TLS_UNSET)
		service->want.tls = weaker->want.tls;
	if (service->want.n_addresses == 0) {
		memcpy(service->want.addresses, weaker->want.addresses,
		       sizeof(service->want.addresses));
		service->want.n_addresses = weaker->want.n_addresses;
	}
	if (!service->server.certificate[0]) {
		memcpy(service->server.certificate, weaker->server.certificate,
		       sizeof(service->server.certificate));
		memcpy(service->server.key, weaker->server.key, sizeof(service->server.key));
		service->server.files_pid = weaker->server.files_pid;
		service->server.files_mntns = weaker->server.files_mntns;
	}
	if (service->want.proxy_header == PROXY_HEADER_NO)
		service->want.proxy_header =
			weaker->want.proxy_header; /* what a server asks for, it gets */
	service->provenance.sources |= weaker->provenance.sources;
	return 0;
}

int merging_take(struct merging *merging, const struct source *source,
		 const struct service_set *weaker)
{
	struct intent *intent = merging->intent;
	int index = (int)(source - intent->sources);

	for (size_t i = 0; i < weaker->n; i++) {
		int r = statements_add(&intent->statements, source->kind, index, &weaker->list[i]);

		if (r >= 0)
			r = merge_service(&intent->services, &weaker->list[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

void merging_tell_last_word(struct source *source)
{
	complain_warning(&source->complaints,
			 "%s: what it said before still holds, until it can be read again",
			 source->path);
}
