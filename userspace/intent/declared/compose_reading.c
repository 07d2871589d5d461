// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/compose_reading.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

int compose_resolve(const struct compose_reading *reading, const char *path,
		    char to[static COMPOSE_FILE_SIZE])
{
	bool here = *path == '/' || !*reading->directory;

	while (text_starts_with(path, "./"))
		path += 2;
	return text_format(to, COMPOSE_FILE_SIZE, "%s%s%s", here ? "" : reading->directory,
			   here ? "" : "/", path);
}

int compose_read_other(const struct compose_reading *reading, const char *path, const char *what,
		       char **ret, size_t *ret_size)
{
	const struct compose_document *document = &reading->document;
	int r;

	if (!reading->reader) {
		complain_warning(document->complaints,
				 "%s: %s is not followed; ports may be missing here",
				 document->path, what);
		return -EINVAL;
	}
	if (*reading->files == 0) {
		complain_warning(document->complaints,
				 "%s: %s: more than %d files; the rest is ignored", document->path,
				 what, COMPOSE_FILES_MAX);
		return -EINVAL;
	}
	--*reading->files;
	r = reading->reader->read(path, ret, ret_size, reading->reader->userdata);
	if (r >= 0 || r == -ENOMEM)
		return r;
	complain_warning(document->complaints,
			 "%s: %s: %s cannot be read: %s; what it says is not known", document->path,
			 what, path, r == -EFBIG ? "it is larger than 512 KiB" : strerror(-r));
	return -EINVAL;
}
