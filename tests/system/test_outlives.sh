#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# On a real systemd: the end of a whole server is one record, an incident outlives Hearken's own end and a torn file,
# and D-Bus that goes away is said, and heard again.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"

[ "${1:-}" != setup ] || exec "$here/test_unit.sh" setup
if [ "${1:-}" != inside ]; then
	boot_guest --dovecot
	in_guest bash "$here/test_outlives.sh" inside
	exit $?
fi

# ---------------------------------------------------------------------------------------- in the guest
journal() { journalctl -q --no-pager -o json -t hearken "$@"; }
events() { journal "HEARKEN_EVENT=$1" | wc -l; }
many() { [ "$(events "$1")" -ge "$2" ]; }
newest() { journal "HEARKEN_EVENT=$1" | tail -n 1 | jq -r ".$2 // empty"; } # KIND FIELD
status() { jq -er "$1" /run/hearken/status.json; }
all_up() { [ "$(status '[.services[] | select(.verdict != "up")] | length')" = 0 ] && [ "$(status '.services | length')" -gt 5 ]; }
main_pid() { systemctl show -P MainPID "$1"; }
newer() { [ "$(main_pid hearken)" != "$1" ] && [ "$(main_pid hearken)" != 0 ]; }
patience=30

expect "every port of Dovecot is up" within $patience all_up
ports=$(status '[.services[].port | tostring] | join(" ")')

# A whole server.
kill -KILL "$(main_pid dovecot)"
expect "the end of a server is told" within 5 many incident-opened 1
expect "with all of its ports" test "$(newest incident-opened HEARKEN_PORTS)" = "$ports"
expect "and their names" test "$(newest incident-opened HEARKEN_SERVICES | wc -w)" = "$(wc -w <<<"$ports")"
expect "it is repaired, and over when that has held" within $patience many incident-closed 1
expect "for all of them" test "$(newest incident-closed HEARKEN_PORTS)" = "$ports"
expect "in one incident" test "$(events incident-opened)" = 1
expect "and nothing more was said of it" test "$(events incident-changed)" = 0

# Both ends at once: the next Hearken goes on with it.
within $patience all_up
before=$(main_pid hearken)
kill -KILL "$(main_pid dovecot)"
expect "a second end is told" within 5 many incident-opened 2
stored() { grep -q "$(newest incident-opened HEARKEN_INCIDENT)" /var/lib/hearken/incidents.json; }
expect "and kept, in the turn of the loop after the alert" within 5 stored
kill -KILL "$before"
expect "Hearken is started again" within $patience newer "$before"
expect "the crash is repaired by the next one" within $patience systemctl is-active dovecot
expect "and its incident closed" within $patience many incident-closed 2
expect "which is the one that was opened" test "$(newest incident-closed HEARKEN_INCIDENT)" = "$(newest incident-opened HEARKEN_INCIDENT)"
expect "no other was" test "$(events incident-opened)" = 2
expect "nor a second repair begun" test "$(events repair-started)" = 2

# Dovecot dies while nobody looks.
within $patience all_up
systemctl stop hearken
kill -KILL "$(main_pid dovecot)"
echo '{ "version": 1, "incid' >/var/lib/hearken/incidents.json
rm /var/lib/hearken/repairs.json # there was enough repaired in the last minute
systemctl start hearken
expect "a file that is torn is set aside" within 5 test -e /var/lib/hearken/incidents.json.unread
expect "and said" sh -c "journalctl -q --no-pager -u hearken -o cat | grep -q 'incidents.json cannot be used (it is torn)'"
expect "what died before is one incident" within $patience many incident-opened 3
expect "by systemd's word" test "$(newest incident-opened HEARKEN_CAUSE)" = owner-crashed
expect "for all ports" test "$(newest incident-opened HEARKEN_PORTS)" = "$ports"

# The bus.
systemctl start dovecot
expect "up again" within $patience all_up
systemctl stop dbus.socket dbus.service 2>/dev/null
expect "without D-Bus less is seen, and said" within 5 many observer-degraded 1
systemctl start dbus.socket dbus.service
expect "it is heard again" within 15 many observer-restored 1
systemctl stop dovecot
expect "an operator's stop is known as one" within 10 sh -c "jq -e '.services[0].findings[0].cause == \"unit-stopped\"' /run/hearken/status.json"

# And after a restart of Hearken it is one still: nobody overrules him.
systemctl restart hearken
expect "what an operator stopped is not started by the next Hearken" within 10 sh -c "jq -e '.services[0].findings[0].cause == \"unit-stopped\"' /run/hearken/status.json"
sleep 6
expect "nor later" test "$(systemctl is-active dovecot)" = inactive
finish
