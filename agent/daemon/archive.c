// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/archive.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/daemon/background.h"
#include "base/log.h"
#include "base/text.h"
#include "report/history.h"
#include "report/record_json.h"
#include "report/spool.h"

#define WAITING_MAX   64 /* records of one turn; more are stored at once */
#define OUTPUT_MAX    (64 * 1024)
#define DELIVERY_USEC (3600 * USEC_PER_SEC) /* then whoever delivers is started anew */
#define AGAIN_USEC    (5 * USEC_PER_SEC)    /* after one that failed */

struct waiting {
	struct record record;
	int64_t unix_usec;
};

struct archive {
	struct core *core;
	const struct config *config;
	char file[PATH_MAX];  /* empty: the usual place */
	struct waiting *list; /* WAITING_MAX */
	size_t n;
	struct spool spool;
	struct background delivery;
	bool is_units;	    /* a unit delivers */
	bool has_failed[2]; /* history, spool; and that was said */
};

static int64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * (int64_t)USEC_PER_SEC +
	       (int64_t)((uint64_t)now.tv_nsec / NSEC_PER_USEC);
}

/* Said once, until it works again. */
static void tell(struct archive *archive, size_t which, int r)
{
	static const char *const what[] = {
		"Cannot keep what happened in %s/" HISTORY_FILE_NAME
		"; \"hearken history\" will not have it",
		"Cannot store an event for the hook in %s/" SPOOL_DIRECTORY_NAME
		"; the hook will not hear of it",
	};
	char text[PATH_MAX + 128];

	if (r < 0 && !archive->has_failed[which]) {
		(void)text_format(text, sizeof(text), which ? what[1] : what[0],
				  archive->config->state);
		(void)log_error(r, "%s", text);
	}
	archive->has_failed[which] = r < 0;
}

static void deliver(struct archive *archive);

static void on_delivered(int error, int status, char *output, void *userdata)
{
	struct archive *archive = userdata;
	struct timers *timers = core_timers(archive->core);

	/* What came meanwhile may have been too late for it, too. */
	if (error < 0 || status != 0)
		timers_set_earlier(timers, TIMER_ARCHIVE,
				   core_now(archive->core).usec + AGAIN_USEC);
	else if (archive->spool.n)
		deliver(archive);
}

static void deliver(struct archive *archive)
{
	const char *argv[] = { "/proc/self/exe", "deliver", NULL, NULL, NULL };
	int r;

	if (archive->is_units || archive->delivery.spawn)
		return;
	archive->spool.n = 0; /* it takes all that are there now */
	archive->spool.has_counted = false;
	if (*archive->file) {
		argv[2] = "-c";
		argv[3] = archive->file;
	}
	r = background_start(&archive->delivery, core_event(archive->core), NULL, argv, OUTPUT_MAX,
			     DELIVERY_USEC, on_delivered, archive);
	if (r < 0)
		(void)log_error(r, "Cannot start \"hearken deliver\"; the hook hears nothing");
}

static void store_one(struct archive *archive, const struct waiting *waiting)
{
	cleanup(json_decrefp) json_t *record = record_json(&waiting->record, waiting->unix_usec);

	tell(archive, 0, record ? history_append(archive->config->state, record) : -ENOMEM);
	if (*archive->config->hook && !waiting->record.silenced)
		tell(archive, 1,
		     record ? spool_put(&archive->spool, archive->config->state, record) : -ENOMEM);
}

static void store(struct archive *archive)
{
	for (size_t i = 0; i < archive->n; i++)
		store_one(archive, &archive->list[i]);
	archive->n = 0;
}

static void on_due(void *userdata)
{
	struct archive *archive = userdata;

	store(archive);
	if (*archive->config->hook)
		deliver(archive);
}

void archive_note(struct archive *archive, const struct record *record)
{
	if (archive->n == WAITING_MAX)
		store(archive);
	archive->list[archive->n].record = *record;
	archive->list[archive->n++].unix_usec = now_usec();
	timers_set_earlier(core_timers(archive->core), TIMER_ARCHIVE, core_now(archive->core).usec);
}

void archive_start(struct archive *archive)
{
	if (*archive->config->hook)
		deliver(archive);
}

int archive_new(struct core *core, const struct config *config, const char *file,
		struct archive **ret)
{
	cleanup(archive_freep) struct archive *archive = calloc(1, sizeof(*archive));

	if (!archive)
		return -ENOMEM;
	archive->list = calloc(WAITING_MAX, sizeof(*archive->list));
	if (!archive->list)
		return -ENOMEM;
	archive->core = core;
	archive->config = config;
	archive->is_units = getenv(ARCHIVE_UNIT) != NULL;
	(void)text_copy(archive->file, sizeof(archive->file), file ? file : "");
	timers_handle(core_timers(core), TIMER_ARCHIVE, 0, on_due, archive);
	*ret = TAKE_PTR(archive);
	return 0;
}

void archive_free(struct archive *archive)
{
	if (!archive)
		return;
	store(archive);
	background_clear(&archive->delivery);
	free(archive->list);
	free(archive);
}
