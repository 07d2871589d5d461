/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One sentence to stderr. Where stderr is the journal's, with the priority that journald reads. */
#ifndef LOG_H
#define LOG_H

/* Syslog priorities (<syslog.h>). @error: 0, or a negative errno whose text is put behind the
 * sentence. Returns @error, so that a handler can say "return log_error(r, ...)". */
int log_say(int priority, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_error(error, ...)	log_say(3, error, __VA_ARGS__)
#define log_warning(error, ...) log_say(4, error, __VA_ARGS__)
#define log_info(...)		((void)log_say(6, 0, __VA_ARGS__))

#endif
