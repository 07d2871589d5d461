// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/declared/product_files.h"

#include "base/cleanup.h"
#include "base/text.h"

const struct product_file product_files[] = {
	{ SOURCE_MAILU,
	  "mailu.env",
	  { "/mailu", "/opt/mailu", "/srv/mailu", "/root/mailu", "/docker/mailu", "/data/mailu" },
	  { "TLS_FLAVOR" } },
	{ SOURCE_MAILCOW,
	  "mailcow.conf",
	  { "/opt/mailcow-dockerized", "/opt/mailcow", "/srv/mailcow-dockerized",
	    "/root/mailcow-dockerized", "/home/mailcow-dockerized", "/docker/mailcow-dockerized" },
	  { NULL } }, /* its containers are not told the ports */
	{ SOURCE_DOCKER_MAILSERVER,
	  "mailserver.env",
	  { "/opt/docker-mailserver", "/srv/docker-mailserver", "/opt/mailserver",
	    "/srv/mailserver", "/srv", "/root/docker-mailserver", "/docker/mailserver" },
	  { "ENABLE_OPENDKIM", "ENABLE_AMAVIS", "ENABLE_FAIL2BAN", "PERMIT_DOCKER" } },
};
const size_t n_product_files = ARRAY_SIZE(product_files);

static const struct product_file *find_product(enum source_kind kind)
{
	for (size_t i = 0; i < n_product_files; i++)
		if (product_files[i].kind == kind)
			return &product_files[i];
	return NULL;
}

void product_file_places(enum source_kind kind, char to[static SOURCE_WHY_SIZE])
{
	const struct product_file *product = find_product(kind);

	to[0] = '\0';
	for (size_t i = 0; product && i < PRODUCT_PLACES_MAX && product->places[i]; i++)
		(void)text_append(to, SOURCE_WHY_SIZE, "%s%s", i ? ", " : "", product->places[i]);
}

void product_file_first(enum source_kind kind, char to[static SOURCE_PATH_SIZE])
{
	const struct product_file *product = find_product(kind);

	to[0] = '\0';
	if (product)
		(void)text_format(to, SOURCE_PATH_SIZE, "%s/%s", product->places[0], product->file);
}

int product_file_of(const struct envfile *variables)
{
	for (size_t i = 0; i < n_product_files; i++)
		for (size_t j = 0; j < PRODUCT_SIGNS_MAX && product_files[i].signs[j]; j++)
			if (envfile_find(variables, product_files[i].signs[j]))
				return (int)product_files[i].kind;
	return -1;
}
