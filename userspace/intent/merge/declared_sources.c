// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/declared_sources.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/own.h"
#include "base/text.h"
#include "intent/declared/discover.h"
#include "intent/declared/product_files.h"
#include "intent/declared/mailcow.h"
#include "intent/declared/mailserver.h"
#include "intent/declared/project.h"
#include "intent/declared/published.h"

#define ENV_FILE_MAX (1024 * 1024)
#define NAMES_SIZE   1024

/* One file under way. */
struct declaring {
	struct merging *merging;
	struct source *source;
	const struct envfile *file; /* what its container is told */
	const struct project *project;
	const struct compose_service *service; /* the product's; NULL: none is known */
};

static const char *mailu_variable(uint16_t port)
{
	return port == 587 || port == 143 || port == 110 ? "PORTS" : "TLS_FLAVOR's ports";
}

/* What clients call it, by the product's own word: names with a domain, commas between them. */
static void hear_names(struct declaring *declaring, const char *words)
{
	char copy[NAMES_SIZE], *rest = copy, *word;

	(void)text_copy(copy, sizeof(copy), words ? words : "");
	while ((word = strsep(&rest, ",")))
		if (strchr(text_trim(word), '.'))
			(void)server_names_add(&declaring->merging->declared_names, text_trim(word),
					       1U << declaring->source->kind, 0);
}

static const char *value_of(const struct declaring *declaring, const char *key)
{
	const struct envfile_variable *variable = envfile_find(declaring->file, key);

	return variable ? variable->value : NULL;
}

/* For the words that would help: the first product counts. */
static void note_inside(const struct declaring *declaring, const struct service_set *services)
{
	const struct compose *compose = declaring->project->compose;
	struct declared_facts *facts = &declaring->merging->intent->facts;

	if (facts->kind)
		return;
	facts->kind = declaring->source->kind;
	(void)text_copy(facts->file, sizeof(facts->file), declaring->source->path);
	for (size_t i = 0; i < services->n && facts->n_inside < DECLARED_PORTS_MAX; i++)
		facts->inside[facts->n_inside++] = services->list[i].want.port;
	for (size_t i = 0; compose && i < compose->n_ports && !*facts->compose_file; i++) {
		const struct compose_service *service =
			&compose->services[compose->ports[i].service];

		if (declaring->service && service != declaring->service)
			continue;
		(void)text_copy(facts->compose_file, sizeof(facts->compose_file),
				compose->ports[i].file);
		(void)text_copy(facts->compose_service, sizeof(facts->compose_service),
				service->name);
	}
}

/* What is published, checked, and taken to where it is looked for. On the host an address inside
 * means nothing. */
static int place(struct declaring *declaring, struct service_set *services,
		 const char *(*variable)(uint16_t port))
{
	const struct compose *compose = declaring->project->compose;
	struct source *source = declaring->source;
	bool on_host = config_is_on_host(declaring->merging->config);

	note_inside(declaring, services);
	if (compose)
		published_check(compose, services, source->path, on_host, variable,
				&source->complaints);
	for (size_t i = 0; on_host && i < services->n; i++)
		services->list[i].want.n_addresses = 0;
	return compose && on_host ? published_to_host(compose, services) : 0;
}

/* What an operator moved to another port, the policy must not ask for at its own. */
static void hear(struct declaring *declaring, const struct service_set *services, bool tls_on,
		 bool submission, bool imap, bool pop3)
{
	bool moved = declaring->project->compose && config_is_on_host(declaring->merging->config);

	default_set_hear(&declaring->merging->facts, tls_on,
			 submission && (!moved || service_set_find(services, 465)),
			 imap && (!moved || service_set_find(services, 993)),
			 pop3 && (!moved || service_set_find(services, 995)));
}

/* PORTS as somebody wrote it, and where it is to be changed. */
static void note_ports(struct declaring *declaring, const struct mailu *mailu)
{
	const struct envfile_variable *said = envfile_find(declaring->file, "PORTS");
	struct declared_facts *facts = &declaring->merging->intent->facts;

	if (declaring->merging->intent->declared & 1U << SOURCE_MAILU)
		return;
	(void)text_copy(facts->ports, sizeof(facts->ports), said ? said->written : mailu->ports);
	(void)text_copy(facts->ports_file, sizeof(facts->ports_file),
			said ? said->path : declaring->source->path);
}

static int decide_mailu(struct declaring *declaring)
{
	struct merging *merging = declaring->merging;
	struct source *source = declaring->source;
	const struct compose *compose = declaring->project->compose;
	const char *tag = compose ? compose_image_tag(compose, "nginx") : NULL;
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
	hear_names(declaring, value_of(declaring, "HOSTNAMES"));
	note_ports(declaring, &mailu);
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
	if (declaring->project->compose) {
		r = published_apply(declaring->project->compose, &mailcow.services,
				    &source->complaints);
		if (r < 0)
			return r;
	}
	/* All four TLS ports are in the file, wherever it has put them: the policy has none to add.
	 */
	default_set_hear(&declaring->merging->facts, true, false, false, false);
	note_inside(declaring, &(const struct service_set){ 0 });
	hear_names(declaring, value_of(declaring, "MAILCOW_HOSTNAME"));
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

static const char *hostname_of(const struct declaring *declaring)
{
	const char *said = value_of(declaring, "OVERRIDE_HOSTNAME");

	if (said && *said)
		return said;
	return declaring->service ? declaring->service->hostname : NULL;
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
	hear_names(declaring, hostname_of(declaring));
	declaring->merging->intent->declared |= 1u << SOURCE_DOCKER_MAILSERVER;
	return merging_take(declaring->merging, source, &mailserver.services);
}

static const struct product {
	enum source_kind kind;
	int (*decide)(struct declaring *declaring); /* 0, -EINVAL (said), -ENOMEM */
	bool is_dotenv; /* the file is the one that compose takes its own variables from */
	struct project_sign sign;
} products[] = {
	{ SOURCE_MAILU, decide_mailu, false, { "nginx", "front" } },
	{ SOURCE_MAILCOW, decide_mailcow, true, { NULL, NULL } },
	{ SOURCE_DOCKER_MAILSERVER, decide_mailserver, false, { "mailserver", "mailserver" } },
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
	if (is_own_want(r)) {
		complain_failure(&source->complaints, r, "%s: cannot be read", source->path);
		return -EINVAL;
	}
	/* What nobody asked for is no error of whoever asks. */
	(*source->why ? complain_warning
		      : complain_error)(&source->complaints, "%s: cannot be read: %s", source->path,
					r == -EFBIG ? "it is larger than 1 MiB" : strerror(-r));
	return -EINVAL;
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
		r = envfile_parse_environ(text.bytes, text.size, ignored.path, &now);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(keys); i++) {
		const struct envfile_variable *written = envfile_find(file, keys[i]);
		const struct envfile_variable *runs = envfile_find(&now, keys[i]);

		if (strcmp(written ? written->value : "", runs ? runs->value : "") == 0)
			continue;
		complain_warning(&source->complaints,
				 "%s: %s is \"%.60s\" here, and the container runs with \"%.60s\" "
				 "(%s); it takes the new "
				 "word when it is made anew: docker compose up -d",
				 written ? written->path : source->path, keys[i],
				 written ? written->written : "", runs ? runs->value : "",
				 running->why);
	}
	return r == -ENOMEM ? r : 0;
}

/* What the product's container is told: by the file, of @text, and by compose. */
static int read_words(const struct product *product, struct declaring *declaring, const char *text,
		      size_t size, struct project *project, struct envfile *file)
{
	struct source *source = declaring->source;
	int r;

	if (product->is_dotenv) {
		r = envfile_parse(text, size, source->path, file, &source->complaints);
		return r < 0 ? r
			     : project_read("", source->path, file, project, &source->complaints);
	}
	r = project_read("", source->path, NULL, project, &source->complaints);
	if (r < 0)
		return r;
	declaring->service = project_service(project, source->path, &product->sign);
	return project_environment(project, declaring->service, source->path, text, size, file,
				   &source->complaints);
}

/* @running: what a container of this product runs with; NULL: nothing is known. Returns as
 * read_text(). */
static int decide(struct merging *merging, const struct product *product, struct source *source,
		  const char *text, size_t size, bool is_environ, const struct candidate *running)
{
	cleanup(project_clear) struct project project = { 0 };
	cleanup(envfile_clear) struct envfile file = { 0 };
	struct declaring declaring = {
		.merging = merging, .source = source, .file = &file, .project = &project
	};
	int r = is_environ ? envfile_parse_environ(text, size, source->path, &file)
			   : read_words(product, &declaring, text, size, &project, &file);

	if (r >= 0 && running)
		r = compare_with_running(running, &file, source);
	return r < 0 ? r : product->decide(&declaring);
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

	product_file_first(product->kind, path);
	product_file_places(product->kind, places);
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
	bool has_file = discovery_has(discovery, product->kind, false);
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
