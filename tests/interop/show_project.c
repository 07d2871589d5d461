// SPDX-License-Identifier: LGPL-2.1-or-later
/* What we make of a compose project, as lines that can be compared with "docker compose config":
 * "E KEY "VALUE"" of the product's container, and "P SERVICE ADDRESS HOST-PORT PORT" of all. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "intent/declared/project.h"

static void show_environment(const struct envfile *file)
{
	for (size_t i = 0; i < file->n_list; i++) {
		const struct envfile_variable *variable = &file->list[i];
		json_t *value = json_string(variable->value);
		char *text = json_dumps(value, JSON_ENCODE_ANY);

		if (envfile_find(file, variable->key) == variable)
			printf("E %s %s\n", variable->key, text ? text : "?");
		free(text);
		json_decref(value);
	}
}

static void show_ports(const struct compose *compose)
{
	for (size_t i = 0; compose && i < compose->n_ports; i++) {
		const struct compose_port *port = &compose->ports[i];
		char address[ADDRESS_TEXT_SIZE] = "-";

		if (port->has_address)
			address_show(&port->address, address);
		printf("P %s %s %u %u\n", compose->services[port->service].name, address, port->host_port, port->port);
	}
}

int main(int argc, char **argv)
{
	static const struct project_sign sign = { "nginx", "front" };
	cleanup(project_clear) struct project project = { 0 };
	cleanup(envfile_clear) struct envfile file = { 0 };
	cleanup(memory_freep) char *text = NULL;
	struct complaints complaints = { 0 };
	size_t size;

	if (argc != 2 || file_read(argv[1], 1 << 20, &text, &size) < 0 ||
	    project_read("", argv[1], NULL, &project, &complaints) < 0 ||
	    project_environment(&project, project_service(&project, argv[1], &sign), argv[1], text, size, &file,
				&complaints) < 0)
		return 1;
	show_environment(&file);
	show_ports(project.compose);
	for (size_t i = 0; i < complaints.n; i++)
		fprintf(stderr, "%s\n", complaints.list[i].text);
	return 0;
}
