/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fuzzers of readers share: text in, services and complaints out. Each input has FUZZ_SECRET added
 * where its grammar keeps passwords, which no complaint may repeat. libFuzzer learns the word and puts it
 * elsewhere, so an input that has it is none (fuzz_is_input()). */
#ifndef FUZZ_READER_H
#define FUZZ_READER_H

#include "fuzz.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/complaints.h"
#include "base/text.h"
#include "intent/rendered/rendering.h"

#define FUZZ_SECRET "hUnTeR2xYz"
#define FUZZ_SERVICES                                                           \
	"smtp 25/tcp mail\nsubmission 587/tcp # x\nsubmissions 465/tcp smtps\n" \
	"odd 70000/tcp\nlmtp 24/udp\n"

/* Without what libFuzzer looks at, so that it learns nothing here. */
__attribute__((no_sanitize("coverage"))) static inline bool fuzz_has_secret(const char *s, size_t size)
{
	for (size_t i = 0; i + strlen(FUZZ_SECRET) <= size; i++) {
		size_t n = 0;

		while (n < strlen(FUZZ_SECRET) && s[i + n] == FUZZ_SECRET[n])
			n++;
		if (n == strlen(FUZZ_SECRET))
			return true;
	}
	return false;
}

static inline bool fuzz_is_input(const uint8_t *data, size_t size)
{
	return !fuzz_has_secret((const char *)data, size);
}

/* The input and @more as one text with a NUL behind it, exactly as long, so that reading on is seen. */
static inline char *fuzz_text(const uint8_t *data, size_t size, const char *more)
{
	char *text = malloc(size + strlen(more) + 1);

	claim(text);
	if (size)
		memcpy(text, data, size);
	memcpy(text + size, more, strlen(more) + 1);
	return text;
}

/* A copy of what stands below the line "== NAME", up to the next such line; empty when there is none. Without
 * any such line it is all of @text, for the first name that is asked for. */
static inline char *fuzz_section(const char *text, const char *name, bool is_first)
{
	char header[32];
	const char *start = text, *end;

	(void)text_format(header, sizeof(header), "== %s\n", name);
	while (start && !text_starts_with(start, header)) {
		start = strstr(start, "\n== ");
		start = start ? start + 1 : NULL;
	}
	if (!start)
		return strdup(is_first && !text_starts_with(text, "== ") && !strstr(text, "\n== ") ? text : "");
	start += strlen(header);
	end = text_starts_with(start, "== ") ? start : strstr(start, "\n== ");
	return end ? strndup(start, (size_t)(end - start)) : strdup(start);
}

/* Fit for the journal: ended, one line, UTF-8, no control characters. */
static inline void claim_clean(const char *s, size_t size)
{
	char *copy;

	claim_printable(s, size);
	copy = strdup(s);
	claim(copy);
	text_sanitize(copy);
	claim(strcmp(copy, s) == 0);
	free(copy);
}

static inline void claim_complaints(const struct complaints *complaints)
{
	size_t errors = 0;

	claim(complaints->n <= COMPLAINTS_MAX);
	for (size_t i = 0; i < complaints->n; i++) {
		const struct complaint *complaint = &complaints->list[i];

		claim_clean(complaint->text, sizeof(complaint->text));
		claim(*complaint->text);
		claim(!fuzz_has_secret(complaint->text, strlen(complaint->text)));
		errors += complaint->is_error;
	}
	claim(complaints->n_errors >= errors && complaints->n_warnings >= complaints->n - errors);
	claim(complaints->n == COMPLAINTS_MAX || complaints->n == complaints->n_errors + complaints->n_warnings);
}

static inline void claim_addresses(const struct address *addresses, size_t n)
{
	claim(n <= SERVICE_ADDRESSES_MAX);
	for (size_t i = 0; i < n; i++) {
		claim(addresses[i].family == 0 || addresses[i].family == AF_INET || addresses[i].family == AF_INET6);
		claim(addresses[i].family || address_is_wildcard(&addresses[i]));
		for (size_t j = 0; j < i; j++)
			claim(!address_equal(&addresses[i], &addresses[j]));
	}
}

/* Absolute paths, and as many lines of keys. */
static inline void claim_files(const char *certificate, const char *key)
{
	size_t lines = 0, keys = 0;

	claim(memchr(certificate, '\0', SERVICE_FILES_SIZE) && memchr(key, '\0', SERVICE_FILES_SIZE));
	for (const char *s = certificate; *s; s++) {
		claim((s > certificate && s[-1] != '\n') || *s == '/');
		lines += *s == '\n';
	}
	for (const char *s = key; *s; s++) {
		claim((s > key && s[-1] != '\n') || *s == '/' || *s == '\n');
		keys += *s == '\n';
	}
	claim(keys <= lines || !*certificate);
	claim(!fuzz_has_secret(certificate, strlen(certificate)) && !fuzz_has_secret(key, strlen(key)));
}

static inline void claim_service(const struct service *service)
{
	claim_clean(service->name, sizeof(service->name));
	claim(*service->name);
	claim(service->want.port > 0);
	claim(service->want.protocol > PROTOCOL_UNSET && service->want.protocol < PROTOCOL_COUNT);
	claim(service->want.tls > TLS_UNSET && service->want.tls < TLS_MODE_COUNT);
	claim(service->want.proxy_header <= PROXY_HEADER_V1);
	claim_addresses(service->want.addresses, service->want.n_addresses);
	claim_files(service->server.certificate, service->server.key);
	claim(service->provenance.sources && service->provenance.sources < 1u << SOURCE_KIND_COUNT);
}

/* No port and no name twice. */
static inline void claim_services(const struct service_set *set)
{
	claim(set->n <= SERVICES_MAX);
	for (size_t i = 0; i < set->n; i++) {
		claim_service(&set->list[i]);
		claim(service_set_find(set, set->list[i].want.port) == &set->list[i]);
		claim(service_set_find_name(set, set->list[i].name) == &set->list[i]);
	}
}

/* A reader of rendered configuration came back with @r: *@rendering is good, or untouched. Releases it. */
static inline void claim_rendering(int r, struct rendering *rendering, enum source_kind source,
				   const struct complaints *complaints)
{
	static const struct rendering untouched;

	claim(r == 0 || r == -EINVAL);
	claim_complaints(complaints);
	if (r < 0) {
		claim(complaints->n_errors > 0);
		claim(memcmp(rendering, &untouched, sizeof(untouched)) == 0);
		return;
	}
	claim_services(&rendering->services);
	claim(rendering->services.n <= RENDERING_LISTENERS_MAX);
	for (size_t i = 0; i < rendering->services.n; i++) {
		const struct service *service = &rendering->services.list[i];

		claim(service->expected && service->provenance.rendered == RENDERED_YES &&
		      service->provenance.sources == 1u << source);
		claim(i == 0 || service[-1].want.port < service->want.port);
	}
	claim(rendering->n_certificates <= RENDERING_CERTIFICATES_MAX);
	for (size_t i = 0; i < rendering->n_certificates; i++) {
		claim(memchr(rendering->certificates[i].name, '\0', SERVICE_NAME_SIZE));
		claim(rendering->certificates[i].protocol < PROTOCOL_COUNT);
		claim_files(rendering->certificates[i].certificate, rendering->certificates[i].key);
	}
	rendering_clear(rendering);
}

#endif
