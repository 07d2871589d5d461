// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/confined/words.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"

#define ONCE_MAX  512  /* bytes taken in one go */
#define WORDS_MAX 4096 /* of one child; what follows is not heard */

void words_give(int mouth)
{
	if (mouth < 0)
		mouth = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (mouth < 0 || dup2(mouth, STDERR_FILENO) < 0)
		(void)close(STDERR_FILENO);
}

static int on_words(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct words *words = userdata;
	char bytes[ONCE_MAX], *rest, *line;
	ssize_t n = read(fd, bytes, sizeof(bytes) - 1);

	if (n <= 0 || words->n >= WORDS_MAX)
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	bytes[n] = '\0';
	words->n += (size_t)n;
	for (line = strtok_r(bytes, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		text_sanitize(line);
		(void)log_warning(0, "The prober says: %s", line);
	}
	return 0;
}

void words_hear(struct words *words, sd_event *event, int fd)
{
	cleanup(fd_closep) int taken = fd;

	*words = (struct words){ .fd = -1 };
	if (taken >= 0 &&
	    sd_event_add_io(event, &words->source, taken, EPOLLIN, on_words, words) >= 0)
		words->fd = TAKE_FD(taken);
}

void words_close(struct words *words)
{
	if (words->source)
		(void)on_words(words->source, words->fd, 0, words);
	words->source = sd_event_source_disable_unref(words->source);
	fd_closep(&words->fd);
	words->fd = -1;
}
