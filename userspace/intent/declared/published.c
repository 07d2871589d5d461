// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/published.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "intent/rendered/rendering.h"

#define DOTENV_MAX (1024 * 1024)
#define HTTPS_PORT 443 /* often another container's: a reverse proxy */

/* The first that is there counts, as compose looks for them; then its override. */
static const char *const names[][2] = {
	{ "compose.yaml", "compose.override.yaml" },
	{ "compose.yml", "compose.override.yml" },
	{ "docker-compose.yml", "docker-compose.override.yml" },
	{ "docker-compose.yaml", "docker-compose.override.yaml" },
};

struct variables {
	const struct envfile *dotenv; /* of the project; may be empty */
	const struct envfile *file;   /* NULL: its variables are the container's alone */
};

static const char *lookup_in(const struct envfile *file, const char *name, size_t n)
{
	for (size_t i = file->n; i-- > 0;)
		if (strlen(file->list[i].key) == n && memcmp(file->list[i].key, name, n) == 0)
			return file->list[i].value;
	return NULL;
}

static const char *lookup(const char *name, size_t n, const void *userdata)
{
	const struct variables *variables = userdata;
	const char *value = variables->file ? lookup_in(variables->file, name, n) : NULL;

	return value ? value : lookup_in(variables->dotenv, name, n);
}

/* ---- files ---- */

static int in_directory_of(const char *path, const char *name, char to[static PUBLISHED_PATH_SIZE])
{
	const char *slash = strrchr(path, '/');

	return text_format(to, PUBLISHED_PATH_SIZE, "%.*s%s", slash ? (int)(slash + 1 - path) : 0,
			   path, name);
}

static int read_dotenv(const char *path, struct envfile *ret)
{
	struct complaints ignored = { 0 };
	cleanup(memory_freep) char *text = NULL;
	char name[PUBLISHED_PATH_SIZE];
	size_t size;

	if (in_directory_of(path, ".env", name) < 0 ||
	    file_read(name, DOTENV_MAX, &text, &size) < 0)
		return 0;
	return envfile_parse(text, size, name, ret, &ignored) == -ENOMEM ? -ENOMEM : 0;
}

/* Returns 1: read, 0: not there, or not to be read (said), -ENOMEM. */
static int read_compose(const char *path, const char *name, const struct variables *variables,
			struct compose *compose, struct complaints *complaints)
{
	cleanup(memory_freep) char *text = NULL;
	char whole[PUBLISHED_PATH_SIZE];
	size_t size;
	int r = in_directory_of(path, name, whole);

	if (r < 0)
		return 0;
	r = file_read(whole, COMPOSE_FILE_MAX, &text, &size);
	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0) {
		complain_warning(complaints,
				 "%s: cannot be read: %s; what it publishes is not known", whole,
				 r == -EFBIG ? "it is larger than 512 KiB" : strerror(-r));
		return 0;
	}
	r = compose_parse(text, size, whole, lookup, variables, compose, complaints);
	return r == -EINVAL ? 0 : r < 0 ? r : 1;
}

size_t published_files(const char *path, char (*to)[PUBLISHED_PATH_SIZE], size_t max)
{
	size_t n = 0;

	if (n < max && in_directory_of(path, ".env", to[n]) >= 0)
		n++;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(names) && n < max; i++)
		if (in_directory_of(path, names[i / 2][i % 2], to[n]) >= 0)
			n++;
	return n;
}

int compose_beside(const char *path, const struct envfile *file, bool file_is_dotenv,
		   struct compose **ret, struct complaints *complaints)
{
	cleanup(memory_freep) struct compose *compose = calloc(1, sizeof(*compose));
	cleanup(envfile_clear) struct envfile dotenv = { 0 };
	const struct variables variables = { .dotenv = &dotenv,
					     .file = file_is_dotenv ? file : NULL };
	int r;

	if (!compose)
		return -ENOMEM;
	r = read_dotenv(path, &dotenv);
	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++) {
		r = read_compose(path, names[i][0], &variables, compose, complaints);
		if (r <= 0)
			continue;
		r = read_compose(path, names[i][1], &variables, compose, complaints);
		if (r < 0)
			return r;
		*ret = TAKE_PTR(compose);
		return 1;
	}
	return r;
}

/* ---- mailu.env, mailserver.env: the services are those inside ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_mail_port(uint16_t port)
{
	return port != HTTPS_PORT && well_known_port(port);
}

static bool publishes_mail(const struct compose *compose)
{
	for (size_t i = 0; i < compose->n_ports; i++)
		if (is_mail_port(compose->ports[i].port))
			return true;
	return false;
}

static bool is_published(const struct compose *compose, uint16_t port)
{
	for (size_t i = 0; i < compose->n_ports; i++)
		if (compose->ports[i].port == port)
			return true;
	return false;
}

static void check_published_port(const struct compose *compose, size_t i,
				 const struct service_set *services, bool on_host, const char *path,
				 const char *variable, struct complaints *complaints)
{
	const struct compose_port *port = &compose->ports[i];
	const struct service *service = service_set_find(services, port->port);

	if (!service)
		complain_warning(
			complaints,
			"%s:%u: port %u is published for %s, and nothing listens behind it: it is "
			"not in %s "
			"(%s); clients see a connection that is refused, or closed at once",
			port->file, port->line, port->port, compose->services[port->service].name,
			variable, path);
	else if (!on_host && port->host_port && port->host_port != port->port)
		complain_warning(
			complaints,
			"%s:%u: port %u of %s is port %u on the host; clients have to know",
			port->file, port->line, port->port, compose->services[port->service].name,
			port->host_port);
}

void published_check(const struct compose *compose, const struct service_set *services,
		     const char *path, bool on_host, const char *(*variable)(uint16_t port),
		     struct complaints *complaints)
{
	for (size_t i = 0; i < compose->n_ports; i++) {
		uint16_t number = compose->ports[i].port;
		bool again = false;

		if (!is_mail_port(number))
			continue;
		for (size_t j = 0; j < i && !again; j++)
			again = compose->ports[j].port == number;
		if (!again)
			check_published_port(compose, i, services, on_host, path, variable(number),
					     complaints);
	}
	/* Without any, another file publishes, or the network is the host's. */
	for (size_t i = 0; publishes_mail(compose) && i < services->n; i++)
		if (is_mail_port(services->list[i].want.port) &&
		    !is_published(compose, services->list[i].want.port))
			complain_warning(complaints,
					 "%s: port %u listens in the container, and no compose "
					 "file beside %s publishes "
					 "it; nobody outside can reach it",
					 path, services->list[i].want.port, base_name(path));
}

/* ---- mailcow.conf: the services are those on the host ---- */

static bool is_at(const struct service *service, const struct compose_port *port)
{
	if (service->want.port != port->host_port)
		return false;
	if (service->want.n_addresses == 0 || !port->has_address)
		return service->want.n_addresses == 0 && !port->has_address;
	for (size_t i = 0; i < service->want.n_addresses; i++)
		if (address_equal(&service->want.addresses[i], &port->address))
			return true;
	return false;
}

/* The service that is @port's inside: mailcow's names are those of the standard ports. */
static struct service *find_inside(struct service_set *services, uint16_t port)
{
	const struct well_known *known = well_known_port(port);

	return known ? service_set_find_name(services, known->name) : NULL;
}

/* Another place on the host for what is served already. */
static int add_place(struct service_set *services, const struct compose_port *port)
{
	const struct well_known *known = well_known_port(port->port);
	struct service *same = service_set_find(services, port->host_port), *service;
	bool taken;

	if (same) {
		/* On one address more; without an address it is on all of them. */
		if (!port->has_address)
			same->want.n_addresses = 0;
		else if (same->want.n_addresses > 0)
			(void)rendering_add_address(same, &port->address);
		return 0;
	}
	taken = service_set_find_name(services, known->name) != NULL;
	service = service_set_add(services);
	if (!service)
		return services->n == SERVICES_MAX ? 0 : -ENOMEM;
	if (taken)
		(void)text_format(service->name, sizeof(service->name), "%s-%u", known->name,
				  port->host_port);
	else
		(void)text_copy(service->name, sizeof(service->name), known->name);
	service->want.port = port->host_port;
	service->want.protocol = known->protocol;
	service->want.tls = known->tls;
	service->expected = true;
	service->provenance.sources = 1u << SOURCE_MAILCOW;
	if (port->has_address) {
		service->want.addresses[0] = port->address;
		service->want.n_addresses = 1;
	}
	return 0;
}

static void remove_service(struct service_set *services, size_t i)
{
	memmove(&services->list[i], &services->list[i + 1],
		(services->n - i - 1) * sizeof(services->list[0]));
	services->n--;
}

int published_apply(const struct compose *compose, struct service_set *services,
		    struct complaints *complaints)
{
	if (!publishes_mail(compose))
		return 0; /* some other project's file */
	for (size_t i = services->n; i-- > 0;) {
		const struct service *service = &services->list[i];
		bool there = false;

		for (size_t j = 0; j < compose->n_ports && !there; j++)
			there = find_inside(services, compose->ports[j].port) == service &&
				is_at(service, &compose->ports[j]);
		if (there || strcmp(service->name, "https") == 0)
			continue;
		complain_warning(
			complaints,
			"%s: port %u is in mailcow.conf, and docker compose does not publish it",
			service->name, service->want.port);
		remove_service(services, i);
	}
	for (size_t i = 0; i < compose->n_ports; i++) {
		const struct compose_port *port = &compose->ports[i];
		const struct service *service = find_inside(services, port->port);
		int r;

		if (!is_mail_port(port->port) || port->host_port == 0 ||
		    (service && is_at(service, port)))
			continue;
		r = add_place(services, port);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- from inside the container to the host ---- */

static int publish(const struct compose *compose, const struct service *inside,
		   struct service_set *host)
{
	bool first = true;

	for (size_t i = 0; i < compose->n_ports; i++) {
		const struct compose_port *port = &compose->ports[i];
		struct service *service;

		if (port->port != inside->want.port || port->host_port == 0)
			continue;
		service = service_set_find(host, port->host_port);
		if (!service) {
			service = service_set_add(host);
			if (!service)
				return host->n == SERVICES_MAX ? 0 : -ENOMEM;
			*service = *inside;
			service->want.port = port->host_port;
			service->want.n_addresses = 0;
			if (!first)
				(void)text_format(service->name, sizeof(service->name), "%.50s-%u",
						  inside->name, port->host_port);
			if (port->has_address)
				service->want.addresses[service->want.n_addresses++] =
					port->address;
		} else if (!port->has_address) {
			service->want.n_addresses = 0;
		} else if (service->want.n_addresses > 0) {
			(void)rendering_add_address(service, &port->address);
		}
		first = false;
	}
	return 0;
}

int published_to_host(const struct compose *compose, struct service_set *services)
{
	cleanup(service_set_clear) struct service_set host = { 0 };

	if (!publishes_mail(compose))
		return 0;
	for (size_t i = 0; i < services->n; i++) {
		int r = publish(compose, &services->list[i], &host);

		if (r < 0)
			return r;
	}
	service_set_clear(services);
	*services = host;
	host = (struct service_set){ 0 };
	return 0;
}
