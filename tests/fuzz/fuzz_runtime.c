// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a container runtime answers: the head of an answer, and every JSON that is read. */
#include "fuzz.h"

#include "observe/runtime/http.h"
#include "observe/runtime/podman.h"
#include "observe/runtime/word.h"

static void claim_container(const struct container *container)
{
	char text[CONTAINER_DETAIL_SIZE];

	claim(strlen(container->id) == 64);
	claim_printable(container->name, sizeof(container->name));
	claim_printable(container->image, sizeof(container->image));
	claim_printable(container->project, sizeof(container->project));
	claim_printable(container->directory, sizeof(container->directory));
	claim_printable(container->config_files, sizeof(container->config_files));
	claim_printable(container->unit, sizeof(container->unit));
	claim_printable(container->network, sizeof(container->network));
	claim(container->n_ports <= CONTAINER_PORTS_MAX);
	claim(container->pid >= 0 && container->exit_code >= 0);
	for (size_t i = 0; i < container->n_ports; i++)
		claim(container->ports[i].port && container->ports[i].host_port);
	container_tell(container, text);
	claim_printable(text, sizeof(text));
	container_remedy(container, text);
	claim_printable(text, sizeof(text));
}

static void fuzz(const char *text, size_t n)
{
	static struct runtime_list list;
	struct container container;
	struct runtime_event event;

	if (runtime_word_inspect(text, n, &container) == 0)
		claim_container(&container);
	if (runtime_word_stored(text, n, text, n, &container) == 0)
		claim_container(&container);
	if (runtime_word_list(text, n, &list) == 0)
		for (size_t i = 0; i < list.n; i++)
			claim(strlen(list.ids[i]) == 64);
	if (runtime_word_event(text, n, &event) == 0) {
		struct container other = { .state = CONTAINER_RUNNING };

		claim(strlen(event.id) == 64);
		runtime_word_apply(&event, &other);
		podman_apply(&event, &other);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_answer head;

	if (http_answer_parse((const char *)data, size, &head) == 0) {
		claim(head.body <= size && head.status < 1000);
		fuzz((const char *)data + head.body, size - head.body);
	}
	fuzz((const char *)data, size);
	return 0;
}
