// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/declared.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "intent/declared/discover.h"
#include "intent/declared/mailcow.h"
#include "intent/declared/mailserver.h"
#include "intent/declared/published.h"

#define ENV_FILE_MAX (1024 * 1024)

/* One file under way. */
struct declaring {
	struct merging *merging;
	struct source *source;
	const struct envfile *file;
	struct compose *compose; /* NULL: there is none beside it */
};

static const char *mailu_variable(uint16_t port)
{
	return port == 587 || port == 143 || port == 110 ? "PORTS" : "TLS_FLAVOR's ports";
}

/* What is published, checked, and taken to where it is looked for. On the host an address inside
 * means nothing. */
static int place(struct declaring *declaring, struct service_set *services,
		 const char *(*variable)(uint16_t port))
{
	struct source *source = declaring->source;
	bool on_host = config_is_on_host(declaring->merging->config);

	if (declaring->compose)
		published_check(declaring->compose, services, source->path, on_host, variable,
				&source->complaints);
	for (size_t i = 0; on_host && i < services->n; i++)
		services->list[i].want.n_addresses = 0;
	return declaring->compose && on_host ? published_to_host(declaring->compose, services) : 0;
}

/* What an operator moved to another port, the policy must not ask for at its own. */
static void hear(struct declaring *declaring, const struct service_set *services, bool tls_on,
		 bool submission, bool imap, bool pop3)
{
	bool moved = declaring->compose && config_is_on_host(declaring->merging->config);

	policy_hear(&declaring->merging->facts, tls_on,
		    submission && (!moved || service_set_find(services, 465)),
		    imap && (!moved || service_set_find(services, 993)),
		    pop3 && (!moved || service_set_find(services, 995)));
}

static int decide_mailu(struct declaring *declaring)
{
	struct merging *merging = declaring->merging;
	struct source *source = declaring->source;
	const char *tag =
		declaring->compose ? compose_image_tag(declaring->compose, "nginx") : NULL;
	cleanup(mailu_clear) struct mailu mailu = { 0 };
	int r = mailu_decide(declaring->file, source->path, mailu_version_parse(tag ? tag : ""),
			     &mailu, &source->complaints);

	if (r < 0)
		return r;
	r = place(declaring, &mailu.services, mailu_variable);
	if (r < 0)
		return r;
	hear(declaring, &mailu.services, mailu.tls_on, mailu.serves_submission, mailu.serves_imap,
	     mailu.serves_pop3);
	if (!(merging->intent->declared & 1u << SOURCE_MAILU))
		(void)text_copy(merging->intent->mailu_ports, sizeof(merging->intent->mailu_ports),
				mailu.ports);
	merging->intent->declared |= 1u << SOURCE_MAILU;
	return merging_take(merging, source, &mailu.services);
}

static int decide_mailcow(struct declaring *declaring)
{
	struct source *source = declaring->source;
	cleanup(mailcow_clear) struct mailcow mailcow = { 0 };
	int r = mailcow_decide(declaring->file, source->path, &mailcow, &source->complaints);

	if (r < 0)
		return r;
	if (declaring->compose) {
		r = published_apply(declaring->compose, &mailcow.services, &source->complaints);
		if (r < 0)
			return r;
	}
	/* All four TLS ports are in the file, wherever it has put them: the policy has none to add.
	 */
	policy_hear(&declaring->merging->facts, true, false, false, false);
	declaring->merging->intent->declared |= 1u << SOURCE_MAILCOW;
	return merging_take(declaring->merging, source, &mailcow.services);
}

static const char *mailserver_variable(uint16_t port)
{
	switch (port) {
	case 110:
	case 995:
		return "what ENABLE_POP3 and SSL_TYPE open";
	case 143:
	case 993:
		return "what ENABLE_IMAP and SSL_TYPE open";
	case 4190:
		return "what ENABLE_MANAGESIEVE opens";
	default:
		return "what docker-mailserver opens";
	}
}

static int decide_mailserver(struct declaring *declaring)
{
	struct source *source = declaring->source;
	cleanup(mailserver_clear) struct mailserver mailserver = { 0 };
	int r = mailserver_decide(declaring->file, source->path, &mailserver, &source->complaints);

	if (r < 0)
		return r;
	r = place(declaring, &mailserver.services, mailserver_variable);
	if (r < 0)
		return r;
	hear(declaring, &mailserver.services, mailserver.tls_on, true, mailserver.serves_imap,
	     mailserver.serves_pop3);
	declaring->merging->intent->declared |= 1u << SOURCE_DOCKER_MAILSERVER;
	return merging_take(declaring->merging, source, &mailserver.services);
}

static const struct product {
	enum source_kind kind;
	int (*decide)(struct declaring *declaring); /* 0, -EINVAL (said), -ENOMEM */
	bool is_dotenv; /* the file is the one that compose takes its own variables from */
} products[] = {
	{ SOURCE_MAILU, decide_mailu, false },
	{ SOURCE_MAILCOW, decide_mailcow, true },
	{ SOURCE_DOCKER_MAILSERVER, decide_mailserver, false },
};

struct env_text { /* it may hold passwords */
	char *bytes;
	size_t size;
};

static void env_text_clear(struct env_text *text)
{
	if (text->bytes)
		explicit_bzero(text->bytes, text->size);
	free(text->bytes);
}

/* Returns 0; -EINVAL, said in the source; or -ENOMEM. */
static int read_text(struct source *source, struct env_text *ret)
{
	int r = file_read(source->path, ENV_FILE_MAX, &ret->bytes, &ret->size);

	if (r >= 0 || r == -ENOMEM)
		return r;
	/* What nobody asked for is no error of whoever asks. */
	(*source->why ? complain_warning
		      : complain_error)(&source->complaints, "%s: cannot be read: %s", source->path,
					r == -EFBIG ? "it is larger than 1 MiB" : strerror(-r));
	return -EINVAL;
}

static int parse_variables(struct source *source, const char *text, size_t size, bool is_environ,
			   struct envfile *ret)
{
	if (is_environ)
		return envfile_parse_environ(text, size, ret);
	return envfile_parse(text, size, source->path, ret, &source->complaints);
}

/* A container keeps the words that it was started with, whatever has become of the file. */
static int compare_with_running(const struct candidate *running, const struct envfile *file,
				struct source *source)
{
	static const char *const keys[] = { "TLS_FLAVOR",
					    "PORTS",
					    "TLS",
					    "PROXY_PROTOCOL",
					    "SUBNET6",
					    "SSL_TYPE",
					    "SMTP_ONLY",
					    "ENABLE_IMAP",
					    "ENABLE_POP3",
					    "ENABLE_MANAGESIEVE",
					    "POSTFIX_INET_PROTOCOLS",
					    "DOVECOT_INET_PROTOCOLS" };
	cleanup(envfile_clear) struct envfile now = { 0 };
	cleanup(env_text_clear) struct env_text text = { 0 };
	struct source ignored = { .kind = running->kind };
	int r;

	(void)text_copy(ignored.path, sizeof(ignored.path), running->path);
	r = read_text(&ignored, &text);
	if (r >= 0)
		r = parse_variables(&ignored, text.bytes, text.size, true, &now);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(keys); i++) {
		const struct envfile_variable *written = envfile_find(file, keys[i]);
		const struct envfile_variable *runs = envfile_find(&now, keys[i]);

		if (strcmp(written ? written->value : "", runs ? runs->value : "") == 0)
			continue;
		complain_warning(&source->complaints,
				 "%s: %s is \"%.60s\" here, and the container runs with \"%.60s\" "
				 "(%s); it takes the new "
				 "word when it is made anew: docker compose up -d",
				 source->path, keys[i], written ? written->value : "",
				 runs ? runs->value : "", running->why);
	}
	return r == -ENOMEM ? r : 0;
}

/* @running: what a container of this product runs with; NULL: nothing is known. Returns as
 * read_text(). */
static int decide(struct merging *merging, const struct product *product, struct source *source,
		  const char *text, size_t size, bool is_environ, const struct candidate *running)
{
	struct declaring declaring = { .merging = merging, .source = source };
	cleanup(envfile_clear) struct envfile file = { 0 };
	cleanup(memory_freep) struct compose *compose = NULL;
	int r = parse_variables(source, text, size, is_environ, &file);

	if (r >= 0 && !is_environ)
		r = compose_beside(source->path, &file, product->is_dotenv, &compose,
				   &source->complaints);
	if (r >= 0 && running)
		r = compare_with_running(running, &file, source);
	if (r < 0)
		return r;
	declaring.file = &file;
	declaring.compose = compose;
	return product->decide(&declaring);
}

/* What the source said when it could last be read; its complaints are about what it says now. */
static int recall(struct merging *merging, const struct product *product, struct source *source,
		  bool is_environ, const struct candidate *running)
{
	const struct last_word *word = last_good_find(merging->memory, source);
	const struct complaints complaints = source->complaints;
	int r;

	if (!word || !word->text)
		return -EINVAL;
	r = decide(merging, product, source, word->text, word->size, is_environ, running);
	source->complaints = complaints;
	if (r >= 0)
		merging_tell_last_word(source);
	return r;
}

static int read_one(struct merging *merging, const struct product *product, const char *path,
		    const char *why, bool is_environ, const struct candidate *running)
{
	struct source *source = merging_add_source(merging, product->kind, path);
	cleanup(env_text_clear) struct env_text text = { 0 };
	int r;

	if (!source)
		return 0;
	(void)text_copy(source->why, sizeof(source->why), why);
	source->state = SOURCE_BROKEN;
	r = read_text(source, &text);
	if (r >= 0)
		r = decide(merging, product, source, text.bytes, text.size, is_environ, running);
	if (r >= 0) {
		source->state = SOURCE_READ;
		r = last_good_put_text(merging->memory, source, text.bytes, text.size);
	} else if (r == -EINVAL) {
		r = recall(merging, product, source, is_environ, running);
	}
	return r == -ENOMEM ? r : 0;
}

static const struct candidate *find_running(const struct discovery *discovery,
					    enum source_kind kind)
{
	for (size_t i = 0; i < discovery->n; i++)
		if (discovery->list[i].kind == kind && discovery->list[i].is_environ)
			return &discovery->list[i];
	return NULL;
}

static void add_absent(struct merging *merging, const struct product *product,
		       const struct discovery *discovery)
{
	char path[SOURCE_PATH_SIZE], places[SOURCE_WHY_SIZE];
	struct source *source;

	discover_first(product->kind, path);
	discover_places(product->kind, places);
	source = merging_add_source(merging, product->kind, path);
	if (!source)
		return;
	source->state = SOURCE_ABSENT;
	(void)text_format(source->why, sizeof(source->why),
			  "looked for in %.150s and where containers are from%s", places,
			  *discovery->unreadable ? ", not all of which could be seen" : "");
}

/* What is found of one product: its files, or else what a container of it runs with. */
static int read_found(struct merging *merging, const struct product *product,
		      const struct discovery *discovery)
{
	const struct candidate *running = find_running(discovery, product->kind);
	bool has_file = discover_has(discovery, product->kind, false);
	int r = 0;

	if (!has_file && !running)
		add_absent(merging, product, discovery);
	for (size_t i = 0; i < discovery->n && r >= 0; i++) {
		const struct candidate *candidate = &discovery->list[i];

		if (candidate->kind == product->kind && candidate->is_environ == !has_file)
			r = read_one(merging, product, candidate->path, candidate->why,
				     candidate->is_environ, has_file ? running : NULL);
	}
	return r;
}

static int read_discovered(struct merging *merging)
{
	struct discovery discovery;
	int r = discover("", &discovery);

	for (size_t i = 0; i < ARRAY_SIZE(products) && r >= 0; i++)
		r = read_found(merging, &products[i], &discovery);
	return r;
}

int declared_read(struct merging *merging)
{
	const struct config *config = merging->config;
	int r = config->sources_auto ? read_discovered(merging) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(products); i++)
		for (size_t j = 0; j < config->n_sources && r >= 0; j++)
			if (config->sources[j].kind == products[i].kind)
				r = read_one(merging, &products[i], config->sources[j].path, "",
					     false, NULL);
	return r;
}
