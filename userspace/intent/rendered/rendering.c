// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/rendering.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool rendering_add_address(struct service *service, const struct address *address)
{
	for (size_t i = 0; i < service->want.n_addresses; i++)
		if (address_equal(&service->want.addresses[i], address))
			return true;
	if (service->want.n_addresses == SERVICE_ADDRESSES_MAX)
		return false;
	service->want.addresses[service->want.n_addresses++] = *address;
	return true;
}

/* Where one of the two may listen anywhere, so may both. */
static void unite_addresses(struct service *service, const struct service *other)
{
	if (service->want.n_addresses == 0)
		return;
	if (other->want.n_addresses == 0)
		service->want.n_addresses = 0;
	for (size_t i = 0; i < other->want.n_addresses; i++)
		(void)rendering_add_address(service, &other->want.addresses[i]);
}

bool rendering_collides(const struct service *a, const struct service *b)
{
	for (size_t i = 0; i < a->want.n_addresses; i++) {
		for (size_t j = 0; j < b->want.n_addresses; j++) {
			const struct address *left = &a->want.addresses[i],
					     *right = &b->want.addresses[j];

			if (left->family && right->family && left->family != right->family)
				continue;
			if (address_equal(left, right) || address_is_wildcard(left) ||
			    address_is_wildcard(right))
				return true;
		}
	}
	return false;
}

enum tls_mode rendering_offered(enum protocol protocol)
{
	return protocol == PROTOCOL_SMTP || protocol == PROTOCOL_LMTP ? TLS_STARTTLS_OPTIONAL
								      : TLS_STARTTLS;
}

int rendering_add(struct rendering *rendering, enum source_kind source, const char *name,
		  const struct service *wanted)
{
	const struct well_known *known = well_known_port(wanted->want.port);
	struct service *service = service_set_find(&rendering->services, wanted->want.port);

	if (service) {
		int r = rendering_collides(service, wanted) ? -EADDRINUSE : 0;

		unite_addresses(service, wanted);
		return r;
	}
	service = service_set_add(&rendering->services);
	if (!service)
		return -ENOMEM;
	*service = *wanted;
	if (known && known->protocol == wanted->want.protocol)
		(void)text_copy(service->name, sizeof(service->name), known->name);
	else
		(void)text_format(service->name, sizeof(service->name), "%.50s-%u", name,
				  wanted->want.port);
	text_sanitize(service->name);
	service->expected = true;
	service->provenance.rendered = RENDERED_YES;
	service->provenance.sources = 1u << source;
	return 0;
}

void rendering_add_files(char *certificates, char *keys, const char *certificate, const char *key)
{
	const char *line = certificates[0] ? "\n" : "";

	if (strcmp(certificate, key) == 0 || key[0] != '/')
		key = ""; /* it is in the certificate's file */
	if (strchr(certificate, '\n') || strchr(key, '\n'))
		return; /* it would be taken for two */
	if (certificate[0] != '/' ||
	    strlen(certificates) + strlen(certificate) + 2 > SERVICE_FILES_SIZE ||
	    strlen(keys) + strlen(key) + 2 > SERVICE_FILES_SIZE)
		return;
	(void)text_append(certificates, SERVICE_FILES_SIZE, "%s%s", line, certificate);
	(void)text_append(keys, SERVICE_FILES_SIZE, "%s%s", line, key);
}

void rendering_add_certificate(struct rendering *rendering, const struct certificate_files *files)
{
	struct certificate_files *more;

	if (!files->certificate[0] || rendering->n_certificates == RENDERING_CERTIFICATES_MAX)
		return;
	more = reallocarray(rendering->certificates, rendering->n_certificates + 1, sizeof(*more));
	if (!more)
		return;
	rendering->certificates = more;
	more[rendering->n_certificates++] = *files;
}

static const struct certificate_files *files_of(const struct rendering *rendering,
						enum protocol protocol)
{
	for (size_t i = 0; i < rendering->n_certificates; i++) {
		const struct certificate_files *files = &rendering->certificates[i];

		if (!files->name[0] && files->protocol == protocol)
			return files;
	}
	return NULL;
}

/* The first keys of @all, one for each of the certificates. */
static void inherit_keys(struct service *service, const char *all)
{
	const char *end = all + strcspn(all, "\n");

	for (const char *s = service->server.certificate; *end && (s = strchr(s, '\n')); s++)
		end += 1 + strcspn(end + 1, "\n");
	(void)text_format(service->server.key, sizeof(service->server.key), "%.*s",
			  (int)(end - all), all);
}

/* Whoever asks by such a name is served these, and they go stale as any other. What finds no room
 * is left out. */
static void add_named(const struct rendering *rendering, struct service *service)
{
	char certificate[SERVICE_FILES_SIZE], key[SERVICE_FILES_SIZE];

	for (size_t i = 0; i < rendering->n_certificates; i++) {
		const struct certificate_files *files = &rendering->certificates[i];
		const char *certificates = files->certificate, *keys = files->key;

		/* Without a key it has that of something around it, and which is not known. */
		if (!files->name[0] || !files->key[0] ||
		    (files->protocol != PROTOCOL_UNSET &&
		     files->protocol != service->want.protocol))
			continue;
		while (text_line(&certificates, certificate, sizeof(certificate))) {
			(void)text_line(&keys, key, sizeof(key));
			rendering_add_files(service->server.certificate, service->server.key,
					    certificate, key);
		}
	}
}

void rendering_assign_certificates(struct rendering *rendering)
{
	for (size_t i = 0; i < rendering->services.n; i++) {
		struct service *service = &rendering->services.list[i];
		const struct certificate_files *files = files_of(rendering, service->want.protocol);
		const struct certificate_files *all = files_of(rendering, PROTOCOL_UNSET);

		if (!files)
			files = all;
		if (service->want.tls == TLS_NONE)
			continue;
		if (files && !service->server.certificate[0]) {
			memcpy(service->server.certificate, files->certificate,
			       sizeof(service->server.certificate));
			memcpy(service->server.key, files->key, sizeof(service->server.key));
			if (!files->key[0] && all)
				inherit_keys(service, all->key);
		}
		if (service->server.certificate[0])
			add_named(rendering, service);
	}
}

int rendering_copy(const struct rendering *rendering, struct rendering *ret)
{
	struct rendering copy = { .tls_on = rendering->tls_on,
				  .has_submission = rendering->has_submission,
				  .is_new_syntax = rendering->is_new_syntax };

	for (size_t i = 0; i < rendering->services.n; i++) {
		struct service *service = service_set_add(&copy.services);

		if (!service) {
			service_set_clear(&copy.services);
			return -ENOMEM;
		}
		*service = rendering->services.list[i];
	}
	*ret = copy;
	return 0;
}

void rendering_clear(struct rendering *rendering)
{
	service_set_clear(&rendering->services);
	free(rendering->certificates);
	memset(rendering, 0, sizeof(*rendering));
}
