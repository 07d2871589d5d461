// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/plugin_options.h"

#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "agent/commands/usage.h"
#include "base/cleanup.h"
#include "base/text.h"

#define TIMEOUT_MAX_USEC (UINT64_C(3600) * USEC_PER_SEC)

/* "-c" was the configuration before it was a threshold: what is no range names a file. */
static int take_critical(struct plugin_options *options, const char *text)
{
	if (range_parse(text, &options->critical) < 0)
		options->config = text;
	return 0;
}

static int take(struct plugin_options *options, int option, const char *text)
{
	switch (option) {
	case 'f':
		options->config = text;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	case 't':
		return plugin_options_timeout(text, &options->timeout_usec);
	case 'w':
		return range_parse(text, &options->warning);
	case 'C':
		return range_parse(text, &options->critical);
	case 'c':
		return take_critical(options, text);
	default:
		return -ENOENT; /* getopt has said it */
	}
}

int plugin_options_take(int argc, char **argv, struct plugin_options *ret)
{
	static const struct option names[] = {
		{ "config", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "timeout", required_argument, NULL, 't' },
		{ "warning", required_argument, NULL, 'w' },
		{ "critical", required_argument, NULL, 'C' },
		{ 0 },
	};
	struct plugin_options options = { 0 };
	int option, r;

	while ((option = getopt_long(argc, argv, "c:t:vw:", names, NULL)) != -1) {
		r = take(&options, option, optarg);
		if (r < 0 && r != -ENOENT)
			fprintf(stderr, "%s: \"%s\" is no %s\n", argv[0], optarg,
				option == 't' ? "number of seconds from 1 to 3600"
					      : "range such as 2, 1: or 1:5");
		if (r < 0)
			return usage_wrong(argv[0]);
	}
	if (optind < argc) {
		fprintf(stderr, "%s: \"%s\" is one word too many\n", argv[0], argv[optind]);
		return usage_wrong(argv[0]);
	}
	*ret = options;
	return 0;
}

int plugin_options_timeout(const char *text, uint64_t *ret_usec)
{
	uint64_t usec, seconds;
	int r = text_u64(text, TIMEOUT_MAX_USEC / USEC_PER_SEC, &seconds);

	if (r >= 0)
		usec = seconds * USEC_PER_SEC;
	else
		r = text_duration(text, &usec);
	if (r < 0)
		return r;
	if (usec == 0 || usec > TIMEOUT_MAX_USEC)
		return -ERANGE;
	*ret_usec = usec;
	return 0;
}

static void on_alarm(int signal)
{
	static const char line[] = "UNKNOWN - no answer in the time that was given (--timeout)\n";

	if (write(STDOUT_FILENO, line, sizeof(line) - 1) < 0)
		_exit(COMMAND_USAGE);
	_exit(COMMAND_USAGE);
}

void plugin_options_end_after(uint64_t usec)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval timer = {
		.it_value = { .tv_sec = (time_t)(usec / USEC_PER_SEC),
			      .tv_usec = (suseconds_t)(usec % USEC_PER_SEC) },
	};

	if (usec == 0)
		return;
	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

static size_t columns_of_terminal(void)
{
	const char *said = getenv("COLUMNS");
	struct winsize size;
	uint64_t columns;

	if (said && text_u64(said, 10000, &columns) == 0 && columns > 0)
		return (size_t)columns;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

/* https://no-color.org: set, and not empty. */
static bool wants_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

void plugin_options_style(const struct plugin_options *options, struct show_style *ret)
{
	bool terminal = isatty(STDOUT_FILENO);

	(void)setlocale(LC_CTYPE, "");
	*ret = (struct show_style){
		.form = options->verbose ? SHOW_DETAILS : SHOW_TABLE,
		.color = terminal && wants_color(),
		.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
		.columns = terminal ? columns_of_terminal() : 0,
		.warning = options->warning,
		.critical = options->critical,
	};
}
