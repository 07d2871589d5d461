#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon's injection check, against a scripted server that obeys what was sent before TLS: found with the
# first round, told as what it is, mended by another server on the port, and not looked for when it is off.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_stage
server=''

hello=$'S:220 x\nC:EHLO\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:220 go\n'
talks=$':\nTLS\nC:EHLO\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nS:221 bye\nEOF\n'
obeys=$'K\n'$hello$'?NOOP\nTLS\nC:NOOP\nS:250 Ok\nC:QUIT\nS:221 bye\nEOF\n'$talks
drops=$'D\n'$hello$'?NOOP\nTLS\nC:QUIT\nS:221 bye\nEOF\n'$talks

serve() { # SCRIPT
	[ -z "$server" ] || { kill -TERM "$server" && wait "$server"; } 2>/dev/null
	printf '%s' "$1" >"$dir/script"
	ip netns exec "$ns" "$fake" "$dir/ca.pem" "$dir/script" port=10587 next=reload >"$dir/port" 2>"$dir/fake.log" </dev/null &
	server=$!; ends $server
	within 5 test -s "$dir/port"
}
run() { # LINE...: the daemon, with more lines of configuration
	end_daemon
	rm -f "$dir/status.json"
	{
		stage_conf
		printf '%s\n' "ca-file = $dir/ca.pem" 'sources = none' 'policy = off' 'probe-interval = 2s' "$@" \
			'[listener fake]' 'port = 10587' 'protocol = submission' 'tls = starttls' 'address = 127.0.0.1'
	} >"$dir/hearken.conf"
	"$hearken" run -c "$dir/hearken.conf" >"$dir/run.log" 2>&1 </dev/null &
	daemon=$!
}

first() { ask ".services[0] | $1"; }

serve "$obeys"$'NEXT\n'"$drops"
run
expect "found with the first round" within 15 first '.findings[0].name == "command-injection"'
expect "and told in the server's words" first '.findings[0].detail | contains("answered inside TLS: 250 Ok")'
expect "an incident is open" first '.incident.id'
expect "it serves all the same" first '.verdict == "degraded"'
kill -HUP "$server"
expect "gone when the port was opened anew" within 20 first '.verdict == "up" and .incident == null'

serve "$obeys"
run 'injection-check = off'
expect "not looked for when it is off: up" within 15 first '.verdict == "up"'
sleep 5
expect "and stays up" first '.verdict == "up"'
finish
