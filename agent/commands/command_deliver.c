// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/command_deliver.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "agent/commands/commands.h"
#include "base/log.h"
#include "base/spawn.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "report/spool.h"

#define HOOK_USEC   (60 * USEC_PER_SEC)
#define OUTPUT_MAX  (256 * 1024)
#define PAUSE_FIRST 1	/* seconds after a failure; twice as long after each ... */
#define PAUSE_MAX   300 /* ... up to this */
#define NAME_SIZE   64

extern char **environ;

/* "service" becomes HEARKEN_SERVICE. */
static void name_of(const char *key, char to[static NAME_SIZE])
{
	(void)text_format(to, NAME_SIZE, "HEARKEN_%s", key);
	for (char *s = to; *s; s++)
		*s = (char)toupper((unsigned char)*s);
}

static void forget_last(void)
{
	for (char **variable = environ; variable && *variable;) {
		char name[NAME_SIZE];

		if (!text_starts_with(*variable, "HEARKEN_")) {
			variable++;
			continue;
		}
		(void)text_format(name, sizeof(name), "%.*s", (int)strcspn(*variable, "="),
				  *variable);
		if (unsetenv(name) < 0)
			variable++;
		else
			variable = environ; /* it has moved */
	}
}

static int set_environment(const json_t *event)
{
	cleanup(memory_freep) char *text = json_dumps(event, JSON_COMPACT);
	const char *key;
	json_t *value;

	forget_last();
	if (!text || setenv("HEARKEN_JSON", text, true) < 0)
		return -ENOMEM;
	json_object_foreach((json_t *)event, key, value)
	{
		char name[NAME_SIZE], number[32];

		name_of(key, name);
		(void)text_format(number, sizeof(number), "%" PRId64,
				  (int64_t)json_integer_value(value));
		if (setenv(name, json_is_string(value) ? json_string_value(value) : number, true) <
		    0)
			return -ENOMEM;
	}
	return 0;
}

/* Returns 0: it was taken; or why not, said. */
static int run_hook(const char *hook, const json_t *event)
{
	char buffer[SERVICE_COMMAND_SIZE], how[128];
	const char *argv[SPAWN_ARGV_MAX];
	cleanup(memory_freep) char *output = NULL;
	int status = 0, r = spawn_split(hook, buffer, sizeof(buffer), argv, SPAWN_ARGV_MAX);
	const char *line;
	size_t n;

	if (r >= 0)
		r = set_environment(event);
	if (r >= 0)
		r = spawn_run(NULL, argv, OUTPUT_MAX, HOOK_USEC, &status, &output);
	if (r < 0)
		return log_warning(r, "The hook %s could not be run to its end; the event waits",
				   hook);
	if (status == 0)
		return 0;
	spawn_show_status(status, how, sizeof(how));
	line = text_last_line(output ? output : "", &n);
	return log_warning(0, "The hook %s %s; the event waits%s%.*s", hook, how, n ? ": " : "",
			   (int)n, line)
		       ?: -EIO;
}

static void set_aside(const char *path)
{
	(void)log_warning(0, "%s is no event, and is left out", path);
	(void)unlink(path);
}

static void wait_a_while(unsigned int *pause)
{
	(void)sleep(*pause);
	*pause = *pause * 2 < PAUSE_MAX ? *pause * 2 : PAUSE_MAX;
}

/* The configuration is read for each try: whoever mends the hook need not do more. */
static int read_config(const char *path, struct config *ret)
{
	struct complaints complaints = { 0 };
	int r = config_load(path, ret, &complaints);

	if (r < 0)
		command_print_complaints(&complaints);
	return r;
}

/* Returns 0: none waits any more; or -errno. */
static int deliver_all(const char *path)
{
	unsigned int pause = PAUSE_FIRST;

	for (;;) {
		cleanup(json_decrefp) json_t *event = NULL;
		cleanup(config_clear) struct config config = { 0 };
		char file[PATH_MAX];
		int r = read_config(path, &config);

		if (r >= 0)
			r = spool_first(config.state, file, sizeof(file), &event);
		if (r == -ENOENT)
			return 0;
		if (r < 0 && r != -EBADMSG && !event && *config.state)
			return log_error(r, "Cannot read the events that wait in %s", config.state);
		if (r == -EBADMSG) {
			set_aside(file);
			continue;
		}
		/* Nobody wants to hear of it any more. */
		if (r >= 0 && *config.hook)
			r = run_hook(config.hook, event);
		if (r >= 0 && unlink(file) < 0)
			return log_error(-errno, "Cannot take %s out of the spool", file);
		if (r >= 0)
			pause = PAUSE_FIRST;
		else
			wait_a_while(&pause);
	}
}

/* One at a time, or events would overtake each other. */
static int lock(const char *path)
{
	cleanup(config_clear) struct config config = { 0 };
	char file[PATH_MAX];
	int fd, r = read_config(path, &config);

	if (r < 0)
		return r;
	(void)text_format(file, sizeof(file), "%s/hook.lock", config.state);
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return log_error(-errno, "Cannot use the state directory %s", config.state);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -EBUSY;
}

int command_deliver(int argc, char **argv)
{
	cleanup(fd_closep) int fd = -1;
	const char *config;
	bool json;
	int r = command_take_options(argc, argv, false, &config, &json);

	if (r != 0)
		return r;
	fd = lock(config);
	if (fd == -EBUSY)
		return 0; /* another delivers all that waits */
	return fd < 0 || deliver_all(config) < 0 ? EXIT_FAILURE : 0;
}
