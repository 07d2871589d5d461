// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/status.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define STRING_SIZE 1024 /* longer texts are cut */

/* Jansson says "no memory" with NULL, and passes it on from child to parent; so the one check is
 * whether anything failed on the way. */
struct builder {
	bool failed;
	bool is_polling; /* who holds a listener and who comes to it is not seen: null, never nobody
			    and 0 */
	const struct view *view;
};

static void put(struct builder *builder, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		builder->failed = true;
}

static void append(struct builder *builder, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		builder->failed = true;
}

/* Jansson takes UTF-8 alone. */
static json_t *string(const char *s)
{
	char copy[STRING_SIZE];

	if (!s || !*s)
		return json_null();
	(void)text_copy(copy, sizeof(copy), s);
	text_sanitize(copy);
	return json_string(copy);
}

/* What people are to paste somewhere keeps its lines. */
static json_t *lines(const char *s)
{
	char copy[STRING_SIZE];

	if (!*s)
		return json_null();
	(void)text_copy(copy, sizeof(copy), s);
	text_sanitize_lines(copy);
	return json_string(copy);
}

static json_t *time_of(int64_t unix_time)
{
	char text[32];

	if (unix_time == 0 ||
	    text_show_time(unix_time, "%Y-%m-%dT%H:%M:%SZ", text, sizeof(text)) < 0)
		return json_null();
	return json_string(text);
}

static json_t *time_of_usec(uint64_t real_usec)
{
	return time_of((int64_t)(real_usec / USEC_PER_SEC));
}

static json_t *time_of_accept(struct moment now, uint64_t ns)
{
	uint64_t usec = ns / NSEC_PER_USEC;

	return usec == 0 || usec > now.usec ? json_null()
					    : time_of_usec(now.real_usec - (now.usec - usec));
}

static json_t *milliseconds(uint64_t usec)
{
	return usec == 0 ? json_null() : json_real((double)usec / 1e3);
}

/* From the kernel's clock; null: it was there before we looked. */
static json_t *time_of_opening(const struct moment *now, const struct listener *listener)
{
	uint64_t opened_usec = listener->opened_ns / NSEC_PER_USEC;

	if (opened_usec == 0 || opened_usec > now->usec)
		return json_null();
	return time_of_usec(now->real_usec - (now->usec - opened_usec));
}

static json_t *build_listener(struct builder *b, const struct moment *now,
			      const struct listener *listener)
{
	json_t *object = json_object(), *pids = json_array();
	char address[ADDRESS_TEXT_SIZE];

	address_show(&listener->address, address);
	for (size_t i = 0; i < listener->n_holders; i++) {
		if (listener->holders[i].pid > 0)
			append(b, pids, json_integer(listener->holders[i].pid));
	}
	put(b, object, "address", json_string(address));
	put(b, object, "port", json_integer(listener->port));
	put(b, object, "family",
	    json_string(listener->address.family == AF_INET6 ? "ipv6" : "ipv4"));
	put(b, object, "v6only", json_boolean(listener->v6only));
	put(b, object, "netns", json_integer(listener->netns));
	put(b, object, "unit", string(listener->unit));
	put(b, object, "container", string(listener->container));
	put(b, object, "container_name", string(listener->container_name));
	put(b, object, "command",
	    string(listener->n_holders ? listener->holders[0].command : NULL));
	if (b->is_polling) {
		json_decref(pids);
		pids = json_null();
	}
	put(b, object, "pids", pids);
	put(b, object, "opened", time_of_opening(now, listener));
	put(b, object, "backlog", json_integer(listener->backlog));
	put(b, object, "queued", json_integer(listener->queued));
	put(b, object, "arrived",
	    b->is_polling ? json_null() : json_integer((json_int_t)listener->arrived));
	put(b, object, "accepted",
	    view_counts_accepts(b->view) ? json_integer((json_int_t)listener->accepted)
					 : json_null());
	put(b, object, "last_accept", time_of_accept(b->view->now, listener->last_accept_ns));
	return object;
}

static json_t *build_probe(struct builder *b, const struct service_view *service,
			   enum vantage vantage)
{
	const struct answers *answers = service->answers;
	json_t *object = json_object(), *durations = json_object();
	const struct answer *answer = &answers->list[vantage];
	char address[ADDRESS_TEXT_SIZE], print[FINGERPRINT_SIZE] = "";

	if (answer->not_after)
		fingerprint_show(answer->fingerprint, print);
	address_show(&answers->addresses[vantage], address);
	put(b, durations, "connect", milliseconds(answer->connect_usec));
	put(b, durations, "greeting", milliseconds(answer->greeting_usec));
	put(b, durations, "tls", milliseconds(answer->tls_usec));
	put(b, durations, "total", milliseconds(answer->total_usec));
	put(b, object, "vantage", json_string(vantage_name(vantage)));
	put(b, object, "address", json_string(address));
	put(b, object, "complete", json_boolean(answer->complete));
	put(b, object, "finding", string(finding_name(answer->finding)));
	put(b, object, "detail", string(answer->detail));
	put(b, object, "tls_version", string(answer->tls_version));
	put(b, object, "cipher", string(answer->cipher));
	put(b, object, "key_exchange", string(answer->tls_group));
	put(b, object, "not_before", time_of(answer->not_before));
	put(b, object, "not_after", time_of(answer->not_after));
	put(b, object, "subject", string(answer->subject));
	put(b, object, "issuer", string(answer->issuer));
	put(b, object, "fingerprint", string(print));
	put(b, object, "key", string(answer->key));
	put(b, object, "ocsp", string(staple_name(answer->staple)));
	put(b, object, "dane", string(dane_name(answer->dane)));
	put(b, object, "certificate_file", string(disk_name(service->disk)));
	put(b, object, "durations_ms", durations);
	return object;
}

static json_t *build_finding(struct builder *b, const struct service_view *service,
			     enum finding finding, enum cause cause, const char *detail,
			     const char *remedy)
{
	json_t *object = json_object();

	put(b, object, "name", string(finding_name(finding)));
	put(b, object, "cause", string(cause_name(cause)));
	put(b, object, "detail", string(detail));
	put(b, object, "remedy", lines(remedy));
	put(b, object, "since", time_of_usec(service->since_real_usec));
	return object;
}

/* The one that the verdict is made of, and what else the same conversation found. */
static json_t *build_findings(struct builder *b, const struct service_view *view)
{
	json_t *findings = json_array();
	uint32_t n;
	const struct answer_finding *also = view_also(view, &n);

	if (view->finding != FINDING_NONE)
		append(b, findings,
		       build_finding(b, view, view->finding, view->cause, view->detail,
				     view->remedy));
	for (uint32_t i = 0; i < n; i++)
		append(b, findings,
		       build_finding(b, view, also[i].finding, CAUSE_NONE, also[i].detail, ""));
	return findings;
}

/* Of what the last round saw; the service may be well all the same. */
static json_t *build_notices(struct builder *b, const struct service_view *view)
{
	json_t *notices = json_array();

	for (uint32_t i = 0; view->probed && i < view->answer.n_notices; i++) {
		const struct answer_finding *notice = &view->answer.notices[i];
		json_t *object = json_object();

		put(b, object, "name", string(finding_name(notice->finding)));
		put(b, object, "detail", string(notice->detail));
		append(b, notices, object);
	}
	return notices;
}

static json_t *build_incident(struct builder *b, const struct service_view *service)
{
	json_t *object;

	if (!service->incident || !*service->incident)
		return json_null();
	object = json_object();
	put(b, object, "id", string(service->incident));
	put(b, object, "opened", time_of_usec(service->incident_opened_real_usec));
	return object;
}

static json_t *build_silence(struct builder *b, const struct service_view *service)
{
	json_t *object;

	if (!service->silenced_until_sec)
		return json_null();
	object = json_object();
	put(b, object, "until", time_of((int64_t)service->silenced_until_sec));
	put(b, object, "reason", string(service->silenced_why));
	return object;
}

static json_t *build_service(struct builder *b, const struct moment *now,
			     const struct service_view *view)
{
	json_t *object = json_object(), *sources = json_array();
	json_t *listeners = json_array(), *probes = json_array();
	const struct service *service = view->service;

	for (enum source_kind kind = 0; kind < SOURCE_KIND_COUNT; kind++) {
		if (service->provenance.sources & (UINT32_C(1) << kind))
			append(b, sources, json_string(source_name(kind)));
	}
	for (size_t i = 0; i < view->n_listeners; i++)
		append(b, listeners, build_listener(b, now, view->listeners[i]));
	for (int i = 0; view->answers && i < VANTAGE_COUNT; i++)
		if (view->answers->given & UINT32_C(1) << i)
			append(b, probes, build_probe(b, view, (enum vantage)i));
	put(b, object, "name", string(service->name));
	put(b, object, "port", json_integer(service->want.port));
	put(b, object, "protocol", string(protocol_name(service->want.protocol)));
	put(b, object, "tls", string(tls_mode_name(service->want.tls)));
	put(b, object, "unit", string(service->server.unit));
	put(b, object, "sources", sources);
	put(b, object, "verdict", json_string(verdict_name(view->verdict)));
	put(b, object, "reason", string(view->reason ? view->reason : ""));
	put(b, object, "since", time_of_usec(view->since_real_usec));
	put(b, object, "findings", build_findings(b, view));
	put(b, object, "notices", build_notices(b, view));
	put(b, object, "listeners", listeners);
	put(b, object, "probes", probes);
	put(b, object, "incident", build_incident(b, view));
	put(b, object, "repair", string(view->repair));
	put(b, object, "silence", build_silence(b, view));
	put(b, object, "downtime_seconds", json_real((double)view->downtime_usec / 1e6));
	return object;
}

static json_t *build_hooks(struct builder *b, const struct view *view)
{
	json_t *object = json_object();

	put(b, object, "state", json_string(view->hook_state ? view->hook_state : "none"));
	put(b, object, "bind", json_string(view->hook_bind ? view->hook_bind : "none"));
	put(b, object, "accept", json_string(view->hook_accept ? view->hook_accept : "none"));
	put(b, object, "signal", json_string(view->hook_signal ? view->hook_signal : "none"));
	return object;
}

static json_t *build_conflicts(struct builder *b, const struct view *view)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->n_conflicts; i++) {
		json_t *object = json_object();

		put(b, object, "name", string(conflict_kind_name(view->conflicts[i].kind)));
		put(b, object, "port", json_integer(view->conflicts[i].port));
		put(b, object, "detail", string(view->conflicts[i].text));
		append(b, list, object);
	}
	return list;
}

static json_t *build_sources(struct builder *b, const struct view *view)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->n_sources; i++) {
		const struct source_view *source = &view->sources[i];
		json_t *object = json_object(), *findings = json_array();

		if (source->verdict != VERDICT_UP) {
			json_t *finding = json_object();

			put(b, finding, "name", string(finding_name(FINDING_SOURCE_UNREADABLE)));
			put(b, finding, "detail", string(source->why));
			append(b, findings, finding);
		}
		put(b, object, "kind", string(source_name(source->source->kind)));
		put(b, object, "path", string(source->source->path));
		put(b, object, "state", string(source_state_name(source->source->state)));
		put(b, object, "verdict", string(verdict_name(source->verdict)));
		put(b, object, "findings", findings);
		append(b, list, object);
	}
	return list;
}

static json_t *build(struct builder *b, const struct view *view)
{
	json_t *object = json_object(), *services = json_array(), *surplus = json_array();

	for (size_t i = 0; i < view->n_services; i++)
		append(b, services, build_service(b, &view->now, &view->services[i]));
	for (size_t i = 0; i < view->n_surplus; i++)
		append(b, surplus, build_listener(b, &view->now, view->surplus[i]));
	put(b, object, "version", json_integer(STATUS_VERSION));
	put(b, object, "time", time_of_usec(view->now.real_usec));
	put(b, object, "pid", view->pid ? json_integer(view->pid) : json_null());
	put(b, object, "mode", json_string(view->mode ? view->mode : "none"));
	put(b, object, "hooks", build_hooks(b, view));
	put(b, object, "degraded", string(view->degraded));
	put(b, object, "notice", string(view->notice));
	put(b, object, "events_lost", json_integer((json_int_t)view->events_lost));
	put(b, object, "services", services);
	put(b, object, "surplus", surplus);
	put(b, object, "sources", build_sources(b, view));
	put(b, object, "conflicts", build_conflicts(b, view));
	return object;
}

int status_render(const struct view *view, char **ret, size_t *ret_size)
{
	struct builder builder = { .view = view,
				   .is_polling = view->mode && strcmp(view->mode, "polling") == 0 };
	cleanup(json_decrefp) json_t *object = build(&builder, view);
	cleanup(memory_freep) char *text = NULL;
	size_t size;

	if (builder.failed)
		return -ENOMEM;
	/* Asked for its length first, so that the newline needs no second copy of it all. */
	size = json_dumpb(object, NULL, 0, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	if (size == 0)
		return -ENOMEM;
	text = malloc(size + 2);
	if (!text)
		return -ENOMEM;
	if (json_dumpb(object, text, size, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != size)
		return -ENOMEM;
	text[size] = '\n';
	text[size + 1] = '\0';
	*ret = TAKE_PTR(text);
	*ret_size = size + 1;
	return 0;
}

int status_write(const struct view *view, const char *path)
{
	cleanup(memory_freep) char *text = NULL;
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];
	size_t size;
	int r = status_render(view, &text, &size);

	if (r < 0)
		return r;
	if (slash && slash > path) {
		if ((size_t)(slash - path) >= sizeof(directory))
			return -ENAMETOOLONG;
		(void)text_format(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
		r = file_make_directory(directory, 0755);
		if (r < 0)
			return r;
	}
	return file_tell(path, text, size, 0644);
}
