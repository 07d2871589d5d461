/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What systemd calls itself on the bus. Private to systemd.c. */
#ifndef BUS_NAMES_H
#define BUS_NAMES_H

#define DESTINATION  "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER	     "org.freedesktop.systemd1.Manager"
#define UNIT_PATH    "/org/freedesktop/systemd1/unit"
#define UNIT	     "org.freedesktop.systemd1.Unit"
#define SERVICE	     "org.freedesktop.systemd1.Service"
#define PROPERTIES   "org.freedesktop.DBus.Properties"
#define LOCAL	     "org.freedesktop.DBus.Local"
#define LOCAL_PATH   "/org/freedesktop/DBus/Local"
#define SHUTDOWN     "shutdown.target" /* which every way to end a host goes through */

#endif
