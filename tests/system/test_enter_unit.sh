#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The attacks of test_enter.sh, with Hearken in the sandbox of the unit that is installed: what it needs to go into a
# container is allowed there.
set -u
here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
. "$here/../tap.sh"
if [ "${1:-}" = setup ]; then # called by boot-systemd.sh with $ROOT
	make -s -C "$top" install DESTDIR="$ROOT" OUT="$top/build"
	exit $?
fi
[ "$(id -u)" = 0 ] || { echo "# SKIP enter_unit: must be root"; exit 77; }
guest=$(mktemp -d /var/tmp/hearken-guest.XXXXXX)
printf '#!/bin/bash\nexec %q setup\n' "$here/test_enter_unit.sh" >"$guest.setup"
trap '"$here/boot-systemd.sh" stop "$guest" >/dev/null 2>&1; rm -f "$guest.setup" "$guest.log"' EXIT
# shellcheck disable=SC2046 # two words or none
if ! "$here/boot-systemd.sh" start $(guest_options) --setup "$guest.setup" "$guest" >"$guest.log" 2>&1; then
	echo "# SKIP enter_unit: no systemd can be booted here: $(tail -n 3 "$guest.log" | tr '\n' ' ')"
	exit 77
fi
"$here/boot-systemd.sh" exec "$guest" env HEARKEN_UNIT=/usr/lib/systemd/system/hearken.service \
	bash -c "cd '$top' && exec bash '$here/test_enter.sh'"
