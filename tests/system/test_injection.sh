#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon's injection check, against a scripted server that obeys what was sent before TLS: found with the
# first round, told as what it is, mended by another server on the port, and not looked for when it is off.
set -u
here=$(dirname "$(readlink -f "$0")")
. "$here/../tap.sh"
. "$here/stage.sh"
hearken=$(readlink -f build/hearken) fake=$(readlink -f build/tests/system/fake_server)
[ "$(id -u)" = 0 ] || { echo "# SKIP injection: must be root"; exit 77; }
stage_open injection
daemon='' server=''
close_all() {
	local p
	for p in $daemon $server; do kill -TERM "$p" && wait "$p"; done 2>/dev/null
	stage_close
}
trap close_all EXIT
trap 'exit 130' INT TERM HUP

hello=$'S:220 x\nC:EHLO\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:220 go\n'
talks=$':\nTLS\nC:EHLO\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nS:221 bye\nEOF\n'
obeys=$'K\n'$hello$'?NOOP\nTLS\nC:NOOP\nS:250 Ok\nC:QUIT\nS:221 bye\nEOF\n'$talks
drops=$'D\n'$hello$'?NOOP\nTLS\nC:QUIT\nS:221 bye\nEOF\n'$talks

serve() { # SCRIPT
	[ -z "$server" ] || { kill -TERM "$server" && wait "$server"; } 2>/dev/null
	printf '%s' "$1" >"$dir/script"
	ip netns exec "$ns" "$fake" "$dir/ca.pem" "$dir/script" port=10587 next=reload >"$dir/port" 2>"$dir/fake.log" </dev/null &
	server=$!
	within 5 test -s "$dir/port"
}
run() { # LINE...: the daemon, with more lines of configuration
	[ -z "$daemon" ] || { kill -TERM "$daemon"; wait "$daemon"; } 2>/dev/null
	rm -f "$dir/status.json"
	{
		stage_conf
		printf '%s\n' "ca-file = $dir/ca.pem" 'sources = none' 'policy = off' 'probe-interval = 2s' "$@" \
			'[listener fake]' 'port = 10587' 'protocol = submission' 'tls = starttls' 'address = 127.0.0.1'
	} >"$dir/hearken.conf"
	"$hearken" run -c "$dir/hearken.conf" >"$dir/run.log" 2>&1 </dev/null &
	daemon=$!
}
says() { jq -e ".services[0] | $1" "$dir/status.json"; }

serve "$obeys"$'NEXT\n'"$drops"
run
expect "found with the first round" within 15 says '.findings[0].name == "command-injection"'
expect "and told in the server's words" says '.findings[0].detail | contains("answered inside TLS: 250 Ok")'
expect "an incident is open" says '.incident.id'
expect "it serves all the same" says '.verdict == "degraded"'
kill -HUP "$server"
expect "gone when the port was opened anew" within 20 says '.verdict == "up" and .incident == null'

serve "$obeys"
run 'injection-check = off'
expect "not looked for when it is off: up" within 15 says '.verdict == "up"'
sleep 5
expect "and stays up" says '.verdict == "up"'
finish
