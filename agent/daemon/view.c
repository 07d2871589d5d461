// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/view.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "agent/daemon/down_source.h"
#include "intent/merge/broken.h"
#include "agent/daemon/idle_ports.h"
#include "base/text.h"

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

static void add_listeners(const struct parts *parts, struct service_view *view)
{
	const struct inventory *inventory = senses_inventory(parts->senses);
	const struct place_table *places = places_table(parts->places);

	for (size_t k = 0; inventory && k < inventory->n && view->n_listeners < VIEW_LISTENERS_MAX;
	     k++)
		if (inventory->list[k]->port == service_port_inside(view->service) &&
		    place_has(places, view->service, inventory->list[k]->netns))
			view->listeners[view->n_listeners++] = inventory->list[k];
}

/* Every "unknown" has its reason. */
static const char *reason_of(const struct judge_view *judged, const struct answer *answer)
{
	if (judged->verdict != VERDICT_UNKNOWN || judged->finding != FINDING_NONE)
		return NULL;
	if (!judged->looked)
		return "nobody could look who listens";
	if (!answer)
		return "no answer came in time";
	return answer->detail[0] ? answer->detail : "the answer is not known";
}

/* Of the target that it shares with others; in the moment of a spent repair it may differ from what
 * the judge is about to count. */
static int budget_left(const struct parts *parts, const struct service *service, struct moment now)
{
	const struct config *config = expectations_config(parts->expectations);
	const struct budgets *budgets = judge_budgets(core_judge(parts->core));
	const char *target = service_target(service);
	unsigned int spent = 0;

	if (config->repair == CONFIG_REPAIR_OFF || !*target)
		return -1;
	for (size_t i = 0; i < budgets->n; i++) {
		const struct budget *budget = &budgets->list[i];

		for (size_t k = 0; strcmp(budget->target, target) == 0 && k < budget->n; k++)
			spent += budget->times_usec[k] <= now.real_usec &&
				 now.real_usec - budget->times_usec[k] < config->repair_window_usec;
	}
	return spent < config->repair_limit ? (int)(config->repair_limit - spent) : 0;
}

/* While a grace or a repair runs, that comes first. */
static uint64_t next_probe(const struct judge *judge, size_t i, const struct judge_view *judged,
			   struct moment now)
{
	uint64_t at = judge_deadline(judge, i);

	if (!judged->settled || judged->repair != REPAIR_IDLE || at == USEC_NEVER)
		return 0;
	return now.real_usec + (at > now.usec ? at - now.usec : 0);
}

static void fill_service(const struct parts *parts, size_t i, struct moment now,
			 struct service_view *view)
{
	const struct judge *judge = core_judge(parts->core);
	const struct silence *silence;
	const struct answer *combined;
	struct judge_view judged;

	view->service = &expectations_intent(parts->expectations)->services.list[i];
	judge_view(judge, i, &judged);
	view->verdict = judged.verdict;
	view->since_real_usec = to_real(now, judged.since_usec) - judged.since_older_usec;
	view->finding = judged.finding;
	view->cause = judged.cause;
	view->detail = judged.detail;
	judge_remedy(judge, i, view->remedy, sizeof(view->remedy));
	view->probed = rounds_show(parts->rounds, i, &combined, &view->answers);
	view->answer = *combined;
	view->disk = rounds_disk(parts->rounds, i);
	view->reason = reason_of(&judged, view->probed ? combined : NULL);
	memcpy(view->probes, judged.probes, sizeof(view->probes));
	view->incident = judged.incident;
	view->incident_opened_real_usec =
		to_real(now, judged.incident_opened_usec) - judged.incident_older_usec;
	view->repair = repair_name(judged.repair);
	view->next_probe_real_usec = next_probe(judge, i, &judged, now);
	silence = silences_of(parts->silences, view->service);
	view->silenced_until_sec = silence ? silence->until_sec : 0;
	view->silenced_why = silence ? silence->reason : "";
	view->repair_budget_left = budget_left(parts, view->service, now);
	view->downtime_usec = judge_downtime(judge, i, now.usec);
	view->incidents = judged.incidents;
	add_listeners(parts, view);
	totals_take(parts->totals, view);
}

/* What a runtime holds on the host for a container is that container's, and what a container opens
 * for itself is nobody else's: neither is one more way in. */
static bool is_of_container(const struct parts *parts, const struct listener *listener)
{
	const struct place_table *places = places_table(parts->places);
	const struct container_set *containers = containers_all(parts->containers);
	uint16_t port;

	if (!config_is_on_host(expectations_config(parts->expectations)))
		return false;
	if (listener->netns == places->host_netns)
		return container_set_publisher(containers, listener->port, &port) != NULL;
	for (size_t i = 0; i < containers->n; i++) {
		const struct container *container = &containers->list[i];

		if (strcmp(container->id, listener->container) != 0)
			continue;
		for (size_t j = 0; j < container->n_ports; j++)
			if (container->ports[j].port == listener->port)
				return false;
	}
	return true;
}

/* A listener where services are expected, but none on its port. */
static bool is_surplus(const struct parts *parts, const struct listener *listener)
{
	const struct service_set *services = core_services(parts->core);
	const struct place_table *places = places_table(parts->places);

	for (size_t i = 0; i < services->n; i++)
		if (services->list[i].expected &&
		    service_port_inside(&services->list[i]) == listener->port &&
		    place_has(places, &services->list[i], listener->netns))
			return false;
	return place_is_any(places, listener->netns) && !is_of_container(parts, listener);
}

static void fill_sources(const struct parts *parts, struct source_view to[static SOURCES_MAX])
{
	const struct intent *intent = expectations_intent(parts->expectations);
	const struct inventory *inventory = senses_inventory(parts->senses);

	for (size_t i = 0; i < intent->n_sources; i++)
		broken_judge(&intent->sources[i],
			     down_source_is(intent, i, inventory, places_table(parts->places)),
			     &to[i]);
}

static void fill_hooks(const struct parts *parts, struct view *view)
{
	struct observer *observer = senses_observer(parts->senses);
	const char *degraded = degraded_text(parts->degraded);

	view->mode = observer ? observer_mode(observer) : "none";
	view->hook_state = observer && !observer_is_polling(observer) ? "tp_btf" : "none";
	view->hook_bind = binds_hook(parts->binds);
	view->hook_accept = queues_hook(parts->queues);
	view->hook_signal = observer ? observer_signals(observer) : "none";
	view->degraded = *degraded ? degraded : NULL;
	view->bind_failures = binds_failures(parts->binds);
	if (!observer)
		return;
	observer_count_arrivals(observer);
	queues_count(parts->queues);
	view->events_lost = observer_events_lost(observer) + binds_lost(parts->binds);
	view->snapshots = observer_snapshots(observer);
}

/* What is no fault, and worth knowing. */
static void note(const struct parts *parts, char *to, size_t size)
{
	char trouble[256];

	(void)text_copy(to, size, expectations_notice(parts->expectations));
	if (!*to)
		idle_ports_tell(containers_all(parts->containers), core_services(parts->core),
				senses_inventory(parts->senses), to, size);
	containers_trouble(parts->containers, trouble, sizeof(trouble));
	if (*trouble)
		(void)text_append(to, size, "%s%s", *to ? "; " : "", trouble);
}

int view_with(const struct parts *parts, outlet_use *use, void *userdata)
{
	const struct intent *intent = expectations_intent(parts->expectations);
	const struct judge_counts *counts = judge_counts(core_judge(parts->core));
	const struct inventory *inventory = senses_inventory(parts->senses);
	size_t n = intent->services.n;
	cleanup(memory_freep) struct service_view *services = calloc(n ? n : 1, sizeof(*services));
	const struct listener *surplus[SURPLUS_MAX];
	struct source_view sources[SOURCES_MAX];
	char notice[1024];
	struct view view = {
		.now = core_now(parts->core),
		.pid = parts->outlet ? getpid() : 0,
		.services = services,
		.surplus = surplus,
		.sources = sources,
		.n_sources = intent->n_sources,
		.conflicts = intent->conflicts.list,
		.n_conflicts = intent->conflicts.n,
		.repairs = counts->repairs,
		.withheld = counts->withheld,
	};

	if (!services)
		return -ENOMEM;
	note(parts, notice, sizeof(notice));
	view.notice = *notice ? notice : NULL;
	fill_hooks(parts, &view);
	fill_sources(parts, sources);
	for (size_t i = 0; i < n; i++)
		if (intent->services.list[i].expected)
			fill_service(parts, i, view.now, &services[view.n_services++]);
	/* A host where nothing is expected has no surplus: nobody said what is. */
	for (size_t i = 0; inventory && view.n_services && i < inventory->n; i++)
		if (view.n_surplus < SURPLUS_MAX && is_surplus(parts, inventory->list[i]))
			surplus[view.n_surplus++] = inventory->list[i];
	return use(&view, userdata);
}
