// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/command_bug_report.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "agent/commands/anonymous.h"
#include "agent/commands/commands.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "report/history.h"

/* Of each file so much, the end of it. */
#define STATUS_BYTES  (1024 * 1024)
#define HISTORY_TAIL  (64 * 1024)
#define RECORD_TAIL   (1024 * 1024)
#define RELEASE_BYTES 4096

const char command_bug_report_options[] =
	"  -c, --config FILE      read FILE, not /etc/hearken/hearken.conf\n"
	"  -o, --output FILE      write FILE (mode 0600), not to standard output\n";

struct options {
	const char *config, *output;
};

static int take_options(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "output", required_argument, NULL, 'o' },
		{ 0 },
	};
	int c;

	*ret = (struct options){ 0 };
	while ((c = getopt_long(argc, argv, "c:o:", options, NULL)) != -1) {
		if (c == 'c')
			ret->config = optarg;
		else if (c == 'o')
			ret->output = optarg;
		else
			return usage_wrong(argv[0]);
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "%s: \"%s\" is one word too many\n", argv[0], argv[optind]);
	return usage_wrong(argv[0]);
}

static void begin(FILE *out, const char *what)
{
	fprintf(out, "\n== %s\n", what);
}

/* The last @max bytes, from the beginning of a line on. */
static int read_tail(const char *path, size_t max, char **ret)
{
	cleanup(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cleanup(memory_freep) char *text = malloc(max + 1);
	struct stat st;
	ssize_t n;
	off_t from;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!text)
		return -ENOMEM;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	from = st.st_size > (off_t)max ? st.st_size - (off_t)max : 0;
	n = pread(fd, text, max, from);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (from > 0) {
		const char *line = strchr(text, '\n');
		size_t size = line ? strlen(line + 1) : 0;

		memmove(text, line ? line + 1 : text, size);
		text[size] = '\0';
	}
	*ret = TAKE_PTR(text);
	return 0;
}

static void put_file(FILE *out, const char *what, const char *path, size_t max)
{
	cleanup(memory_freep) char *text = NULL;
	int r;

	begin(out, what);
	r = read_tail(path, max, &text);
	if (r < 0) {
		fprintf(out, "(%s: %s)\n", path, strerror(-r));
		return;
	}
	text_sanitize_lines(text);
	fputs(text, out);
	if (*text && text[strlen(text) - 1] != '\n')
		putc('\n', out);
}

static void put_versions(FILE *out)
{
	struct utsname name;

	begin(out, "versions");
	fprintf(out, "hearken " HEARKEN_VERSION "\n");
	if (uname(&name) == 0)
		fprintf(out, "%s %s %s\n", name.sysname, name.release, name.machine);
}

static void put_all(FILE *out, const struct config *config)
{
	char path[PATH_MAX];

	fputs("A report on Hearken: names of people and arguments of restart-commands are left "
	      "out.\n"
	      "Please read it before you send it.\n",
	      out);
	put_versions(out);
	put_file(out, "system", "/etc/os-release", RELEASE_BYTES);
	put_file(out, "status", config->status, STATUS_BYTES);
	(void)text_format(path, sizeof(path), "%s/" HISTORY_FILE_NAME, config->state);
	put_file(out, "history", path, HISTORY_TAIL);
	if (*config->record)
		put_file(out, "facts", config->record, RECORD_TAIL);
	else {
		begin(out, "facts");
		fputs("(none are kept: \"record = FILE\" in hearken.conf does)\n", out);
	}
}

/* What must not be told of @config is known to the services that it has. */
static int make_report(const struct config *config, char **ret)
{
	cleanup(memory_freep) struct people *people = calloc(1, sizeof(*people));
	cleanup(memory_freep) char *text = NULL;
	struct service_set services = { 0 };
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r = people && out ? 0 : -ENOMEM;

	for (size_t i = 0; i < config->n_listeners && r >= 0; i++) {
		struct service *service = service_set_add(&services);

		if (service)
			*service = config->listeners[i].service;
		else
			r = -ENOMEM;
	}
	if (r >= 0) {
		anonymous_people(people);
		put_all(out, config);
	}
	if (out && fclose(out) != 0)
		r = -ENOMEM;
	if (r >= 0)
		r = anonymous_text(people, &services, text, ret);
	service_set_clear(&services);
	return r;
}

static int put_out(const char *text, const char *output)
{
	int r = 0;

	if (!output) {
		fputs(text, stdout);
		return fflush(stdout) == 0 ? 0 : log_error(-errno, "Cannot write the report");
	}
	r = file_replace(output, text, strlen(text), 0600);
	return r < 0 ? log_error(r, "Cannot write %s", output) : 0;
}

int command_bug_report(int argc, char **argv)
{
	cleanup(memory_freep) char *text = NULL;
	struct complaints complaints = { 0 };
	struct config config = { 0 };
	struct options options;
	int r = take_options(argc, argv, &options);

	if (r != 0)
		return r;
	r = config_load(options.config, &config, &complaints);
	command_print_complaints(&complaints);
	if (r < 0)
		return COMMAND_USAGE;
	r = make_report(&config, &text);
	if (r < 0)
		(void)log_error(r, "Cannot make the report");
	else
		r = put_out(text, options.output);
	config_clear(&config);
	return r < 0 ? EXIT_FAILURE : 0;
}
