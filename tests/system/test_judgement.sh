#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The scenarios of docs/judgement.md, on a real systemd with a real Dovecot: what happens, what is found, why, what is
# done about it and what is told. Each is recorded, and replayed: the same decisions.
#
# HEARKEN_RECORDINGS=DIR keeps the recordings, DIR/SCENARIO.jsonl: so tests/data/recordings are made.
# HEARKEN_SCENARIOS="crash hang" runs these alone.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"

[ "${1:-}" != setup ] || exec "$here/test_unit.sh" setup
if [ "${1:-}" != inside ]; then
	boot_guest --dovecot
	in_guest env HEARKEN_SCENARIOS="${HEARKEN_SCENARIOS:-}" bash "$here/test_judgement.sh" inside
	status=$?
	[ -z "${HEARKEN_RECORDINGS:-}" ] || in_guest tar -C /root/recordings -c . | tar -C "$HEARKEN_RECORDINGS" -x
	exit $status
fi

# ---------------------------------------------------------------------------------------- in the guest
record=/var/lib/hearken/record recordings=/root/recordings patience=40
# As within, by the clock: what is asked for takes long on a busy machine.
await() {
	local until=$((SECONDS + $1)); shift
	until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $until ] || return 1; sleep 0.1; done
}
status() { jq -er "$1" /run/hearken/status.json; }
all_up() { [ "$(status '[.services[] | select(.verdict != "up")] | length')" = 0 ] && [ "$(status '.services | length')" -gt 5 ]; }
main_pid() { systemctl show -P MainPID "$1"; }
# What was told since the scenario began: "EVENT FINDING CAUSE REASON", one a line.
events_of_scenario() {
	journalctl -q --no-pager -o json -t hearken --since="@$since" | jq -r 'select(.HEARKEN_EVENT) |
		[.HEARKEN_EVENT, .HEARKEN_FINDING, .HEARKEN_CAUSE, .HEARKEN_REASON] | map(. // "-" | tostring) | join(" ")'
}
says() { events_of_scenario | grep -qE "^$1"; }
never() { if says "$2"; then not_ok "$scenario: $1: $(events_of_scenario | tr '\n' '|')"; else ok "$scenario: $1"; fi; }
tells() { # NAME REGEX
	if await $patience says "$2"; then ok "$scenario: $1"; else not_ok "$scenario: $1: $(events_of_scenario | tr '\n' '|')"; fi
}

# Each scenario has a Hearken that knows nothing of the one before.
begin() { # SCENARIO
	scenario=$1
	systemctl stop hearken
	rm -f $record /var/lib/hearken/incidents.json /var/lib/hearken/repairs.json
	cp /root/dovecot.conf /etc/dovecot/dovecot.conf
	systemctl unmask -q dovecot
	systemctl reset-failed dovecot 2>/dev/null
	systemctl restart dovecot
	systemctl start hearken
	await $patience all_up || not_ok "$scenario: Dovecot is up at the beginning"
	sleep 1.1 # what was told in the second before is of before
	since=$(date +%s)
}
end() {
	systemctl stop hearken
	mkdir -p $recordings
	cp $record "$recordings/$scenario.jsonl"
	if said=$(hearken replay $record 2>&1); then ok "$scenario: replayed, it is decided the same"; else
		not_ok "$scenario: replayed: $(grep -A 3 -m 1 DIFFERS <<<"$said" | tr '\n' '|' | head -c 1500)"; fi
}
is_wanted() { [ -z "${HEARKEN_SCENARIOS:-}" ] || [[ " $HEARKEN_SCENARIOS " = *" $1 "* ]]; }

scenario_crash() {
	kill -KILL "$(main_pid dovecot)"
	tells "a crash is missing, of its owner's crash" "incident-opened missing owner-crashed"
	tells "repaired" "repair-started"
	tells "proven" "incident-closed"
}
scenario_stopped() {
	systemctl stop dovecot
	tells "an operator's stop is told" "incident-opened missing unit-stopped"
	tells "and left" "repair-withheld .* stopped-by-operator"
	systemctl start dovecot
	tells "his start ends it" "incident-closed"
	never "and nothing was repaired" "repair-started"
}
scenario_masked() {
	systemctl mask -q dovecot
	kill -KILL "$(main_pid dovecot)"
	tells "the end of a masked unit is told" "incident-opened missing"
	sleep 4
	never "and nobody overrules who masked it" "repair-started"
}
scenario_restarted() {
	systemctl restart dovecot
	await $patience all_up
	sleep 4
	never "a restart is no outage" "incident-opened"
}
scenario_reloaded() {
	for _ in 1 2 3; do systemctl reload dovecot; sleep 1; done
	doveadm reload
	sleep 4
	never "a reload is no outage" "incident-opened"
}
scenario_taken() {
	systemctl stop dovecot
	perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalPort => 587, Listen => 5, ReuseAddr => 1) or die; sleep 600' &
	local holder=$!
	await 10 sh -c "ss -Hlnt 'sport = :587' | grep -q ."
	systemctl start dovecot 2>/dev/null
	tells "a port that another has is told, with him" "incident-(opened|changed) foreign-owner bind-failed"
	sleep 2
	never "and nothing is restarted against him" "repair-started"
	{ kill -KILL $holder; wait $holder; } 2>/dev/null
	systemctl reset-failed dovecot
	systemctl start dovecot
	tells "when he has gone, a start ends it" "incident-closed"
}
scenario_hung() {
	local pids
	pids="$(main_pid dovecot) $(cat /sys/fs/cgroup/system.slice/dovecot.service/cgroup.procs)"
	# shellcheck disable=SC2086 # pids
	kill -STOP $pids
	for _ in $(seq 40); do (exec 5<>/dev/tcp/127.0.0.1/587 && sleep 30) & sleep 0.5; done 2>/dev/null &
	ends $!
	tells "who does not answer is found by a conversation, or by clients that wait" \
		"incident-opened (no-greeting|not-accepting|unreachable)"
	tells "it is restarted" "repair-started"
	# shellcheck disable=SC2086
	kill -CONT $pids 2>/dev/null
	tells "and proven" "incident-closed"
}
scenario_dropped() {
	sed -i 's/port = 587/port = 0/' /etc/dovecot/dovecot.conf
	doveadm reload
	tells "a port that a reload drops is not configured" "incident-(opened|changed) missing not-configured"
	cp /root/dovecot.conf /etc/dovecot/dovecot.conf
	systemctl restart dovecot
	tells "it is back" "incident-closed"
}
scenario_expired() {
	sed -i 's/good-chain.pem/expired-chain.pem/; s/good.key/expired.key/' /etc/dovecot/dovecot.conf
	systemctl reload dovecot
	tells "a certificate that has ended is found after the reload that loads it" "incident-opened certificate-expired"
	cp /root/dovecot.conf /etc/dovecot/dovecot.conf
	systemctl reload dovecot
	tells "and its successor" "incident-closed"
}
scenario_broken() {
	echo 'nonsense = {' >>/etc/dovecot/dovecot.conf
	kill -KILL "$(main_pid dovecot)"
	tells "a crash over a broken configuration is told" "incident-opened missing owner-crashed"
	tells "and not repaired" "repair-withheld .* configuration"
	never "not even tried" "repair-started"
	cp /root/dovecot.conf /etc/dovecot/dovecot.conf
	tells "when it is mended, it is" "repair-started"
	tells "and over" "incident-closed"
}
scenario_deaf() {
	systemctl restart dbus
	sleep 2
	kill -KILL "$(main_pid dovecot)"
	tells "a crash after a restart of D-Bus is told" "incident-opened missing owner-crashed"
	tells "and repaired" "repair-started"
	tells "and proven" "incident-closed"
}

printf '[hearken]\nrecord = %s\nprobe-interval = 10s\n' $record >/etc/hearken/hearken.conf
cat >>/etc/hearken/hearken.conf <<-CONF
server-name = mail.example.test
ca-file = /etc/dovecot/certs/ca.pem
repair = restart
CONF
cp /etc/dovecot/dovecot.conf /root/dovecot.conf
for name in crash stopped masked restarted reloaded taken hung dropped expired broken deaf; do
	is_wanted $name || continue
	begin $name
	scenario_$name
	end
done
finish
