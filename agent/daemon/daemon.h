/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon: keeps watch until it is told to end. */
#ifndef DAEMON_H
#define DAEMON_H

/* @config_path: NULL is the default one. Says itself what is wrong; returns an exit code. */
int daemon_run(const char *config_path);

#endif
