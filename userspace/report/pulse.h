/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether somebody keeps the status file true, which a file cannot say of itself: a socket beside
 * it, held by who writes it, and let go when it cannot be written. The kernel ends it with its
 * process, however that ends. Everybody may ask; unlike with a lock, nobody who asks can take it.
 * Nothing is ever sent through it, so it costs its holder nothing to be asked. */
#ifndef PULSE_H
#define PULSE_H

/* @status: path of the file. Returns 0 and a descriptor to keep open, or -errno. One that another
 * process left behind is replaced; so is a living one, whose process then is not believed. */
int pulse_begin(const char *status, int *ret_fd);

/* Closes *@fd, unless it is negative, and removes the socket. */
void pulse_end(const char *status, int *fd);

/* Asks. Returns 0, -ESRCH when nobody has it, or -errno when that cannot be known. */
int pulse_ask(const char *status);

#endif
