#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# demo.sh [HEARKEN] - the whole story on a real Dovecot, in a network namespace of its own.
#
# Four scenes: the port that Mailu forgot, its repair by the administrator, a crash that Hearken repairs,
# and a host where the port rightly is absent. Everything is watched as a user would: through the status
# file, the journal (or stderr where there is none) and the textfile. Exit status 0 only when every scene
# was really observed. Cleans up behind itself, also on Ctrl-C.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
hearken=$(readlink -f "${1:-$here/../../build/hearken}")
. "$here/stage.sh"

patience=60 # seconds that anything may take: a slow machine is no failure
daemon='' began=$(date +%s%N)

# ------------------------------------------------------------------------------------------ narration
if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' off=$'\e[0m'; else bold='' dim='' red='' green='' off=''; fi
ms() { echo $((($(date +%s%N) - $1) / 1000000)); }
scene() { printf '\n%s%s%s\n' "$bold" "$*" "$off"; }
tell() { printf '%s%7.3f s%s  %s\n' "$dim" "$(($(ms "$began")))e-3" "$off" "$*"; }
good() { tell "${green}✓${off} $*"; }
fail() { tell "${red}✗ $*${off}"; [ -z "$daemon" ] || { echo "--- the daemon's own words:"; tail -n 20 "$dir/daemon.log"; }; exit 1; }

# ------------------------------------------------------------------------------------------- the stage
[ "$(id -u)" = 0 ] || { echo "demo.sh: must be root (sudo make demo)" >&2; exit 1; }
alive() { local s; s=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) && [ -n "$s" ] && [ "$s" != Z ]; }

end_daemon() {
	[ -n "$daemon" ] || return 0
	kill -TERM "$daemon" 2>/dev/null || true
	local i; for ((i = 0; i < 50; i++)); do alive "$daemon" || break; sleep 0.1; done
	kill -KILL "$daemon" 2>/dev/null || true
	wait "$daemon" 2>/dev/null || true
	daemon=
}
end_dovecot() {
	local p i
	p=$(stage_master); [ -z "$p" ] || kill -TERM "$p" 2>/dev/null || true
	for ((i = 0; i < 50; i++)); do [ -n "$(stage_pids)" ] || return 0; sleep 0.1; done
}
clean_up() {
	local status=$?
	# The signal may have ended a command of ours first, and that us; it is still why.
	trap 'status=130' INT TERM HUP
	sleep 0.05 || true
	# Who presses Ctrl-C again would only have us leave something behind; it takes some seconds at most.
	trap '' INT TERM HUP
	trap - EXIT
	end_daemon
	end_dovecot
	stage_close
	exit "$status"
}
trap clean_up EXIT
trap 'echo; echo "interrupted; cleaning up"; exit 130' INT TERM HUP
stage_open demo

# ------------------------------------------------------------------------------- what a user looks at
ask() { jq -er "$1" "$dir/status.json" 2>/dev/null; } # a question to the status file
service() { ask ".services[] | select(.port == $1) | $2"; }
metric() { grep -E "^$1" "$dir/hearken.prom" 2>/dev/null | sed 's/.* //'; }
# Waits until a condition holds.
await() {
	local end=$((SECONDS + patience))
	while [ $SECONDS -lt $end ]; do
		"$@" >/dev/null 2>&1 && return 0
		[ -z "$daemon" ] || alive "$daemon" || fail "the daemon ended"
		sleep 0.01
	done
	return 1
}
is() { [ "$(service "$1" "$2")" = "$3" ]; }
all_up() { [ "$(ask '[.services[] | select(.verdict != "up")] | length')" = 0 ]; }
told() { events "$1" | grep -qE "$2"; }

start_daemon() {
	"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" &
	daemon=$!
}
configure() { # FLAVOR: the declared side
	printf 'TLS_FLAVOR=%s\nDOMAIN=example.test\nHOSTNAMES=mail.example.test\nSUBNET=192.168.203.0/24\n' "$1" >"$dir/mailu.env"
	{
		stage_conf
		printf 'sources = mailu:%s dovecot:%s\nrepair = restart\n' "$dir/mailu.env" "$dir/dovecot/dovecot.conf"
		# Mailu's nginx, which serves these, is not part of this play.
		printf '[listener %s]\nexpected = no\n' smtp
		printf '[listener %s]\nexpected = no\n' https
		local s; for s in submission submissions imaps pop3s sieve; do
			printf '[listener %s]\nrestart-command = %s\n' "$s" "$dir/restart"
		done
	} >"$dir/hearken.conf"
}
render() { # tls|notls [PORT...]: what Mailu's template makes of it
	dovecot_config "$dir/dovecot" "$dir/certs/good-chain.pem" "$dir/certs/good.key" "$@"
}
start_dovecot() { stage_dovecot || fail "Dovecot did not start: $(cat "$dir/dovecot.out")"; }

cat >"$dir/restart" <<SH
#!/bin/bash
# What "docker restart mailu-front-1" would be on a Mailu host.
rm -f $dir/dovecot/run/master.pid
exec ip netns exec $ns dovecot -c $dir/dovecot/dovecot.conf </dev/null >$dir/dovecot.out 2>&1
SH
chmod 755 "$dir/restart"

# ------------------------------------------------------------------------------------------- scene 1
scene "1. The port that nobody opened"
configure cert
render tls
start_dovecot
tell "Dovecot runs as Mailu renders it: 465, 993, 995, 4190 and its internal ports, but not 587."
tell "mailu.env says TLS_FLAVOR=cert. No process crashed, no log line says that anything is wrong."
start=$(date +%s%N); start_daemon
await is 587 '.findings[0].name + " " + .findings[0].cause' "missing not-configured" || fail "587 was not found missing"
found=$(ms "$start")
[ "$found" -lt 1000 ] || tell "This machine is busy, or slow: it takes more than a second."
good "$found ms after Hearken was started: 587 is \"missing\", cause \"not-configured\""
await told repair-withheld 'no repair \(futile\)' || fail "nobody said that a restart cannot help"
good "a restart was withheld, because it cannot help: $(events repair-withheld | head -n 1 | sed 's/.*What helps: //')"
await told incident-opened 'Port 587.*What helps: .*587' || fail "the alert does not name the line that would add it"
[ "$(service 587 '.sources | index("policy") != null')" = true ] || fail "the policy is not named as a source"
await is 465 .verdict up || fail "465 was not proven"
good "465, 993, 995 and 4190 are up, each proven by a TLS conversation ($(service 465 '.probes[0].tls_version'))"
await metric 'hearken_service_up\{.*port="587".*' || fail "no metric"
[ "$(metric 'hearken_service_up\{.*port="587".*')" = 0 ] || fail "the metric does not say 0"
if [ -z "$(stage_pids)" ] || [ "$(service 587 .repair)" != idle ]; then fail "something was restarted"; fi

# ------------------------------------------------------------------------------------------- scene 2
scene "2. The administrator adds it"
incident=$(service 587 .incident.id)
render tls 587
tell "587 is added to the configuration, and Dovecot reloaded."
changed=$(date +%s%N); kill -HUP "$(stage_master)"
await is 587 .verdict up || fail "587 did not come up: $(service 587 .findings[0])"
good "$(ms "$changed") ms after the reload: LISTEN was seen and the STARTTLS conversation passed ($(service 587 '.probes[0] | .tls_version + ", " + .cipher'))"
await told incident-closed 'Port 587.*down for' || fail "the incident was not closed"
good "incident ${incident:0:8}… is closed: $(events incident-closed | tail -n 1 | sed 's/.*: serves/serves/')"

# ------------------------------------------------------------------------------------------- scene 3
scene "3. Dovecot is killed"
await all_up || fail "not everything is up before the crash"
killed=$(date +%s%N); kill -KILL "$(stage_master)"
await told incident-opened "owner-crashed.*(signal 9|SIGKILL)" || fail "the crash was not told"
good "$(ms "$killed") ms after SIGKILL: alert, \"owner-crashed\", signal 9"
await told repair-started 'restart' || fail "no restart was started"
good "it is restarted, by restart-command"
await all_up || fail "not every port came back: $(ask '[.services[] | select(.verdict != "up") | .port] | tostring')"
await told repair-finished 'was carried out' || fail "the end of the restart was not told"
good "$(ms "$killed") ms after SIGKILL: all $(ask '.services | length') ports proven by LISTEN and a conversation"
closed_twice() { [ "$(events incident-closed | wc -l)" = 2 ]; }
await closed_twice || fail "the incident was not closed"
good "one incident for all of them, closed: $(events incident-closed | tail -n 1 | sed 's/.*; it was/it was/')"
[ "$(events incident-opened | wc -l)" = 2 ] || fail "one crash made more than one incident"

# ------------------------------------------------------------------------------------------- scene 4
scene "4. TLS is off: 587 is rightly absent"
end_daemon
end_dovecot
configure notls
render notls
start_dovecot
tell "TLS_FLAVOR=notls, Dovecot rendered accordingly, no 587."
start_daemon
await ask '.services | length > 0' || fail "no status"
await all_up || fail "$(ask '[.services[] | select(.verdict != "up") | .port] | tostring') is not up"
[ "$(ask '[.services[] | select(.port == 587 or .port == 465)] | length')" = 0 ] || fail "587 is still expected"
sleep 1
[ "$(events incident-opened | wc -l)" = 0 ] || fail "an alert where nothing is wrong"
good "587 is not expected, nothing is alerted, $(ask '.services | length') other ports are up"

end_daemon
[ ! -e "$dir/status.json" ] || fail "a stopped daemon left files that look alive"
printf '\n%sAll of this was observed on a real Dovecot in %d s.%s\n' "$bold" $(($(ms "$began") / 1000)) "$off"
