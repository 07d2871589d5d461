#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who ended the server, on a real systemd: its own command, a person's session and systemctl kill are an operator's act,
# told with its name and left alone; a service that kills is not, and the server is started again.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
top=$(readlink -f "$here/../..")

if [ "${1:-}" = setup ]; then # called by boot-systemd.sh with $ROOT
	set -e
	make -s -C "$top" install DESTDIR="$ROOT" OUT="$out"
	systemd-sysusers --root="$ROOT" hearken.conf
	"$here/certs.sh" "$ROOT/etc/dovecot/certs" >/dev/null
	rm -f "$ROOT/etc/dovecot/dovecot.conf"
	DOVECOT_ROOT=$ROOT DOVECOT_SERVICE=1 dovecot_config /etc/dovecot /etc/dovecot/certs/good-chain.pem \
		/etc/dovecot/certs/good.key tls 587
	mkdir -p "$ROOT/srv/mail" "$ROOT/etc/hearken"
	cat >"$ROOT/etc/hearken/hearken.conf" <<-CONF
	[hearken]
	server-name = mail.example.test
	ca-file = /etc/dovecot/certs/ca.pem
	repair = restart
	repair-limit = 20 per 1h
	CONF
	# shellcheck disable=SC2016 # the script's own
	printf '#!/bin/sh\nkill -"$1" "$2"\n' >"$ROOT/usr/local/sbin/earlyoom" && chmod 755 "$ROOT/usr/local/sbin/earlyoom"
	ln -sf /usr/lib/systemd/system/hearken.service "$ROOT/etc/systemd/system/multi-user.target.wants/hearken.service"
	exit 0
fi

if [ "${1:-}" != inside ]; then
	boot_guest --dovecot
	in_guest bash "$here/test_sender.sh" inside
	exit $?
fi

# ---------------------------------------------------------------------------------------- in the guest
cd "$top" || exit 1
journal() { journalctl -q --no-pager -o json -t hearken "$@"; }
field() { local name=$1; shift; journal "$@" | tail -n 1 | jq -r ".$name // empty"; }
events() { journal "HEARKEN_EVENT=$1" | wc -l; }
many() { [ "$(events "$1")" -ge "$2" ]; }
status() { jq -er "$1" /run/hearken/status.json; }
all_up() { [ "$(status '[.services[] | select(.verdict != "up")] | length')" = 0 ] && [ "$(status '.services | length')" -gt 5 ]; }
quiet() { [ "$(status '[.services[] | select(.incident)] | length')" = 0 ]; }
master() { systemctl show -P MainPID dovecot; }
says() { echo "$1" | grep -qE "$2"; }
is() { [ "$(systemctl is-active "$1")" = "$2" ]; }
opened=0 repairs=0

# told WHAT CAUSE PRIORITY DETAIL: one more incident, which says so
told() {
	opened=$((opened + 1))
	expect "$1 is told" within 15 many incident-opened $opened
	expect "$1: the cause" test "$(field HEARKEN_CAUSE HEARKEN_EVENT=incident-opened)" = "$2"
	expect "$1: the priority" test "$(field PRIORITY HEARKEN_EVENT=incident-opened)" = "$3"
	expect "$1: by whom" says "$(field HEARKEN_DETAIL HEARKEN_EVENT=incident-opened)" "$4"
}
# left_alone WHAT: and started by the operator, it is well again
left_alone() {
	expect "$1 is not undone" test "$(events repair-started)" = $repairs
	sleep 2
	expect "$1 still is not" is dovecot inactive
	systemctl start dovecot
	expect "up after the operator's start" within 15 all_up
	expect "which ends the incident" within 15 quiet
}
started_again() {
	repairs=$((repairs + 1))
	expect "$1: it is started again" within 15 many repair-started $repairs
	expect "$1: every port is up" within 20 all_up
	expect "$1: the incident ends" within 15 quiet
}

expect "every port of Dovecot is up" within 15 all_up
expect "the hook is there" test "$(status .hooks.signal)" = tp_btf

systemd-run -q --scope --unit=session-7.scope doveadm stop
told "doveadm stop" unit-stopped 5 'SIGTERM by doveadm \(pid [0-9]+, session-7.scope\)'
expect "explain tells it too" sh -c 'hearken explain 587 | tr -s " \n" " " | grep -q "SIGTERM by doveadm"'
left_alone "doveadm stop"

systemd-run -q --scope --unit=session-8.scope bash -c "kill -TERM $(master)"
told "kill at a shell" unit-stopped 5 'SIGTERM by bash \(pid [0-9]+, session-8.scope\)'
left_alone "kill at a shell"

systemctl kill dovecot
told "systemctl kill" unit-stopped 5 'SIGTERM by systemd \(pid [0-9]+\)'
left_alone "systemctl kill"

systemd-run -q --unit=earlyoom.service /usr/local/sbin/earlyoom TERM "$(master)"
told "earlyoom" owner-exited 3 'SIGTERM by earlyoom \(pid [0-9]+, earlyoom.service\)'
started_again "earlyoom"

sleep 10 # the pause after a repair
systemd-run -q --scope --unit=session-9.scope bash -c "kill -KILL $(master)"
told "SIGKILL at a shell" owner-crashed 3 'SIGKILL by bash \(pid [0-9]+, session-9.scope\)'
started_again "SIGKILL at a shell"

finish
