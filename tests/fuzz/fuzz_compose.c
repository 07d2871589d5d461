// SPDX-License-Identifier: LGPL-2.1-or-later
/* docker-compose.yml and, below a line "== override", its override; and what is made of them beside an env file. */
#include "fuzz_reader.h"

#include "intent/declared/compose.h"
#include "intent/declared/envfile.h"
#include "intent/declared/mailcow.h"
#include "intent/declared/mailu.h"
#include "intent/declared/published.h"

#define SECRETS "x-environment: {DB_PASSWORD: " FUZZ_SECRET "}\n"

static const char *lookup(const char *name, size_t n, const void *userdata)
{
	return n == 1 && *name == 'P' ? "587" : n == 1 && *name == 'E' ? "" : n == 1 && *name == 'L' ? userdata : NULL;
}

static const char *variable(uint16_t port)
{
	return port == 587 ? "PORTS" : "ENABLE_IMAP";
}

static void claim_compose(const struct compose *compose)
{
	claim(compose->n_services <= COMPOSE_SERVICES_MAX && compose->n_ports <= COMPOSE_PORTS_MAX);
	for (size_t i = 0; i < compose->n_services; i++) {
		claim(memchr(compose->services[i].name, '\0', COMPOSE_NAME_SIZE));
		claim(memchr(compose->services[i].image, '\0', COMPOSE_IMAGE_SIZE));
	}
	for (size_t i = 0; i < compose->n_ports; i++) {
		const struct compose_port *port = &compose->ports[i];

		claim(port->service < compose->n_services && port->port > 0 && port->line > 0);
		claim(!port->has_address || port->address.family);
		claim(strcmp(port->file, "f") == 0);
	}
}

static void claim_published(const struct compose *compose)
{
	static const char env[] = "TLS_FLAVOR=cert\nPORTS=25,587,993\nMAILCOW_HOSTNAME=m\nIMAP_PORT=127.0.0.1:1430\n";
	struct complaints complaints = { 0 };
	struct mailcow mailcow = { 0 };
	struct mailu mailu = { 0 };

	claim(mailu_parse(env, strlen(env), "f", &mailu, &complaints) == 0);
	published_check(compose, &mailu.services, "f", compose->n_ports & 1, variable, &complaints);
	claim(published_to_host(compose, &mailu.services) == 0);
	claim_complaints(&complaints);
	claim_services(&mailu.services);
	mailu_clear(&mailu);
	memset(&complaints, 0, sizeof(complaints));
	claim(mailcow_parse(env, strlen(env), "f", &mailcow, &complaints) == 0);
	claim(published_apply(compose, &mailcow.services, &complaints) == 0);
	claim_complaints(&complaints);
	claim_services(&mailcow.services);
	mailcow_clear(&mailcow);
	(void)mailu_version_parse(compose_image_tag(compose, "nginx") ? compose_image_tag(compose, "nginx") : "");
}

static void fuzz(const uint8_t *data, size_t size)
{
	static char value[2048];
	cleanup(memory_freep) char *text = fuzz_text(data, size, "");
	cleanup(memory_freep) char *override = fuzz_section(text, "override", false);
	cleanup(compose_freep) struct compose *compose = calloc(1, sizeof(*compose));
	struct complaints complaints = { 0 };
	int r;

	memset(value, '1', sizeof(value) - 1);
	/* What the text is without its override, NULs and all. */
	size -= *override ? strlen(override) + strlen("== override\n") : 0;
	claim(compose);
	r = compose_parse(text, size, "f", lookup, value, compose, &complaints);
	claim(r == 0 || (r == -EINVAL && complaints.n_errors > 0));
	claim_complaints(&complaints);
	claim_compose(compose);
	if (*override) {
		cleanup(memory_freep) char *whole = fuzz_text((const uint8_t *)SECRETS, strlen(SECRETS), override);

		r = compose_parse(whole, strlen(whole), "f", lookup, value, compose, &complaints);
	}
	claim_complaints(&complaints);
	claim_compose(compose);
	claim_published(compose);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fuzz_is_input(data, size))
		return -1;
	fuzz(data, size);
	return 0;
}
