// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/config/config_load.h"
#include "tests/support/intent_play.h"

static const char *const letters[TLS_MODE_COUNT] = {
	[TLS_STARTTLS] = "s",
	[TLS_STARTTLS_OPTIONAL] = "o",
	[TLS_IMPLICIT] = "i",
	[TLS_NONE] = "-",
};

void intent_play_show(const struct intent *intent, char *to, size_t size)
{
	to[0] = '\0';
	for (size_t i = 0; i < intent->services.n; i++) {
		const struct service *service = &intent->services.list[i];

		(void)text_append(to, size, "%s%s%u%s%c/", i ? " " : "", service->expected ? "" : "!",
				  service->want.port, letters[service->want.tls], "?NY"[service->provenance.rendered]);
		for (int kind = 0; kind < SOURCE_KIND_COUNT; kind++)
			if (service->provenance.sources & 1u << kind)
				(void)text_append(to, size, "%c", "cmwkdfxonsp"[kind]);
	}
}

char conf[96], env[96];
static char directory[64];

int intent_play_set_up(void **state)
{
	(void)strcpy(directory, "/tmp/hearken-intent-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(conf, sizeof(conf), "%s/hearken.conf", directory);
	(void)snprintf(env, sizeof(env), "%s/mailu.env", directory);
	return 0;
}

int intent_play_tear_down(void **state)
{
	(void)unlink(conf);
	(void)unlink(env);
	return rmdir(directory);
}

struct intent_tools tools;
struct last_good *memory; /* of the merges before; NULL: none */
bool as_found;		  /* as if auto had found the servers */

void intent_play_say(struct rendered_server *server, const char *output, int result)
{
	for (size_t i = 0; i < server->n_tools; i++) {
		struct intent_tool *tool = &server->tools[i];

		if (!output && result == 0)
			tool->state = TOOL_WAITS;
		else
			intent_tool_done(tool, result, output ? strdup(output) : NULL);
	}
}

void intent_play_read(const char *text, const char *mailu, const char *output, int result, struct intent *ret)
{
	struct complaints complaints = { 0 };
	struct config config = { 0 };
	cleanup(memory_freep) char *printed = NULL;
	const char *at = strchr(text, '@');
	char whole[2048], file[128];

	if (at)
		(void)text_format(whole, sizeof(whole), "%.*s%s%s", (int)(at - text), text, env, at + 1);
	else
		(void)text_copy(whole, sizeof(whole), text);
	assert_int_equal(file_replace(conf, whole, strlen(whole), 0600), 0);
	(void)unlink(env);
	if (mailu)
		assert_int_equal(file_replace(env, mailu, strlen(mailu), 0600), 0);
	if (output && output[0] == '=') {
		(void)snprintf(file, sizeof(file), "tests/data/doveconf-%s.txt", output + 1);
		assert_int_equal(file_read(file, RENDERING_TEXT_MAX, &printed, NULL), 0);
		output = printed;
	}
	if (config_load(conf, &config, &complaints) < 0)
		fail_msg("%s: %s", text, complaints.list[0].text);
	intent_tools_find(&config, 0, NULL, &tools);
	for (size_t i = 0; i < tools.n; i++) {
		tools.list[i].said = !as_found;
		intent_play_say(&tools.list[i], output, result);
	}
	assert_int_equal(intent_merge(&config, &tools, memory, ret), 0);
	intent_tools_clear(&tools);
	config_clear(&config);
}
