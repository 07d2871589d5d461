/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Exim is configured to open, out of what "exim -bP" prints. Pure. */
#ifndef EXIM_OPTIONS_H
#define EXIM_OPTIONS_H

#include "intent/rendered/rendering.h"

struct exim_text {	      /* each ends with a NUL */
	const char *options;  /* exim -bP */
	const char *defaults; /* Debian's /etc/default/exim4, whose -oX is stronger; NULL: there is
				 none */
	/* Its systemd unit; NULL: there is none. Debian 13's has $EXIMSERVICE, and reads no more of
	 * those defaults; before, an init script reads SMTPLISTENEROPTIONS and QUEUERUNNER. */
	const char *unit;
	const char *services; /* /etc/services; NULL: only numbers are understood */
};

/* As rendering.h says of readers. */
int exim_options_parse(const struct exim_text *text, const char *path, struct rendering *ret,
		       struct complaints *complaints);

#endif
