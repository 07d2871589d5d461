// SPDX-License-Identifier: LGPL-2.1-or-later
/* A silence is a file in the state directory, which the daemon sees there: so it can be said while
 * none runs, and survives the next one's start. */
#include "agent/commands/command_silence.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/commands/commands.h"
#include "agent/commands/status_file.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "model/silence.h"
#include "report/entry.h"

const char command_silence_options[] =
	"  WHO                    a service, its port, a systemd unit, or \"all\"\n"
	"  DURATION               30min, 2h, 1d; TIME: 18:30, or 2027-01-31 18:30\n"
	"  -c, --config FILE      read FILE, not /etc/hearken/hearken.conf\n"
	"  --reason TEXT          why; shown where the silence is\n";

struct options {
	const char *config, *reason;
	const char *words[3]; /* whom; how long, \"until\" or \"off\"; the time */
	int n;
};

static int take_options(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "reason", required_argument, NULL, 'r' },
		{ 0 },
	};
	int c;

	*ret = (struct options){ .reason = "" };
	while ((c = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (c == 'c')
			ret->config = optarg;
		else if (c == 'r')
			ret->reason = optarg;
		else
			return usage_wrong(argv[0]);
	}
	for (; optind < argc && ret->n < (int)ARRAY_SIZE(ret->words); optind++)
		ret->words[ret->n++] = argv[optind];
	if (optind == argc && ret->n != 1)
		return 0;
	if (optind < argc)
		fprintf(stderr, "%s: \"%s\" is one word too many\n", argv[0], argv[optind]);
	else
		fprintf(stderr, "%s: for how long? Write 30min, until 15:00, or off\n", argv[0]);
	return usage_wrong(argv[0]);
}

/* "15:00", today or else tomorrow; or with a date before it. Of here. */
static bool read_time(const char *text, time_t now, time_t *ret)
{
	static const char *const formats[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
					       "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M" };
	struct tm tm;
	const char *end;

	(void)localtime_r(&now, &tm);
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	end = strptime(text, "%H:%M", &tm);
	if (end && !*end) {
		*ret = mktime(&tm);
		if (*ret <= now) {
			tm.tm_mday++;
			tm.tm_isdst = -1;
			*ret = mktime(&tm);
		}
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		tm = (struct tm){ .tm_isdst = -1 };
		end = strptime(text, formats[i], &tm);
		if (!end || *end)
			continue;
		*ret = mktime(&tm);
		return true;
	}
	return false;
}

static bool read_end(const struct options *options, time_t now, time_t *ret)
{
	uint64_t usec;

	if (options->n == 3)
		return strcmp(options->words[1], "until") == 0 &&
		       read_time(options->words[2], now, ret) && *ret > now;
	if (text_duration(options->words[1], &usec) < 0 || usec < USEC_PER_SEC)
		return false;
	*ret = now + (time_t)(usec / USEC_PER_SEC);
	return true;
}

/* Where the daemon tells what it knows, a word that means none of it is a mistake. */
static bool is_known(const char *config, const struct silence *silence)
{
	char why[STATUS_WHY_SIZE];
	cleanup(json_decrefp) json_t *status = NULL;
	json_t *one;
	size_t i;

	if (strcmp(silence->target, "all") == 0 || status_file_read(config, &status, why) < 0)
		return true;
	json_array_foreach(json_object_get(status, "services"), i, one)
	{
		struct service service = { 0 };

		(void)text_copy(service.name, sizeof(service.name), entry_text(one, "name"));
		(void)text_copy(service.server.unit, sizeof(service.server.unit),
				entry_text(one, "unit"));
		service.want.port = (uint16_t)json_integer_value(json_object_get(one, "port"));
		if (silence_covers(silence, &service))
			return true;
	}
	return false;
}

static int path_of(const struct config *config, const char *target, char *to, size_t size)
{
	if (strchr(target, '/') || *target == '.')
		return -EINVAL;
	return text_format(to, size, "%s/" SILENCE_DIRECTORY "/said-%s.conf", config->state,
			   target);
}

static int begin(const struct config *config, const struct silence *silence)
{
	char directory[PATH_MAX], path[PATH_MAX], text[SILENCE_FILE_MAX], what[SILENCE_TEXT_SIZE];
	int r = text_format(directory, sizeof(directory), "%s/" SILENCE_DIRECTORY, config->state);

	if (r >= 0 && mkdir(directory, 0755) < 0 && errno != EEXIST)
		r = -errno;
	if (r >= 0)
		r = path_of(config, silence->target, path, sizeof(path));
	if (r >= 0)
		r = silence_format(silence, text, sizeof(text));
	if (r >= 0)
		r = file_replace(path, text, strlen(text), 0644);
	if (r < 0)
		return log_error(r, "Cannot keep the silence in %s", directory);
	silence_tell(silence, what, sizeof(what));
	printf("Silenced: %s\n", what);
	return 0;
}

static int end(const struct config *config, const char *target)
{
	char path[PATH_MAX];
	int r = path_of(config, target, path, sizeof(path));

	if (r >= 0 && unlink(path) < 0)
		r = -errno;
	if (r == -ENOENT) {
		(void)log_error(0, "%s is not silenced by this command", target);
		return r;
	}
	if (r < 0)
		return log_error(r, "Cannot end the silence of %s", target);
	printf("No longer silenced: %s\n", target);
	return 0;
}

static void list_one(const char *directory, const char *name, time_t now)
{
	cleanup(memory_freep) char *text = NULL;
	char path[PATH_MAX], what[SILENCE_TEXT_SIZE];
	struct silence silence;
	struct stat st;

	if (*name == '.' || text_format(path, sizeof(path), "%s/%s", directory, name) < 0 ||
	    stat(path, &st) < 0 || file_read(path, SILENCE_FILE_MAX, &text, NULL) < 0 ||
	    silence_parse(text, (uint64_t)st.st_mtim.tv_sec, &silence, what, sizeof(what)) < 0 ||
	    silence.until_sec <= (uint64_t)now)
		return;
	silence_tell(&silence, what, sizeof(what));
	text_sanitize(what);
	puts(what);
}

static int list(const struct config *config, time_t now)
{
	char directory[PATH_MAX];
	const struct dirent *entry;
	DIR *dir;

	if (text_format(directory, sizeof(directory), "%s/" SILENCE_DIRECTORY, config->state) < 0)
		return -ENAMETOOLONG;
	dir = opendir(directory);
	while (dir && (entry = readdir(dir)))
		list_one(directory, entry->d_name, now);
	if (dir)
		closedir(dir);
	return 0;
}

static int carry_out(const struct config *config, const struct options *options)
{
	struct silence silence = { 0 };
	time_t now = time(NULL), until;

	if (options->n == 0)
		return list(config, now);
	if (text_copy(silence.target, sizeof(silence.target), options->words[0]) < 0)
		return log_error(-ENAMETOOLONG, "Cannot silence that");
	if (options->n == 2 && strcmp(options->words[1], "off") == 0)
		return end(config, silence.target);
	if (!read_end(options, now, &until))
		return log_error(
			-EINVAL,
			"Until when? Write 30min, until 15:00, until \"2026-11-27 15:00\" or off; "
			"it must be to come");
	silence.until_sec = (uint64_t)until;
	if (silence.until_sec > (uint64_t)now + SILENCE_LONGEST_SEC)
		return log_error(-ERANGE, "A silence lasts a year at the most");
	(void)text_copy(silence.reason, sizeof(silence.reason), options->reason);
	text_sanitize(silence.reason);
	if (!is_known(options->config, &silence))
		return log_error(
			-ENOENT,
			"\"%s\" is no service, port or unit that is expected; \"hearken status\" "
			"has them",
			silence.target);
	return begin(config, &silence);
}

int command_silence(int argc, char **argv)
{
	struct options options;
	struct complaints complaints = { 0 };
	struct config config = { 0 };
	int r = take_options(argc, argv, &options);

	if (r != 0)
		return r;
	r = config_load(options.config, &config, &complaints);
	command_print_complaints(&complaints);
	if (r < 0)
		return COMMAND_USAGE;
	r = carry_out(&config, &options);
	config_clear(&config);
	return r < 0 ? EXIT_FAILURE : 0;
}
