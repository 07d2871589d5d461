// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/commands/command_preflight.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/commands/commands.h"
#include "agent/commands/whereabouts.h"
#include "agent/daemon/watched_ports.h"
#include "base/text.h"
#include "intent/config/config_load.h"
#include "intent/merge/broken.h"
#include "intent/merge/intent.h"
#include "intent/rendered/servers.h"
#include "judge/preflight.h"
#include "observe/kernel/observer.h"
#include "probe/disk/key_pairs.h"

#define ITEMS_MAX     (2 * SERVICES_MAX + SOURCES_MAX)
#define HEADLINE_SIZE 1024
#define WHY_SIZE      512

enum {
	PREFLIGHT_OK,
	PREFLIGHT_WARNING,
	PREFLIGHT_CRITICAL,
	PREFLIGHT_UNKNOWN
}; /* a plugin's exit codes */

struct item {			       /* one line of the answer */
	const struct service *service; /* NULL: about a source, or a port that none expects */
	uint16_t port;		       /* 0: about a source */
	const char *outcome;	       /* preflight_name(), "certificate", "source" or "surplus" */
	enum severity severity;
	char text[SOURCE_PATH_SIZE + COMPLAINT_SIZE];
};

struct look {
	struct config config;
	struct intent intent;
	struct whereabouts whereabouts;
	struct observer *observer;
	char netns[CONFIG_PATH_SIZE]; /* where services are expected */
	struct item *items;
	size_t n_items;
	char why[WHY_SIZE]; /* it could not look, or not at all of it; "": it could */
	size_t told;	    /* services of which some source can tell what becomes of them */
};

static void look_clear(struct look *look)
{
	observer_free(look->observer);
	intent_clear(&look->intent);
	whereabouts_clear(&look->whereabouts);
	config_clear(&look->config);
	free(look->items);
}

static struct item *add(struct look *look, const struct service *service, const char *outcome,
			enum severity severity, const char *text)
{
	struct item *item;

	if (look->n_items == ITEMS_MAX)
		return NULL;
	item = &look->items[look->n_items++];
	*item = (struct item){ .service = service, .outcome = outcome, .severity = severity };
	item->port = service ? service->want.port : 0;
	(void)text_copy(item->text, sizeof(item->text), text);
	text_sanitize(item->text);
	return item;
}

static void add_port(struct look *look, uint16_t port, const char *outcome, enum severity severity,
		     const char *text)
{
	struct item *item = add(look, NULL, outcome, severity, text);

	if (item)
		item->port = port;
}

static void on_change(const struct listener_change *change, void *userdata)
{
}

static int fail(struct look *look, int r, const char *what)
{
	(void)text_format(look->why, sizeof(look->why), "%s: %s", what, strerror(-r));
	return r;
}

/* Returns 0, or -errno with look->why. So do those that follow. */
static int see_listeners(struct look *look)
{
	struct watched_ports ports;
	int r = observer_new(on_change, NULL, &look->observer);

	/* Whoever is not root would also take the keys for unreadable that the server can read. */
	if (r < 0 && geteuid() == 0)
		r = observer_new_polling(on_change, NULL, look->netns, &look->observer);
	if (r < 0)
		return fail(look, r,
			    geteuid() == 0 ? "the listeners cannot be seen"
					   : "the listeners cannot be seen, but by root");
	watched_ports_of(&look->intent.services, &ports);
	observer_watch(look->observer, ports.list, ports.n);
	r = observer_snapshot(look->observer);
	return r < 0 ? fail(look, r, "the listeners cannot be listed") : 0;
}

static int find_netns(struct look *look, uint32_t *ret)
{
	int r = whereabouts_netns(&look->config, look->netns);
	const char *path = *look->netns ? look->netns : "/proc/self/ns/net";
	struct stat st;

	if (r < 0)
		return fail(look, r, "the container that netns = names is not to be found");
	if (stat(path, &st) < 0)
		return fail(look, -errno, "the network namespace that netns = names is not there");
	*ret = (uint32_t)st.st_ino;
	return 0;
}

static bool keeps_something_back(const struct look *look, const struct source *source)
{
	for (size_t i = 0; i < look->intent.services.n; i++) {
		const struct service *service = &look->intent.services.list[i];

		if (service->expected && broken_find(&look->intent, service) == source)
			return true;
	}
	return false;
}

/* A mail server whose configuration cannot be read does not come back from a restart. What nobody
 * asked for and nothing depends on is only told: an nginx for web pages, a mailu.env that lies
 * about. */
static enum severity severity_of(const struct look *look, const struct source *source)
{
	const struct server_kind *server = servers_find(source->kind);

	if (server && !server->forwards)
		return SEVERITY_CRITICAL;
	if (!server && !source_is_declared(source->kind))
		return SEVERITY_WARNING; /* systemd cannot be asked: the server can start all the
					    same */
	return !*source->why || keeps_something_back(look, source) ? SEVERITY_CRITICAL
								   : SEVERITY_WARNING;
}

static void judge_sources(struct look *look)
{
	for (size_t i = 0; i < look->intent.n_sources; i++) {
		const struct source *source = &look->intent.sources[i];

		if (!broken_is(source))
			continue;
		if (source->complaints.ours)
			(void)text_copy(look->why, sizeof(look->why), broken_why(source));
		(void)add(look, NULL, "source",
			  source->complaints.ours ? SEVERITY_NONE : severity_of(look, source),
			  broken_why(source));
	}
}

static void judge_pairs(struct look *look, const struct service *service)
{
	char detail[COMPLAINT_SIZE];
	enum key_pair pair = key_pairs_check(service, detail, sizeof(detail));

	/* One that has expired is served all the same: a reload does no harm. */
	if (pair != KEY_PAIR_FITS)
		(void)add(look, service, "certificate",
			  pair == KEY_PAIR_EXPIRED ? SEVERITY_WARNING : SEVERITY_CRITICAL, detail);
}

/* Where servers' own configuration opens @port; returns how many addresses, 0: whatever they are.
 */
static size_t find_opened(const struct intent *intent, uint16_t port,
			  struct address to[static SERVICE_ADDRESSES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < intent->statements.n; i++) {
		const struct statement *statement = &intent->statements.list[i];

		if (statement->port != port || !source_is_rendered(statement->kind))
			continue;
		if (!statement->n_addresses || n + statement->n_addresses > SERVICE_ADDRESSES_MAX)
			return 0;
		memcpy(&to[n], statement->addresses, statement->n_addresses * sizeof(*to));
		n += statement->n_addresses;
	}
	return n;
}

static void judge_service(struct look *look, const struct service *service, uint32_t netns)
{
	const struct inventory *inventory = observer_inventory(look->observer);
	const struct server_kind *server = servers_find_unit(service->server.unit);
	struct address opens[SERVICE_ADDRESSES_MAX];
	const struct preflight_question question = {
		.service = service,
		.opens = opens,
		.n_opens = find_opened(&look->intent, service->want.port, opens),
		.processes = server ? server->processes : NULL,
		.restart_for = server ? server->restart_for : NULL,
		.netns = netns,
		.listeners = inventory->list,
		.n = inventory->n,
	};
	struct preflight result;

	preflight_service(&question, &result);
	(void)add(look, service, preflight_name(result.outcome), preflight_severity(result.outcome),
		  result.text);
	look->told += result.outcome != PREFLIGHT_UNTOLD;
	judge_pairs(look, service);
}

static void judge_services(struct look *look, uint32_t netns)
{
	for (size_t i = 0; i < look->intent.services.n; i++)
		if (look->intent.services.list[i].expected)
			judge_service(look, &look->intent.services.list[i],
				      whereabouts_of(&look->whereabouts,
						     &look->intent.services.list[i], netns));
}

/* Of a server here whose configuration was read; it has another port than that now. */
static bool is_dropped(const struct look *look, const struct listener *listener)
{
	for (size_t i = 0; i < n_servers; i++)
		if (look->intent.servers[servers[i]->kind].is_read &&
		    preflight_is_of(servers[i]->unit(), servers[i]->processes, listener))
			return true;
	return false;
}

static bool is_told(const struct look *look, uint16_t port)
{
	for (size_t i = 0; i < look->n_items; i++)
		if (look->items[i].port == port)
			return true;
	return false;
}

/* Listens, and nobody expects it: no reason not to reload, but worth a line, or a warning when it
 * goes. */
static void judge_others(struct look *look, uint32_t netns)
{
	const struct inventory *inventory = observer_inventory(look->observer);

	for (size_t i = 0; i < inventory->n && look->intent.anything_spoke; i++) {
		const struct listener *listener = inventory->list[i];
		bool known = service_set_find(&look->intent.services, listener->port);
		char text[ADDRESS_TEXT_SIZE + 96], address[ADDRESS_TEXT_SIZE];

		if (listener->netns != netns || is_told(look, listener->port))
			continue;
		address_show(&listener->address, address);
		(void)text_format(text, sizeof(text), "is open at %s%s%s, and no source expects it",
				  address, listener->n_holders ? ", held by " : "",
				  listener->n_holders ? listener->holders[0].command : "");
		if (!known && is_dropped(look, listener))
			add_port(look, listener->port, preflight_name(PREFLIGHT_DROPS),
				 preflight_severity(PREFLIGHT_DROPS),
				 preflight_text(PREFLIGHT_DROPS));
		else
			add_port(look, listener->port, "surplus", SEVERITY_NONE, text);
	}
}

static void name_item(const struct item *item, char *to, size_t size)
{
	*to = '\0';
	if (item->service)
		(void)text_format(to, size, "%u (%s) ", item->port, item->service->name);
	else if (item->port)
		(void)text_format(to, size, "port %u ", item->port);
}

/* The first of the gravest, then how many more. Returns the exit code. */
static int find_headline(const struct look *look, char *to, size_t size)
{
	const struct item *worst = NULL;
	char name[SERVICE_NAME_SIZE + 16];
	size_t n = 0;

	for (size_t i = 0; i < look->n_items; i++) {
		const struct item *item = &look->items[i];

		n += item->severity > SEVERITY_NONE;
		if (item->severity > (worst ? worst->severity : SEVERITY_NONE))
			worst = item;
	}
	/* What was not seen may be worse than all that was, but for an outage. */
	if (*look->why && !(worst && worst->severity == SEVERITY_CRITICAL)) {
		(void)text_format(to, size, "UNKNOWN - Hearken could not look: %s", look->why);
		return PREFLIGHT_UNKNOWN;
	}
	if (worst) {
		bool critical = worst->severity == SEVERITY_CRITICAL;

		name_item(worst, name, sizeof(name));
		(void)text_format(to, size, "%s - %s%s", critical ? "CRITICAL" : "WARNING", name,
				  worst->text);
		if (n > 1)
			(void)text_append(to, size, "; and %zu more", n - 1);
		return critical ? PREFLIGHT_CRITICAL : PREFLIGHT_WARNING;
	}
	if (look->told == 0) {
		(void)text_copy(to, size,
				look->n_items ? "UNKNOWN - no source can tell what the "
						"configuration on disk opens"
					      : "UNKNOWN - nothing is expected yet; \"hearken "
						"config\" tells what was looked for");
		return PREFLIGHT_UNKNOWN;
	}
	(void)text_format(to, size,
			  "OK - the configuration on disk opens what is expected: %zu port%s",
			  look->told, look->told == 1 ? "" : "s");
	return PREFLIGHT_OK;
}

static void print_text(const struct look *look, const char *headline)
{
	puts(headline);
	for (size_t i = 0; i < look->n_items; i++) {
		const struct item *item = &look->items[i];
		char name[SERVICE_NAME_SIZE + 16];

		name_item(item, name, sizeof(name));
		printf("%s%s%s\n", item->severity == SEVERITY_NONE ? "  " : "! ", name, item->text);
	}
}

static void print_json(const struct look *look, const char *headline, int code)
{
	static const char *const verdicts[] = { "ok", "warning", "critical", "unknown" };
	cleanup(json_decrefp) json_t *root = NULL;
	json_t *items = json_array();

	for (size_t i = 0; i < look->n_items; i++) {
		const struct item *item = &look->items[i];
		json_t *object = json_pack("{s:s, s:s, s:s}", "outcome", item->outcome, "severity",
					   severity_name(item->severity), "text", item->text);

		if (item->service)
			(void)json_object_set_new(object, "name", json_string(item->service->name));
		if (item->port)
			(void)json_object_set_new(object, "port", json_integer(item->port));
		(void)json_array_append_new(items, object);
	}
	root = json_pack("{s:s, s:s, s:o}", "verdict", verdicts[code], "text", headline, "items",
			 items);
	if (json_dumpf(root, stdout, JSON_INDENT(2)) == 0)
		putchar('\n');
}

static int take_a_look(struct look *look, const char *config)
{
	struct complaints complaints = { 0 };
	uint32_t netns = 0;
	int r = config_load(config, &look->config, &complaints);

	command_print_complaints(&complaints);
	if (r < 0)
		(void)text_copy(look->why, sizeof(look->why), complaints_first_error(&complaints));
	if (r < 0)
		return r;
	look->items = calloc(ITEMS_MAX, sizeof(*look->items));
	if (!look->items)
		return fail(look, -ENOMEM, "a table cannot be made");
	r = whereabouts_find(&look->whereabouts);
	if (r < 0)
		return fail(look, r, "the container runtimes cannot be asked");
	r = whereabouts_intent(&look->config, &look->whereabouts, &look->intent);
	if (r < 0)
		return fail(look, r, "what is expected cannot be read");
	r = find_netns(look, &netns);
	if (r >= 0)
		r = see_listeners(look);
	if (r < 0)
		return r;
	judge_sources(look);
	judge_services(look, netns);
	judge_others(look, netns);
	return 0;
}

int command_preflight(int argc, char **argv)
{
	cleanup(look_clear) struct look look = { 0 };
	const char *config;
	char headline[HEADLINE_SIZE];
	bool json;
	int r = command_take_options(argc, argv, true, &config, &json), code;

	if (r != 0)
		return r;
	if (take_a_look(&look, config) < 0)
		look.n_items = 0; /* half of it is none */
	code = find_headline(&look, headline, sizeof(headline));
	if (json)
		print_json(&look, headline, code);
	else
		print_text(&look, headline);
	return code;
}
