// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/files.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "report/metrics.h"
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

void files_write(struct files *files, const struct config *config, const struct view *view)
{
	tell(status_write(view, config->status), &files->status_failed, "status file",
	     config->status);
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
