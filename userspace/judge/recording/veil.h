/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a recording must not tell: the arguments of restart-commands, which may have a password in
 * them. They become a number, in whatever text they stand, so that two commands are still the same
 * or not. Pure. */
#ifndef VEIL_H
#define VEIL_H

#include "model/service.h"

/* Copies @from to @to (@size), with "#N" for the arguments of every restart-command of @services;
 * N is that of the first service that has it. */
void veil_text(const struct service_set *services, const char *from, char *to, size_t size);

/* The same of a text that is a command by itself, maybe of nobody in @services any more. */
void veil_command(const struct service_set *services, const char *from, char *to, size_t size);

#endif
