/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of nginx_conf: what a block says of its servers. Pure. */
#ifndef NGINX_SETTINGS_H
#define NGINX_SETTINGS_H

#include <stdbool.h>

#include "model/service.h"

/* What mail { } or stream { } says, and each server { } in it may say anew. */
struct nginx_settings {
	enum protocol protocol;
	enum tls_mode starttls;
	bool ssl;
	bool no_auth;			      /* smtp_auth none: not for clients */
	char certificate[SERVICE_FILES_SIZE]; /* each ends with a newline */
	char key[SERVICE_FILES_SIZE];
};

/* One statement. @around: what the block around it says, or NULL. */
void nginx_settings_read(struct nginx_settings *settings, const struct nginx_settings *around,
			 const char *name, const char *value);

/* Gives @service its certificates and keys, which belong together by their places. */
void nginx_settings_name_files(const struct nginx_settings *settings, struct service *service);

#endif
