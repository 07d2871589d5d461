// SPDX-License-Identifier: LGPL-2.1-or-later
/* An incident is an object from its first record on, found by its id; the services are counted when
 * all have come. */
#include "report/history_view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/entry.h"
#include "report/times.h"

#define TIME_SIZE     48
#define DURATION_SIZE 48
#define NAME_SIZE     96

struct history_view {
	int64_t since, until;
	int64_t first;	   /* record that is kept; 0: none */
	json_t *incidents; /* array, in their order */
	json_t *by_id;	   /* the same objects */
};

struct history_view *history_view_new(int64_t since, int64_t until)
{
	struct history_view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	*view = (struct history_view){
		.since = since, .until = until, .incidents = json_array(), .by_id = json_object()
	};
	if (view->incidents && view->by_id)
		return view;
	history_view_free(view);
	return NULL;
}

void history_view_free(struct history_view *view)
{
	if (!view)
		return;
	json_decref(view->incidents);
	json_decref(view->by_id);
	free(view);
}

static int set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) < 0 ? -ENOMEM : 0;
}

static json_t *new_incident(const json_t *record)
{
	return json_pack("{s:s, s:s, s:n, s:[], s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:[], s:[]}",
			 "id", entry_text(record, "incident"), "opened", entry_text(record, "time"),
			 "closed", "services", "unit", entry_text(record, "unit"), "verdict",
			 entry_text(record, "verdict"), "finding", entry_text(record, "finding"),
			 "cause", entry_text(record, "cause"), "detail",
			 entry_text(record, "detail"), "remedy", entry_text(record, "remedy"),
			 "downtime_seconds", 0.0, "repairs", "withheld");
}

static int find(struct history_view *view, const json_t *record, json_t **ret)
{
	const char *id = entry_text(record, "incident");

	*ret = json_object_get(view->by_id, id);
	if (*ret)
		return 0;
	*ret = new_incident(record);
	if (!*ret || json_array_append_new(view->incidents, *ret) < 0)
		return -ENOMEM;
	return json_object_set(view->by_id, id, *ret) < 0 ? -ENOMEM : 0;
}

static int add_service(json_t *incident, const char *name, json_int_t port)
{
	json_t *services = json_object_get(incident, "services"), *one;
	size_t i;

	json_array_foreach(services, i, one) if (json_integer_value(json_object_get(one, "port")) ==
						 port) return 0;
	one = json_pack("{s:s, s:I}", "service", name, "port", port);
	return !one || json_array_append_new(services, one) < 0 ? -ENOMEM : 0;
}

/* Its own, and all that it names besides: of a server that ends there is one record. */
static int add_services(json_t *incident, const json_t *record)
{
	cleanup(memory_freep) char *ports = strdup(entry_text(record, "ports"));
	cleanup(memory_freep) char *names = strdup(entry_text(record, "services"));
	char *port_cursor = ports, *name_cursor = names;
	const char *port, *name;
	uint64_t number;
	int r = 0;

	if (!ports || !names)
		return -ENOMEM;
	if (json_object_get(record, "port"))
		r = add_service(incident, entry_text(record, "service"),
				json_integer_value(json_object_get(record, "port")));
	while (r >= 0 && (port = text_word(&port_cursor)) && (name = text_word(&name_cursor)))
		if (text_u64(port, UINT16_MAX, &number) >= 0)
			r = add_service(incident, name, (json_int_t)number);
	return r;
}

/* Why it was withheld, each reason once. */
static int add_withheld(json_t *incident, const char *reason)
{
	json_t *withheld = json_object_get(incident, "withheld"), *one;
	size_t i;

	json_array_foreach(withheld, i,
			   one) if (strcmp(json_string_value(one), reason) == 0) return 0;
	return json_array_append_new(withheld, json_string(reason)) < 0 ? -ENOMEM : 0;
}

static int add_repair(json_t *incident, const json_t *record)
{
	json_t *repair =
		json_pack("{s:s, s:s, s:s, s:s}", "time", entry_text(record, "time"), "action",
			  entry_text(record, "action"), "result", entry_text(record, "result"),
			  "detail", entry_text(record, "detail"));

	return !repair || json_array_append_new(json_object_get(incident, "repairs"), repair) < 0
		       ? -ENOMEM
		       : 0;
}

/* The latest word is what it was about; a close says no more than that it is over. */
static int change(json_t *incident, const json_t *record)
{
	static const char *const keys[] = { "verdict", "finding", "cause", "detail", "remedy" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys) && r == 0; i++)
		if (*entry_text(record, keys[i]))
			r = set(incident, keys[i], json_string(entry_text(record, keys[i])));
	return r;
}

static int close_it(json_t *incident, const json_t *record)
{
	json_int_t usec = json_integer_value(json_object_get(record, "downtime_usec"));
	int r = set(incident, "closed", json_string(entry_text(record, "time")));

	return r < 0 ? r : set(incident, "downtime_seconds", json_real((double)usec / 1e6));
}

int history_view_add(struct history_view *view, const json_t *record)
{
	const char *event = entry_text(record, "event");
	int64_t time = entry_time(record, "time");
	json_t *incident;
	int r;

	if (!view->first && time > 0)
		view->first = time;
	if (!*entry_text(record, "incident") || time > view->until)
		return 0;
	r = find(view, record, &incident);
	if (r >= 0)
		r = add_services(incident, record);
	if (r < 0)
		return r;
	if (strcmp(event, "incident-closed") == 0)
		return close_it(incident, record);
	if (strcmp(event, "repair-finished") == 0)
		return add_repair(incident, record);
	if (strcmp(event, "repair-withheld") == 0)
		return add_withheld(incident, entry_text(record, "reason"));
	if (strcmp(event, "incident-changed") == 0)
		return change(incident, record);
	return 0;
}

/* Out of sight: over before @since. */
static bool is_over_before(const json_t *incident, int64_t since)
{
	const char *closed = entry_text(incident, "closed");

	return *closed && times_read(closed) < since;
}

static void drop_older(struct history_view *view)
{
	for (size_t i = json_array_size(view->incidents); i-- > 0;)
		if (is_over_before(json_array_get(view->incidents, i), view->since))
			(void)json_array_remove(view->incidents, i);
}

/* One that is open and keeps clients out does so until now. */
static void reckon_open(struct history_view *view)
{
	json_t *incident;
	size_t i;

	json_array_foreach(view->incidents, i, incident)
	{
		int64_t opened = entry_time(incident, "opened");

		if (*entry_text(incident, "closed") || opened < 0 ||
		    strcmp(entry_text(incident, "verdict"), "down") != 0)
			continue;
		(void)set(incident, "downtime_seconds", json_real((double)(view->until - opened)));
	}
}

static json_t *find_service(json_t *services, const json_t *service)
{
	json_t *one;
	size_t i;

	json_array_foreach(services, i,
			   one) if (json_equal(json_object_get(one, "port"),
					       json_object_get(service, "port"))) return one;
	one = json_pack("{s:O, s:O, s:i, s:f}", "service", json_object_get(service, "service"),
			"port", json_object_get(service, "port"), "incidents", 0,
			"downtime_seconds", 0.0);
	return one && json_array_append_new(services, one) == 0 ? one : NULL;
}

static int count(json_t *services, const json_t *incident)
{
	double down = json_real_value(json_object_get(incident, "downtime_seconds"));
	const json_t *service;
	size_t i;

	json_array_foreach(json_object_get(incident, "services"), i, service)
	{
		json_t *one = find_service(services, service);
		json_int_t n;
		double before;

		if (!one)
			return -ENOMEM;
		n = json_integer_value(json_object_get(one, "incidents"));
		before = json_real_value(json_object_get(one, "downtime_seconds"));
		if (set(one, "incidents", json_integer(n + 1)) < 0 ||
		    set(one, "downtime_seconds", json_real(before + down)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int by_port(const void *a, const void *b)
{
	const json_t *const *left = a, *const *right = b;
	json_int_t l = json_integer_value(json_object_get(*left, "port"));
	json_int_t r = json_integer_value(json_object_get(*right, "port"));

	return l < r ? -1 : l > r;
}

/* A copy of @array in the order of the ports. */
static json_t *sorted(const json_t *array)
{
	size_t n = json_array_size(array);
	cleanup(memory_freep) json_t **list = calloc(n + 1, sizeof(*list));
	json_t *copy = json_array();

	for (size_t i = 0; list && i < n; i++)
		list[i] = json_array_get(array, i);
	if (list)
		qsort(list, n, sizeof(*list), by_port);
	for (size_t i = 0; list && i < n; i++)
		(void)json_array_append(copy, list[i]);
	return copy;
}

static void finish_service(json_t *service, double observed)
{
	double down = json_real_value(json_object_get(service, "downtime_seconds"));
	json_int_t n = json_integer_value(json_object_get(service, "incidents"));
	double share = observed > 0 ? 1 - down / observed : 0;

	(void)set(service, "availability", json_real(share > 0 ? share : 0));
	(void)set(service, "mean_downtime_seconds", json_real(down / (double)n));
}

static json_t *services_of(const struct history_view *view, double observed)
{
	cleanup(json_decrefp) json_t *services = json_array();
	json_t *incident, *service;
	size_t i;

	json_array_foreach(view->incidents, i,
			   incident) if (count(services, incident) < 0) return NULL;
	json_array_foreach(services, i, service) finish_service(service, observed);
	return sorted(services);
}

static json_t *show_time(int64_t time)
{
	char text[TIME_SIZE];

	(void)text_show_time(time, "%Y-%m-%dT%H:%M:%SZ", text, sizeof(text));
	return json_string(text);
}

json_t *history_view_end(struct history_view *view, size_t torn)
{
	int64_t from = view->first > view->since ? view->first : view->since;
	double observed = view->first ? (double)(view->until - from) : 0;

	drop_older(view);
	reckon_open(view);
	return json_pack("{s:o, s:o, s:f, s:I, s:O, s:o}", "since", show_time(view->since), "until",
			 show_time(view->until), "observed_seconds", observed, "torn",
			 (json_int_t)torn, "incidents", view->incidents, "services",
			 services_of(view, observed));
}

/* -- for people */

static void show_seconds(double seconds, char to[static DURATION_SIZE])
{
	text_show_duration((uint64_t)(seconds * 1e6), to, DURATION_SIZE);
}

static void print_services(const json_t *incident, FILE *out)
{
	const json_t *services = json_object_get(incident, "services");
	const json_t *first = json_array_get(services, 0);
	char name[NAME_SIZE];

	(void)text_format(name, sizeof(name), "%s %d", entry_text(first, "service"),
			  (int)json_integer_value(json_object_get(first, "port")));
	if (json_array_size(services) > 1)
		(void)text_append(name, sizeof(name), " +%zu", json_array_size(services) - 1);
	fprintf(out, "  %-24s", name);
}

static void print_incident(const json_t *incident, FILE *out)
{
	const char *cause = entry_text(incident, "cause"),
		   *finding = entry_text(incident, "finding");
	const json_t *repairs = json_object_get(incident, "repairs"), *repair;
	const json_t *withheld = json_object_get(incident, "withheld");
	char down[DURATION_SIZE], when[TIMES_SHOWN_SIZE];

	show_seconds(json_real_value(json_object_get(incident, "downtime_seconds")), down);
	times_show(entry_text(incident, "opened"), when);
	fprintf(out, "%-19.19s", when);
	print_services(incident, out);
	fprintf(out, "  %-22s  %-12s", *cause ? cause : finding,
		*entry_text(incident, "closed") ? down : "open");
	repair = json_array_get(repairs, json_array_size(repairs) - 1);
	if (repair)
		fprintf(out, "  %s %s", entry_text(repair, "action"), entry_text(repair, "result"));
	else if (json_array_size(withheld))
		fprintf(out, "  withheld: %s", json_string_value(json_array_get(withheld, 0)));
	fputc('\n', out);
}

static void print_service(const json_t *service, FILE *out)
{
	char down[DURATION_SIZE], mean[DURATION_SIZE];

	show_seconds(json_real_value(json_object_get(service, "downtime_seconds")), down);
	show_seconds(json_real_value(json_object_get(service, "mean_downtime_seconds")), mean);
	fprintf(out, "%5d  %-24.24s  %9d  %-14s  %11.4f %%  %s\n",
		(int)json_integer_value(json_object_get(service, "port")),
		entry_text(service, "service"),
		(int)json_integer_value(json_object_get(service, "incidents")), down,
		100 * json_real_value(json_object_get(service, "availability")), mean);
}

void history_view_print(const json_t *history, FILE *out)
{
	const json_t *incidents = json_object_get(history, "incidents"), *one;
	json_int_t torn = json_integer_value(json_object_get(history, "torn"));
	size_t i;

	fprintf(out, "%zu incident%s since %.10s\n", json_array_size(incidents),
		json_array_size(incidents) == 1 ? "" : "s", entry_text(history, "since"));
	if (torn)
		fprintf(out, "%" PRId64 " line%s of the history cannot be read.\n", (int64_t)torn,
			torn == 1 ? "" : "s");
	if (!json_array_size(incidents))
		return;
	fprintf(out, "\n%-19s  %-24s  %-22s  %-12s  %s\n", "OPENED (UTC)", "SERVICE", "WHY", "DOWN",
		"REPAIR");
	json_array_foreach(incidents, i, one) print_incident(one, out);
	fprintf(out, "\n%5s  %-24s  %9s  %-14s  %13s  %s\n", "PORT", "SERVICE", "INCIDENTS", "DOWN",
		"AVAILABILITY", "MEAN DOWNTIME");
	json_array_foreach(json_object_get(history, "services"), i, one) print_service(one, out);
}
