// SPDX-License-Identifier: LGPL-2.1-or-later
/* hearken.conf and, below a line "== d", a file of hearken.conf.d; then its sections, laid over the policy. */
#include "fuzz_directory.h"

#include "intent/config/config_load.h"
#include "intent/merge/intent.h"
#include "intent/merge/intent_render.h"
#include "intent/merge/intent_read.h"

/* The library is built without base/spawn: what is read here starts no program. */
int spawn_run(const struct enter_process *inside, const char *const argv[], size_t max_output, uint64_t timeout_usec,
	      int *ret_status, char **ret_output)
{
	abort();
}

void spawn_show_status(int status, char *to, size_t size)
{
	abort();
}

static void claim_listener(const struct config_listener *listener)
{
	const struct service *service = &listener->service;

	claim(memchr(service->name, '\0', sizeof(service->name)) && *service->name);
	claim(!strpbrk(service->name, " \t\n"));
	claim(memchr(listener->where, '\0', sizeof(listener->where)));
	claim(!(listener->said & CONFIG_SAID_PORT) == !service->want.port);
	claim(!(listener->said & CONFIG_SAID_PROTOCOL) == !service->want.protocol);
	claim(!(listener->said & CONFIG_SAID_TLS) == !service->want.tls);
	claim(service->want.n_addresses <= SERVICE_ADDRESSES_MAX && service->want.published.n <= PUBLISHED_MAX);
	claim(memchr(service->server.unit, '\0', sizeof(service->server.unit)));
	claim(memchr(service->server.restart_command, '\0', sizeof(service->server.restart_command)));
	claim(!*service->server.restart_command || *service->server.restart_command == '/');
	claim(trust_is_valid(&service->want.trust));
	claim_files(service->server.certificate, service->server.key);
}

static void claim_config(const struct config *config)
{
	claim(config->n_listeners <= CONFIG_LISTENERS_MAX && config->n_sources <= SOURCES_MAX);
	for (size_t i = 0; i < config->n_sources; i++)
		claim(memchr(config->sources[i].path, '\0', SOURCE_PATH_SIZE));
	claim(config->probe_interval_usec >= USEC_PER_SEC && config->probe_timeout_usec >= 100 * USEC_PER_MSEC);
	claim(config->repair >= CONFIG_REPAIR_OFF && config->repair <= CONFIG_REPAIR_RESTART);
	claim(config->repair_limit <= 1000 && config->repair_window_usec >= USEC_PER_SEC);
	claim(*config->status == '/' && *config->state == '/');
	claim(!*config->hook || *config->hook == '/');
	claim(!*config->netns || !*config->container);
	claim(trust_is_valid(&config->trust));
	for (size_t i = 0; i < config->n_listeners; i++) {
		claim_listener(&config->listeners[i]);
		for (size_t j = 0; j < i; j++)
			claim(strcmp(config->listeners[i].service.name, config->listeners[j].service.name) != 0);
	}
}

static void claim_intent(struct config *config)
{
	struct intent intent = { 0 };
	char line[INTENT_RENDER_SIZE];

	/* The files of this machine are no part of it. */
	config->sources_auto = false;
	config->n_sources = 1;
	config->sources[0].kind = SOURCE_MAILU;
	(void)text_format(config->sources[0].path, SOURCE_PATH_SIZE, "%s/mailu.env", fuzz_root);
	claim(intent_merge(config, NULL, NULL, &intent) == 0);
	claim_complaints(&intent.complaints);
	claim(intent.n_sources == 1 && intent.sources[0].state == SOURCE_READ && intent.services.n >= 6);
	for (size_t i = 0; i < intent.services.n; i++) {
		const struct service *service = &intent.services.list[i];

		claim(service_set_find(&intent.services, service->want.port) == service);
		claim(service_set_find_name(&intent.services, service->name) == service);
		claim(service->want.port && service->want.protocol && service->want.tls);
		claim(i == 0 || service[-1].want.port < service->want.port);
		(void)intent_render_line(&intent, service, line, sizeof(line));
	}
	intent_clear(&intent);
}

static void fuzz(const uint8_t *data, size_t size)
{
	static const char env[] = "TLS_FLAVOR=cert\nPORTS=25,587,993\n";
	static int main_fd = -1, more_fd;
	cleanup(memory_freep) char *text = fuzz_text(data, size, "");
	cleanup(memory_freep) char *more = fuzz_section(text, "d", false);
	cleanup(memory_freep) struct config *config = malloc(sizeof(*config)), *before = malloc(sizeof(*config));
	struct complaints complaints = { 0 };
	char path[PATH_MAX];
	int r;

	if (main_fd < 0) {
		fuzz_root_make();
		main_fd = fuzz_file_make("hearken.conf");
		more_fd = fuzz_file_make("hearken.conf.d/10.conf");
		fuzz_file_write(fuzz_file_make("mailu.env"), env, strlen(env));
	}
	size -= *more ? strlen(more) + strlen("== d\n") : 0;
	fuzz_file_write(main_fd, text, size);
	fuzz_file_write(more_fd, more, strlen(more));
	(void)text_format(path, sizeof(path), "%s/hearken.conf", fuzz_root);
	memset(config, 0xa5, sizeof(*config));
	memset(before, 0xa5, sizeof(*before));
	r = config_load(path, config, &complaints);
	claim_complaints(&complaints);
	if (r < 0) {
		claim(r == -EINVAL && complaints.n_errors > 0);
		claim(memcmp(config, before, sizeof(*config)) == 0);
		return;
	}
	claim(complaints.n_errors == 0);
	claim_config(config);
	claim_intent(config);
	config_clear(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fuzz_is_input(data, size))
		return -1;
	fuzz(data, size);
	return 0;
}
