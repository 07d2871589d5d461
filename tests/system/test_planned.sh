#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an operator does on purpose is no alert and no repair: restarts, reloads, stops with a start some seconds later, on
# a real systemd with a real Dovecot that clients talk to all the while. What was decided is recorded, and replayed.
#
# HEARKEN_PLANNED (40) operations, or for HEARKEN_MINUTES ("make soak"), chosen from HEARKEN_SEED (printed).
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"

[ "${1:-}" != setup ] || exec "$here/test_unit.sh" setup
if [ "${1:-}" != inside ]; then
	boot_guest --dovecot
	seed=${HEARKEN_SEED:-$RANDOM}
	echo "# HEARKEN_SEED=$seed"
	in_guest env HEARKEN_PLANNED="${HEARKEN_PLANNED:-40}" HEARKEN_MINUTES="${HEARKEN_MINUTES:-}" HEARKEN_SEED="$seed" \
		bash "$here/test_planned.sh" inside
	exit $?
fi

# ---------------------------------------------------------------------------------------- in the guest
RANDOM=$HEARKEN_SEED
record=/var/lib/hearken/record patience=60
# As within, by the clock: what is asked for takes long on a busy machine.
await() {
	local until=$((SECONDS + $1)); shift
	until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $until ] || return 1; sleep 0.1; done
}
status() { jq -er "$1" /run/hearken/status.json; }
all_up() { [ "$(status '[.services[] | select(.verdict != "up")] | length')" = 0 ] && [ "$(status '.services | length')" -gt 5 ]; }
told() { journalctl -q --no-pager -o json -t hearken "$@" | jq -r 'select(.HEARKEN_EVENT) | "\(.HEARKEN_EVENT): \(.MESSAGE)"'; }

clients() { # four that come all the time, as clients do
	local port
	while :; do
		for port in 587 143 465 993; do
			timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port && head -c 1 <&3" >/dev/null 2>&1
		done
		sleep 0.2
	done
}

operations=(restart reload doveadm-reload stop-start daemon-reload dbus journald package)
operate() {
	case $1 in
	restart) systemctl restart dovecot ;;
	reload) systemctl reload dovecot ;;
	doveadm-reload) doveadm reload ;;
	# Up to five seconds between; what waits longer is a stop, and told as one.
	stop-start) systemctl stop dovecot && sleep "$((RANDOM % 5)).$((RANDOM % 10))" && systemctl start dovecot ;;
	daemon-reload) systemctl daemon-reload ;;
	dbus) systemctl restart dbus ;;
	journald) systemctl restart systemd-journald ;;
	# As the scripts of a package that is upgraded do.
	package) systemctl daemon-reload && deb-systemd-invoke try-restart dovecot.service ;;
	esac >/dev/null 2>&1
}

systemctl reset-failed
printf '[Unit]\nStartLimitIntervalSec=0\n' >/etc/systemd/system/no-limit.conf
for unit in dovecot dbus systemd-journald; do
	mkdir -p /etc/systemd/system/$unit.service.d && cp /etc/systemd/system/no-limit.conf /etc/systemd/system/$unit.service.d/
done
systemctl daemon-reload
sed -i "s|^\[hearken\]|&\nrecord = $record|" /etc/hearken/hearken.conf
systemctl restart hearken
expect "every port of Dovecot is up" await $patience all_up
clients &
ends $!

n=0 lost=0 until=$((SECONDS + ${HEARKEN_MINUTES:-0} * 60))
while if [ -n "$HEARKEN_MINUTES" ]; then [ $SECONDS -lt $until ]; else [ $n -lt "$HEARKEN_PLANNED" ]; fi; do
	operation=${operations[$((n < ${#operations[@]} ? n : RANDOM % ${#operations[@]}))]}
	operate "$operation"
	n=$((n + 1))
	await $patience all_up || { lost=$((lost + 1)); echo "# not up after $operation, the ${n}th"; }
done
sleep 4
errors=$(told -p err)
if [ -z "$errors" ]; then ok "$n planned operations are no alert"; else not_ok "$n planned operations: ${errors//$'\n'/ | }"; fi
repairs=$(told | grep '^repair-started')
if [ -z "$repairs" ]; then ok "and nothing was repaired"; else not_ok "repairs: ${repairs//$'\n'/ | }"; fi
expect "all was up again after each" test $lost = 0
systemctl stop hearken
if said=$(hearken replay $record 2>&1); then ok "replayed, it is decided the same: $(tail -n 1 <<<"$said")"; else
	not_ok "replayed: $(grep -A 3 -m 1 DIFFERS <<<"$said" | tr '\n' '|' | head -c 1500)"; fi
finish
