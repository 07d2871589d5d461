// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/outlet.h"

#include <errno.h>
#include <string.h>

#include "agent/daemon/archive.h"
#include "agent/daemon/files.h"
#include "agent/daemon/remarks.h"
#include "base/log.h"
#include "report/damper.h"
#include "report/journal.h"

#define PAUSE_USEC	   (250 * USEC_PER_MSEC) /* between two writes of the files */
#define ANSWERS_AFTER_USEC (2 * USEC_PER_SEC)

struct outlet {
	struct core *core;
	const struct config *config;
	outlet_look *look;
	void *userdata;
	struct journal journal;
	struct damper damper; /* before it */
	struct files files;
	struct remarks remarks;
	struct archive *archive;
	bool writes;
	uint64_t written_usec;
};

/* The journal first: the files of the archive take their time. */
static void say(struct outlet *outlet, const struct record *record)
{
	(void)journal_say(&outlet->journal, record);
	archive_note(outlet->archive, record);
}

static void on_say(const struct action *action, void *userdata)
{
	struct outlet *outlet = userdata;

	if (damper_admit(&outlet->damper, &action->record, core_now(outlet->core).usec))
		say(outlet, &action->record);
	timers_set(core_timers(outlet->core), TIMER_PENDING, damper_deadline(&outlet->damper));
}

static void on_pending(void *userdata)
{
	struct outlet *outlet = userdata;
	const struct record *record;

	while ((record = damper_due(&outlet->damper, core_now(outlet->core).usec)))
		say(outlet, record);
	timers_set(core_timers(outlet->core), TIMER_PENDING, damper_deadline(&outlet->damper));
}

void outlet_say(struct outlet *outlet, const struct record *record)
{
	say(outlet, record);
}

static int write_files(const struct view *view, void *userdata)
{
	struct outlet *outlet = userdata;

	files_write(&outlet->files, outlet->config, view);
	remarks_say(&outlet->remarks, view);
	return 0;
}

static void on_write(void *userdata)
{
	struct outlet *outlet = userdata;
	int r = outlet->look(write_files, outlet, outlet->userdata);

	if (r < 0) {
		files_disown(&outlet->files);
		(void)log_error(r, "Cannot write status and textfile");
	}
	outlet->written_usec = core_now(outlet->core).usec;
}

static void write_at(struct outlet *outlet, uint64_t usec)
{
	uint64_t least = outlet->written_usec + PAUSE_USEC;

	if (outlet->writes)
		timers_set_earlier(core_timers(outlet->core), TIMER_WRITE,
				   usec > least ? usec : least);
}

void outlet_note(struct outlet *outlet)
{
	write_at(outlet, 0);
}

void outlet_note_fact(struct outlet *outlet, const struct fact *fact, bool news)
{
	if (news || (fact->kind != FACT_TICK && fact->kind != FACT_ANSWER))
		outlet_note(outlet);
	/* Another conversation like the one before is news too, but it can wait for those that
	 * follow: each write is a wake-up. */
	else if (fact->kind == FACT_ANSWER)
		write_at(outlet, core_now(outlet->core).usec + ANSWERS_AFTER_USEC);
}

void outlet_start(struct outlet *outlet)
{
	outlet->writes = true;
	archive_start(outlet->archive);
	on_write(outlet);
}

int outlet_new(struct core *core, const struct config *config, const char *file, outlet_look *look,
	       void *userdata, struct outlet **ret)
{
	cleanup(outlet_freep) struct outlet *outlet = calloc(1, sizeof(*outlet));
	int r;

	if (!outlet)
		return -ENOMEM;
	r = archive_new(core, config, file, &outlet->archive);
	if (r < 0)
		return r;
	outlet->core = core;
	outlet->config = config;
	outlet->look = look;
	outlet->userdata = userdata;
	journal_open(&outlet->journal);
	files_init(&outlet->files);
	core_handle(core, ACTION_SAY, on_say, outlet);
	timers_handle(core_timers(core), TIMER_PENDING, 0, on_pending, outlet);
	timers_handle(core_timers(core), TIMER_WRITE, 0, on_write, outlet);
	*ret = TAKE_PTR(outlet);
	return 0;
}

void outlet_free(struct outlet *outlet)
{
	if (!outlet)
		return;
	archive_free(outlet->archive);
	journal_close(&outlet->journal);
	files_clear(&outlet->files);
	free(outlet);
}
