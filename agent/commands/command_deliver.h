/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hearken deliver: runs "hook =" for each event that waits, the oldest first, each until the hook
 * exits 0; ends when none waits. hearken-hook.service runs it, outside of the daemon's sandbox.
 *
 * The hook gets what the journal's entry has, as HEARKEN_EVENT, HEARKEN_SERVICE and so on,
 * HEARKEN_MESSAGE, HEARKEN_PRIORITY, HEARKEN_UNIT, HEARKEN_TIME, HEARKEN_DROPPED where some were
 * lost before it, and all of it as an object in HEARKEN_JSON. It has a minute. */
#ifndef COMMAND_DELIVER_H
#define COMMAND_DELIVER_H

int command_deliver(int argc, char **argv);

#endif
