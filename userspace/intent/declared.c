// SPDX-License-Identifier: LGPL-2.1-or-later
#include "declared.h"

#include <errno.h>
#include <string.h>

#include "file.h"
#include "text.h"

#define ENV_FILE_MAX (1024 * 1024)

static int read_mailu(struct merging *merging, const char *path, bool must)
{
	cleanup(memory_freep) char *text = NULL;
	cleanup(mailu_clear) struct mailu mailu = { 0 };
	struct source *source = merge_add_source(merging, SOURCE_MAILU, path);
	int r;

	if (!source)
		return 0;
	r = file_read(path, ENV_FILE_MAX, &text, NULL);
	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT && !must) {
		source->state = SOURCE_ABSENT;
		return 0;
	}
	source->state = SOURCE_BROKEN;
	if (r < 0) {
		complain_error(&source->complaints, "%s: cannot be read: %s", path, strerror(-r));
		return 0;
	}
	r = mailu_parse(text, path, &mailu, &source->complaints);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	source->state = SOURCE_READ;
	policy_hear(&merging->facts, mailu.tls_on, mailu.serves_submission, mailu.serves_imap,
		    mailu.serves_pop3);
	if (!merging->intent->has_mailu)
		(void)text_copy(merging->intent->mailu_ports, sizeof(merging->intent->mailu_ports), mailu.ports);
	merging->intent->has_mailu = true;
	return merge_services(merging, source, &mailu.services);
}

int declared_read(struct merging *merging)
{
	const struct config *config = merging->config;
	int r = config->sources_auto ? read_mailu(merging, MAILU_PATH, false) : 0;

	for (size_t i = 0; i < config->n_sources && r >= 0; i++) {
		const struct config_source *source = &config->sources[i];

		switch (source->kind) {
		case CONFIG_SOURCE_MAILU:
			r = read_mailu(merging, source->path, true);
			break;
		case CONFIG_SOURCE_MAILCOW:
		case CONFIG_SOURCE_DOCKER_MAILSERVER:
			complain_warning(&merging->intent->complaints,
					 "%s: sources: %s is not read by this version yet", config->path,
					 config_source_kind_name(source->kind));
			break;
		case CONFIG_SOURCE_DOVECOT:
		case CONFIG_SOURCE_POSTFIX:
		case CONFIG_SOURCE_EXIM:
		case CONFIG_SOURCE_OPENSMTPD:
		case CONFIG_SOURCE_NGINX:
			break;
		}
	}
	return r;
}
