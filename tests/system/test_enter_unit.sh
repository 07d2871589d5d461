#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The attacks of test_enter.sh, with Hearken in the sandbox of the unit that is installed: what it needs to go into a
# container is allowed there.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
top=$(readlink -f "$here/../..")
if [ "${1:-}" = setup ]; then # called by boot-systemd.sh with $ROOT
	make -s -C "$top" install DESTDIR="$ROOT" OUT="$out"
	exit $?
fi
boot_guest "$@"
in_guest env HEARKEN_UNIT=/usr/lib/systemd/system/hearken.service bash -c "cd '$top' && exec bash '$here/test_enter.sh'"
