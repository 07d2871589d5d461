// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/daemon/memory_file.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define MAX_BYTES (8 * 1024 * 1024)

void memory_file_clear(struct memory *memory)
{
	free(memory->services);
	memset(memory, 0, sizeof(*memory));
}

/* -- writing */

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *of_incident(const struct memory_incident *incident)
{
	return json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:i, s:i, s:i, s:i, s:i, "
		"s:b, s:b}",
		"id", incident->id, "opened", integer(incident->opened_usec), "down",
		integer(incident->down_usec), "down_before", integer(incident->before_usec),
		"recovered", integer(incident->recovered_usec), "event",
		integer(incident->event_usec), "close", integer(incident->close_usec), "finding",
		finding_name(incident->finding), "cause", cause_name(incident->cause), "ended_pid",
		(int)incident->ended_pid, "repair", (int)incident->repair, "rung",
		(int)incident->rung, "tried", (int)incident->tried, "withheld",
		(int)incident->told_withheld, "told", incident->told, "hushed", incident->hushed);
}

static json_t *of_sent(const struct signal_sent *sent)
{
	return json_pack("{s:i, s:i, s:o, s:o, s:s, s:s}", "sender", (int)sent->sender, "signal",
			 (int)sent->signal, "pid", integer(sent->kernel_pid), "uid",
			 integer(sent->uid), "command", sent->command, "whose", sent->whose);
}

static json_t *of_end(const struct task_end *end)
{
	char command[COMMAND_SIZE];
	json_t *item;

	(void)text_copy(command, sizeof(command), end->command); /* anybody's choice */
	text_sanitize(command);
	item = json_pack("{s:b, s:b, s:i, s:i, s:i, s:s}", "exiting", end->exiting, "oom", end->oom,
			 "signal", end->signal, "exit_code", end->exit_code, "pid",
			 (int)end->kernel_pid, "command", command);
	if (item && end->sent.signal)
		json_object_set_new(item, "sent", of_sent(&end->sent));
	return item;
}

static json_t *of_counts(const uint64_t *incidents)
{
	json_t *counts = json_object();

	for (int i = 0; i < CAUSE_COUNT; i++)
		if (incidents[i])
			json_object_set_new(counts, cause_name((enum cause)i),
					    integer(incidents[i]));
	return counts;
}

static json_t *of_falls(const struct falls *falls)
{
	json_t *list = json_array();

	for (size_t i = 0; i < falls->n; i++)
		json_array_append_new(list, json_pack("[o, o]", integer(falls->list[i].at_usec),
						      integer(falls->list[i].lived_usec)));
	return list;
}

static json_t *of_service(const struct memory_service *service)
{
	json_t *item = json_pack(
		"{s:s, s:i, s:s, s:i, s:b, s:b, s:b, s:i, s:o, s:s, s:s, s:s, s:s, s:o, "
		"s:o, s:o, s:o, "
		"s:o, s:b, s:b}",
		"name", service->name, "port", (int)service->port, "unit", service->unit,
		"incident", service->incident, "speaks", service->speaks, "proven", service->proven,
		"named", service->named, "disk", (int)service->told_disk, "falls",
		of_falls(&service->falls), "verdict", verdict_name(service->verdict), "finding",
		finding_name(service->finding), "cause", cause_name(service->cause), "detail",
		service->detail, "since", integer(service->since_usec), "lost",
		integer(service->lost_usec), "back", integer(service->back_usec), "down_in_all",
		integer(service->total_usec), "incidents", of_counts(service->incidents), "falling",
		service->falling, "stopped", service->stopped);

	if (item && service->end_known)
		json_object_set_new(item, "end", of_end(&service->end));
	return item;
}

int memory_file_save(const char *directory, const struct memory *memory)
{
	cleanup(json_decrefp) json_t *root = NULL;
	json_t *incidents = json_array(), *services = json_array();
	cleanup(memory_freep) char *text = NULL;
	char path[PATH_MAX];

	if (text_format(path, sizeof(path), "%s/" MEMORY_FILE_NAME, directory) < 0)
		return -ENAMETOOLONG;
	for (size_t k = 0; k < memory->n_incidents; k++)
		json_array_append_new(incidents, of_incident(&memory->incidents[k]));
	for (size_t i = 0; i < memory->n_services; i++)
		json_array_append_new(services, of_service(&memory->services[i]));
	root = json_pack("{s:i, s:o, s:o}", "version", MEMORY_FILE_VERSION, "incidents", incidents,
			 "services", services);
	text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
	if (!text)
		return -ENOMEM;
	return file_replace(path, text, strlen(text), 0644);
}

/* -- reading: whatever is not as it should be spoils all of it */

static bool take_string(json_t *item, const char *key, char *to, size_t size)
{
	const char *s = json_string_value(json_object_get(item, key));

	return s && text_copy(to, size, s) >= 0;
}

static bool take_u64(json_t *item, const char *key, uint64_t max, uint64_t *ret)
{
	json_t *value = json_object_get(item, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > max)
		return false;
	*ret = (uint64_t)json_integer_value(value);
	return true;
}

static bool take_u32(json_t *item, const char *key, uint64_t max, uint32_t *ret)
{
	uint64_t value;

	if (!take_u64(item, key, max, &value))
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool take_bool(json_t *item, const char *key, bool *ret)
{
	json_t *value = json_object_get(item, key);

	*ret = json_is_true(value);
	return json_is_boolean(value);
}

static bool take_cause(json_t *item, enum cause *ret)
{
	const char *s = json_string_value(json_object_get(item, "cause"));

	return s && cause_parse(s, ret) >= 0;
}

static bool take_finding(json_t *item, enum finding *ret)
{
	const char *s = json_string_value(json_object_get(item, "finding"));

	return s && finding_parse(s, ret) >= 0;
}

static bool take_falls(json_t *list, struct falls *ret)
{
	if (!json_is_array(list) || json_array_size(list) > FALLS_MAX)
		return false;
	for (; ret->n < json_array_size(list); ret->n++) {
		json_t *fall = json_array_get(list, ret->n);
		json_int_t at = json_integer_value(json_array_get(fall, 0));
		json_int_t lived = json_integer_value(json_array_get(fall, 1));

		if (at <= 0 || lived < 0)
			return false;
		ret->list[ret->n] = (struct fall){ (uint64_t)at, (uint64_t)lived };
	}
	return true;
}

static bool take_incident(json_t *item, struct memory_incident *ret)
{
	uint32_t repair, rung;

	if (!take_string(item, "id", ret->id, sizeof(ret->id)) || !*ret->id ||
	    !take_u64(item, "opened", INT64_MAX, &ret->opened_usec) ||
	    !take_u64(item, "down", INT64_MAX, &ret->down_usec) ||
	    !take_u64(item, "down_before", INT64_MAX, &ret->before_usec) ||
	    !take_u64(item, "recovered", INT64_MAX, &ret->recovered_usec) ||
	    !take_u64(item, "event", INT64_MAX, &ret->event_usec) ||
	    !take_u64(item, "close", INT64_MAX, &ret->close_usec) ||
	    !take_finding(item, &ret->finding) || !take_cause(item, &ret->cause) ||
	    !take_u32(item, "ended_pid", INT32_MAX, &ret->ended_pid) ||
	    !take_u32(item, "repair", REPAIR_PROVING, &repair) ||
	    !take_u32(item, "rung", RUNG_RESTART, &rung) ||
	    !take_u32(item, "tried", INT32_MAX, &ret->tried) ||
	    !take_u32(item, "withheld", INT32_MAX, &ret->told_withheld))
		return false;
	ret->repair = (enum repair_state)repair;
	ret->rung = (enum rung)rung;
	/* Who knew no silence told all of it. */
	ret->told = !json_is_false(json_object_get(item, "told"));
	ret->hushed = json_is_true(json_object_get(item, "hushed"));
	return true;
}

static bool take_sent(json_t *item, struct signal_sent *ret)
{
	uint32_t sender, signal;

	if (!take_u32(item, "sender", SENDER_SYSTEMD, &sender) ||
	    !take_u32(item, "signal", UINT8_MAX, &signal) ||
	    !take_u32(item, "pid", UINT32_MAX, &ret->kernel_pid) ||
	    !take_u32(item, "uid", UINT32_MAX, &ret->uid) ||
	    !take_string(item, "command", ret->command, sizeof(ret->command)) ||
	    !take_string(item, "whose", ret->whose, sizeof(ret->whose)))
		return false;
	ret->sender = (enum sender)sender;
	ret->signal = (uint8_t)signal;
	return true;
}

static bool take_end(json_t *item, struct task_end *ret)
{
	json_t *sent = json_object_get(item, "sent");
	uint32_t signal, exit_code;

	if (!take_bool(item, "exiting", &ret->exiting) || !take_bool(item, "oom", &ret->oom) ||
	    !take_u32(item, "signal", UINT8_MAX, &signal) ||
	    !take_u32(item, "exit_code", UINT8_MAX, &exit_code) ||
	    !take_u32(item, "pid", INT32_MAX, &ret->kernel_pid) ||
	    !take_string(item, "command", ret->command, sizeof(ret->command)) ||
	    (sent && !take_sent(sent, &ret->sent)))
		return false;
	ret->signal = (uint8_t)signal;
	ret->exit_code = (uint8_t)exit_code;
	return true;
}

static bool take_counts(json_t *counts, uint64_t *ret)
{
	const char *name;
	json_t *value;

	json_object_foreach(counts, name, value)
	{
		enum cause cause;

		if (cause_parse(name, &cause) < 0 ||
		    !take_u64(counts, name, INT64_MAX, &ret[cause]))
			return false;
	}
	return json_is_object(counts);
}

static bool take_opinion(json_t *item, struct memory_service *ret)
{
	const char *verdict = json_string_value(json_object_get(item, "verdict"));

	return verdict && verdict_parse(verdict, &ret->verdict) >= 0 &&
	       take_finding(item, &ret->finding) && take_cause(item, &ret->cause) &&
	       take_string(item, "detail", ret->detail, sizeof(ret->detail)) &&
	       take_u64(item, "since", INT64_MAX, &ret->since_usec);
}

static bool take_service(json_t *item, size_t n_incidents, struct memory_service *ret)
{
	json_t *incident = json_object_get(item, "incident"), *end = json_object_get(item, "end");
	uint32_t port, disk;

	if (!take_string(item, "name", ret->name, sizeof(ret->name)) ||
	    !take_u32(item, "port", UINT16_MAX, &port) ||
	    !take_string(item, "unit", ret->unit, sizeof(ret->unit)) ||
	    !json_is_integer(incident) || json_integer_value(incident) < -1 ||
	    json_integer_value(incident) >= (json_int_t)n_incidents ||
	    !take_bool(item, "speaks", &ret->speaks) || !take_bool(item, "proven", &ret->proven) ||
	    !take_bool(item, "named", &ret->named) ||
	    !take_u32(item, "disk", DISK_UNUSABLE, &disk) ||
	    !take_falls(json_object_get(item, "falls"), &ret->falls) || !take_opinion(item, ret) ||
	    !take_u64(item, "lost", INT64_MAX, &ret->lost_usec) ||
	    !take_u64(item, "back", INT64_MAX, &ret->back_usec) ||
	    !take_u64(item, "down_in_all", INT64_MAX, &ret->total_usec) ||
	    !take_counts(json_object_get(item, "incidents"), ret->incidents) ||
	    !take_bool(item, "falling", &ret->falling) ||
	    !take_bool(item, "stopped", &ret->stopped) || (end && !take_end(end, &ret->end)))
		return false;
	ret->port = (uint16_t)port;
	ret->told_disk = (enum disk)disk;
	ret->incident = (int)json_integer_value(incident);
	ret->end_known = end != NULL;
	return true;
}

static int take_all(json_t *root, struct memory *ret)
{
	json_t *incidents = json_object_get(root, "incidents");
	json_t *services = json_object_get(root, "services");
	json_t *version = json_object_get(root, "version");

	if (json_is_integer(version) && json_integer_value(version) > MEMORY_FILE_VERSION)
		return -EPROTONOSUPPORT;
	if (!json_is_integer(version) || json_integer_value(version) != MEMORY_FILE_VERSION ||
	    !json_is_array(incidents) || json_array_size(incidents) > JUDGE_INCIDENTS_MAX ||
	    !json_is_array(services) || json_array_size(services) > SERVICES_MAX)
		return -EBADMSG;
	ret->services = calloc(json_array_size(services) + 1, sizeof(*ret->services));
	if (!ret->services)
		return -ENOMEM;
	for (; ret->n_incidents < json_array_size(incidents); ret->n_incidents++)
		if (!take_incident(json_array_get(incidents, ret->n_incidents),
				   &ret->incidents[ret->n_incidents]))
			return -EBADMSG;
	for (; ret->n_services < json_array_size(services); ret->n_services++)
		if (!take_service(json_array_get(services, ret->n_services), ret->n_incidents,
				  &ret->services[ret->n_services]))
			return -EBADMSG;
	return 0;
}

int memory_file_load(const char *directory, struct memory *ret)
{
	cleanup(memory_freep) char *text = NULL;
	cleanup(json_decrefp) json_t *root = NULL;
	char path[PATH_MAX];
	size_t size;
	int r;

	memset(ret, 0, sizeof(*ret));
	if (text_format(path, sizeof(path), "%s/" MEMORY_FILE_NAME, directory) < 0)
		return -ENAMETOOLONG;
	r = file_read(path, MAX_BYTES, &text, &size);
	if (r < 0)
		return r == -ENOENT ? 0 : r == -EFBIG ? -EBADMSG : r;
	root = json_loadb(text, size, 0, NULL);
	r = take_all(root, ret);
	if (r < 0)
		memory_file_clear(ret);
	return r;
}
