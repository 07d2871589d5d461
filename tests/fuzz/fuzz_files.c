// SPDX-License-Identifier: LGPL-2.1-or-later
/* What container runtimes and processes leave lying about, and files that include each other. Sections: "docker"
 * (config.v2.json), "podman" (containers.json), "environ" and "cgroup" (of a process), "main", "a" and "b" (of a
 * configuration in one directory). */
#include "fuzz_directory.h"

#include "intent/declared/discover.h"
#include "intent/rendered/include.h"
#include "observe/owner/container.h"

#define ID     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PODMAN "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"

static struct {
	const char *section, *path;
	int fd;
} files[] = {
	{ "docker", "var/lib/docker/containers/" ID "/config.v2.json", -1 },
	{ "podman", "var/lib/containers/storage/overlay-containers/containers.json", -1 },
	{ "environ", "proc/1/environ", -1 },
	{ "cgroup", "proc/1/cgroup", -1 },
	{ "main", "etc/main.conf", -1 },
	{ "a", "etc/a.conf", -1 },
	{ "b", "etc/b.conf", -1 },
	{ "nothing", "mailu/mailu.env", -1 },
};

static void claim_names(void)
{
	static const char *const ids[] = { ID, PODMAN, "0123", "../../x" };
	struct container_names names = { .n = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		char name[CONTAINER_NAME_SIZE];

		container_name(&names, fuzz_root, ids[i], name);
		claim_clean(name, sizeof(name));
		claim(i < 2 || !*name);
	}
}

static void claim_discovery(void)
{
	struct discovery *discovery = malloc(sizeof(*discovery));

	claim(discovery);
	claim(discover(fuzz_root, discovery) == 0);
	claim(discovery->n <= DISCOVER_MAX);
	claim_clean(discovery->unreadable, sizeof(discovery->unreadable));
	for (size_t i = 0; i < discovery->n; i++) {
		claim(memchr(discovery->list[i].path, '\0', SOURCE_PATH_SIZE) && *discovery->list[i].path == '/');
		claim_clean(discovery->list[i].why, SOURCE_WHY_SIZE);
	}
	free(discovery);
}

static void claim_includes(void)
{
	cleanup(memory_freep) char *text = NULL;
	struct complaints complaints = { 0 };
	struct include_map map = { .n = 0 };
	cleanup(fd_closep) int root = open(fuzz_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = include_read(root, "/etc/main.conf", &text, &complaints);

	claim_complaints(&complaints);
	claim(r == 0 || complaints.n_errors > 0);
	claim(!r == !!text);
	if (text)
		include_map_parse(text, strlen(text), &map);
	claim(r < 0 || map.n > 0);
}

static void fuzz(const uint8_t *data, size_t size)
{
	cleanup(memory_freep) char *text = fuzz_text(data, size, "");
	bool leads_away = false;

	if (!*fuzz_root) {
		fuzz_root_make();
		for (size_t i = 0; i < ARRAY_SIZE(files); i++)
			files[i].fd = fuzz_file_make(files[i].path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup(memory_freep) char *section = fuzz_section(text, files[i].section, i == 0);

		/* In the environment, lines end with a NUL. */
		size = strlen(section);
		for (char *s = section; s < section + size && i == 2; s++)
			*s = *s == '\n' ? '\0' : *s;
		fuzz_file_write(files[i].fd, section, size);
		leads_away |= i >= 4 && memchr(section, '/', size);
	}
	claim_names();
	claim_discovery();
	if (!leads_away) /* the machine's own files are no part of it */
		claim_includes();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fuzz_is_input(data, size))
		return -1;
	fuzz(data, size);
	return 0;
}
