// SPDX-License-Identifier: LGPL-2.1-or-later
/* Everything that is known, laid out for the status file and the metrics. */
#include "agent/daemon/daemon.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "report/metrics.h"
#include "report/status.h"

#define SURPLUS_MAX 256

static const char *repair_name(enum repair_state state)
{
	switch (state) {
	case REPAIR_IDLE:
		return "idle";
	case REPAIR_PLANNED:
		return "planned";
	case REPAIR_CHECKING:
		return "checking";
	case REPAIR_RUNNING:
		return "running";
	case REPAIR_PROVING:
		return "proving";
	}
	return "";
}

static uint64_t to_real(struct moment now, uint64_t usec)
{
	return usec ? now.real_usec - (now.usec - usec) : 0;
}

static void fill_service(struct daemon *daemon, size_t i, struct moment now,
			 struct service_view *view)
{
	const struct service *service = &daemon->intent.services.list[i];
	struct judge_view judged;
	const struct inventory *inventory =
		daemon->observer ? observer_inventory(daemon->observer) : NULL;

	view->service = service;
	judge_view(daemon->judge, i, &judged);
	view->verdict = judged.verdict;
	view->since_real_usec = to_real(now, judged.since_usec);
	view->finding = judged.finding;
	view->cause = judged.cause;
	view->detail = judged.detail;
	judge_remedy(daemon->judge, i, view->remedy, sizeof(view->remedy));
	view->probed = daemon->rounds[i].answered;
	view->answer = daemon->rounds[i].combined;
	view->answers = &daemon->rounds[i].answers;
	memcpy(view->probes, judged.probes, sizeof(view->probes));
	view->incident = judged.incident;
	view->incident_opened_real_usec = to_real(now, judged.incident_opened_usec);
	view->repair = repair_name(judged.repair);
	view->downtime_usec = judge_downtime(daemon->judge, i, now.usec);
	for (size_t k = 0; inventory && k < inventory->n && view->n_listeners < VIEW_LISTENERS_MAX;
	     k++)
		if (inventory->list[k]->port == service->want.port &&
		    inventory->list[k]->netns == daemon->netns)
			view->listeners[view->n_listeners++] = inventory->list[k];
}

static bool is_surplus(const struct daemon *daemon, const struct listener *listener)
{
	const struct service *service = service_set_find(&daemon->intent.services, listener->port);

	return listener->netns == daemon->netns && !(service && service->expected);
}

int view_with(struct daemon *daemon, int (*use)(const struct view *view, void *userdata),
	      void *userdata)
{
	const struct inventory *inventory =
		daemon->observer ? observer_inventory(daemon->observer) : NULL;
	const struct listener *surplus[SURPLUS_MAX];
	size_t n = daemon->intent.services.n;
	cleanup(memory_freep) struct service_view *services = calloc(n ? n : 1, sizeof(*services));
	struct view view = {
		.now = daemon_now(daemon),
		.mode = daemon->observer ? observer_mode(daemon->observer) : "none",
		.hook_state = daemon->observer && !observer_is_polling(daemon->observer) ? "tp_btf"
											 : "none",
		.hook_bind = bind_watch_rung(daemon->binds),
		.hook_accept = accept_watch_rung(daemon->accepts),
		.degraded = *daemon->degraded ? daemon->degraded : NULL,
		.notice = *daemon->notice ? daemon->notice : NULL,
		.services = services,
		.surplus = surplus,
		.conflicts = daemon->intent.conflicts.list,
		.n_conflicts = daemon->intent.conflicts.n,
		.incidents_by_cause = judge_counts(daemon->judge)->by_cause,
		.repairs = judge_counts(daemon->judge)->repairs,
		.withheld = judge_counts(daemon->judge)->withheld,
		.bind_failures = daemon->binds ? daemon->bind_failures : NULL,
	};

	if (!services)
		return -ENOMEM;
	if (daemon->observer) {
		observer_count_arrivals(daemon->observer);
		accept_watch_count(daemon->accepts, inventory);
		view.events_lost =
			observer_events_lost(daemon->observer) + bind_watch_lost(daemon->binds);
		view.snapshots = observer_snapshots(daemon->observer);
	}
	for (size_t i = 0; i < n; i++)
		if (daemon->intent.services.list[i].expected)
			fill_service(daemon, i, view.now, &services[view.n_services++]);
	/* A host where nothing is expected has no surplus: nobody said what is. */
	for (size_t i = 0; inventory && view.n_services && i < inventory->n; i++)
		if (view.n_surplus < SURPLUS_MAX && is_surplus(daemon, inventory->list[i]))
			surplus[view.n_surplus++] = inventory->list[i];
	return use(&view, userdata);
}

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

static int write_both(const struct view *view, void *userdata)
{
	struct daemon *daemon = userdata;

	tell(status_write(view, daemon->config.status), &daemon->status_failed, "status file",
	     daemon->config.status);
	if (wants_textfile(&daemon->config))
		tell(metrics_write(view, daemon->config.textfile), &daemon->textfile_failed,
		     "textfile", daemon->config.textfile);
	return 0;
}

void view_write_files(struct daemon *daemon)
{
	int r;

	if (daemon->once)
		return;
	r = view_with(daemon, write_both, daemon);
	if (r < 0)
		(void)log_error(r, "Cannot write status and textfile");
	daemon->dirty = false;
	daemon->answers_usec = USEC_NEVER;
	daemon->written_usec = daemon_now(daemon).usec;
}
