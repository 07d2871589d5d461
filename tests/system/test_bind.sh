#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real Dovecot is told to open a port that another process holds: the daemon says bind-failed, and who
# holds it; when the holder is gone and Dovecot reloaded, it recovers.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_stage

render() { dovecot_config "$dir/dovecot" "$dir/certs/good-chain.pem" "$dir/certs/good.key" tls "$@"; }
reload() { kill -HUP "$(stage_master)"; }
is() { [ "$(port '.findings[0].name // "none"') $(port '.findings[0].cause // "none"')" = "$1" ]; }
up() { [ "$(port .verdict)" = up ]; }
# hold: a process that listens on 587, and cuts off who connects
hold() {
	# shellcheck disable=SC2016 # perl's own variables
	ip netns exec "$ns" perl -MSocket -e '
		$0 = "holder";
		socket(S, PF_INET, SOCK_STREAM, 0) or die;
		setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
		bind(S, sockaddr_in(587, INADDR_ANY)) or die;
		listen(S, 5) or die;
		while (accept(C, S)) { close(C) }' &
	holder=$!
	sleep 0.3
}
release() { kill -TERM "$holder" && wait "$holder"; }

{ stage_conf; printf 'sources = dovecot:%s\nrepair = restart\n' "$dir/dovecot/dovecot.conf"; } >"$dir/hearken.conf"
render
stage_dovecot
hold
"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
within 10 test -s "$dir/status.json"
if [ "$(ask .hooks.bind)" = none ]; then
	skip "failed binds cannot be seen here: $(ask .degraded)"
	finish
	exit
fi
expect "the hook is one of the two" sh -c "jq -e '.hooks.bind == \"fexit\" or .hooks.bind == \"tracepoint\"' '$dir/status.json'"

expect "another process answers on 587, badly" within 10 is "closed-early none"
render 587; reload
wait_told "Dovecot was refused the port, and who holds it is said" incident-changed \
	"another unit or container holds the port \(bind-failed\): bind: Address already in use \(EADDRINUSE\) for dovecot \(pid [0-9]+\); the port is held by [a-z]+ \(pid $holder\)"
wait_told "what helps: to stop it" incident-changed "What helps: stop [a-z]+ \(pid $holder\), then reload or restart"
within 5 is "foreign-owner bind-failed"
expect "the status has finding and cause" is "foreign-owner bind-failed"
expect "the metric counts it" within 5 grep -qE '^hearken_bind_failures_total\{errno="EADDRINUSE"\} [1-9]' "$dir/hearken.prom"
release
expect "the holder is gone: missing, for the same cause" within 5 is "missing bind-failed"
reload
wait_told "Dovecot has it: the incident is closed" incident-closed 'Port 587'
expect "and 587 is up" within 5 up

expect "nothing was restarted" test -z "$(events repair-started)"
finish
