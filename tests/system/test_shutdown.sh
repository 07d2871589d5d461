#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The host is shut down, on a real systemd: what falls then is nobody's outage.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need jq

if [ "${1:-}" = setup ]; then exit 0; fi # called by boot-systemd.sh

kept=$(mktemp -d /srv/hearken-kept.XXXXXX) # outlives the guest
at_end rm -rf "$kept"
install -m 755 "$hearken" "$kept/hearken"
mkdir "$kept/state"
: >"$kept/state/history.jsonl"
printf '[hearken]\nstate = %s\nstatus = %s\ntextfile =\nrepair = restart\n' "$kept/state" "$kept/status.json" >"$kept/hearken.conf"
boot_guest --dovecot --share "$kept"
up() { [ "$(jq '[.services[] | select(.verdict == "up" and .unit == "dovecot.service")] | length' "$kept/status.json" 2>/dev/null)" -gt 2 ]; }
is_gone() { ! in_guest true 2>/dev/null; }
incidents() { grep -c "\"event\": *\"\(incident\|repair\)-" "$kept/state/history.jsonl"; }

# It is among the last to end; another takes its time.
in_guest systemd-run -q --unit=slow -p ExecStop="/bin/sleep 8" sleep infinity
in_guest systemd-run -q --unit=watch -p DefaultDependencies=no "$kept/hearken" run -c "$kept/hearken.conf"
expect "Dovecot's ports are up" within 20 up
before=$(incidents)
in_guest systemctl poweroff --no-wall 2>/dev/null
expect "the guest is off" within 60 is_gone
expect "no incident, and no repair, of what fell" test "$(incidents)" = "$before"
expect "and a daemon that ended as it should" jq -e '[.services[] | select(.incident >= 0)] | length == 0' "$kept/state/incidents.json"
finish
