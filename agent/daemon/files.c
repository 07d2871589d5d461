// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/files.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "report/metrics.h"
#include "report/pulse.h"
#include "report/status.h"

/* Says a failure once, and its end. */
static void tell(int r, bool *failed, const char *what, const char *path)
{
	if (r < 0 && !*failed)
		(void)log_error(r, "Cannot write the %s %s; it is tried again at each change", what,
				path);
	else if (r >= 0 && *failed)
		log_info("The %s %s can be written again", what, path);
	*failed = r < 0;
}

/* By default there is one where a collector would read it; nobody needs to hear that there is none.
 */
static bool wants_textfile(const struct config *config)
{
	if (strcmp(config->textfile, CONFIG_TEXTFILE) == 0)
		return access(CONFIG_TEXTFILE_DIRECTORY, F_OK) == 0;
	return *config->textfile != '\0';
}

void files_init(struct files *files)
{
	*files = (struct files){ .pulse = -1 };
}

void files_clear(struct files *files)
{
	files_disown(files);
}

void files_disown(struct files *files)
{
	pulse_end(files->beside, &files->pulse);
}

/* The status file is true. Somebody may have swept its directory since the last time. */
static void keep_pulse(struct files *files, const char *status)
{
	int r = 0;

	if (strcmp(files->beside, status) != 0 || pulse_ask(status) < 0)
		files_disown(files);
	if (files->pulse < 0) {
		(void)text_copy(files->beside, sizeof(files->beside), status);
		r = pulse_begin(status, &files->pulse);
	}
	tell(r, &files->pulse_failed, "sign that somebody keeps the status file", status);
}

void files_write(struct files *files, const struct config *config, const struct view *view)
{
	int r = status_write(view, config->status);

	if (r >= 0)
		keep_pulse(files, config->status);
	else
		files_disown(files);
	tell(r, &files->status_failed, "status file", config->status);
	if (wants_textfile(config))
		tell(metrics_write(view, config->textfile), &files->textfile_failed, "textfile",
		     config->textfile);
}

void files_remove(const struct config *old, const struct config *fresh)
{
	if (*old->status && (!fresh || strcmp(fresh->status, old->status) != 0))
		(void)unlink(old->status);
	if (fresh && *old->textfile && strcmp(fresh->textfile, old->textfile) != 0)
		(void)unlink(old->textfile);
}
