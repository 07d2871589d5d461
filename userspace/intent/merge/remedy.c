// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/merge/remedy.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "intent/declared/mailcow.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int for_mailu(const struct declared_facts *facts, const struct service *service, char *to,
		     size_t size)
{
	switch (service->want.port) {
	case 110:
	case 143:
	case 587:
		return text_format(to, size, "add %u to PORTS in %s (PORTS=%s%s%u)",
				   service->want.port, base_name(facts->ports_file), facts->ports,
				   *facts->ports ? "," : "", service->want.port);
	default:
		return text_format(
			to, size,
			"%s needs nothing for %u but TLS_FLAVOR other than notls and its "
			"certificate files; see the log of Mailu's front container",
			base_name(facts->file), service->want.port);
	}
}

static int for_mailserver(const struct declared_facts *facts, const struct service *service,
			  char *to, size_t size)
{
	const char *variable;

	switch (service->want.port) {
	case 110:
	case 995:
		variable = "ENABLE_POP3";
		break;
	case 143:
	case 993:
		variable = "ENABLE_IMAP";
		break;
	case 4190:
		variable = "ENABLE_MANAGESIEVE";
		break;
	default:
		return -ENOENT;
	}
	return text_format(to, size, "write %s=1 into %s%s", variable, base_name(facts->file),
			   service->want.tls == TLS_IMPLICIT
				   ? ", with SSL_TYPE other than empty and no SMTP_ONLY=1"
				   : ", and no SMTP_ONLY=1");
}

/* Inside all of them listen, always. */
static int for_mailcow(const struct declared_facts *facts, const struct service *service, char *to,
		       size_t size)
{
	const char *variable = mailcow_variable(service->want.port);

	if (!variable)
		return -ENOENT;
	return text_format(to, size,
			   "write %s=%u into %s, and see that no docker-compose.override.yml takes "
			   "the port away",
			   variable, service->want.port, base_name(facts->file));
}

/* It is opened inside, and nobody outside can reach it. */
static bool is_unpublished(const struct declared_facts *facts, const struct service *service)
{
	if (service->provenance.sources & 1u << facts->kind || !*facts->compose_file)
		return false;
	for (size_t i = 0; i < facts->n_inside; i++)
		if (facts->inside[i] == service->want.port)
			return true;
	return false;
}

int remedy_declared(const struct declared_facts *facts, const struct service *service, char *to,
		    size_t size)
{
	*to = '\0';
	if (is_unpublished(facts, service))
		return text_format(to, size, "add \"%u:%u\" to \"ports\" of %s in %s",
				   service->want.port, service->want.port, facts->compose_service,
				   base_name(facts->compose_file));
	if (facts->kind == SOURCE_MAILU)
		return for_mailu(facts, service, to, size);
	if (facts->kind == SOURCE_MAILCOW)
		return for_mailcow(facts, service, to, size);
	if (facts->kind == SOURCE_DOCKER_MAILSERVER)
		return for_mailserver(facts, service, to, size);
	return -ENOENT;
}
