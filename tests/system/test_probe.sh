#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# "hearken probe" over real sockets against a scripted server: the faults that every tool which was looked at
# calls healthy, one or another of them, and what only a socket can do. Each is told by its exit status, its
# finding and its words, as JSON too, in time and in little memory. Needs no root.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need jq
open_dir
server=''
end_server() { [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null; server=''; }
at_end end_server

# Scripts: see ../support/fake_server.h. The parts that nearly all have:
offer=$'S:220 mail ESMTP\nC:EHLO\nS:250-mail\nS:250-STARTTLS\nS:250 SIZE\nC:STARTTLS\n'
inside=$'TLS\nC:EHLO\nS:250-mail\nS:250 AUTH PLAIN LOGIN\nC:QUIT\nS:221 bye\nEOF\n'
go=$offer$'S:220 2.0.0 go\n'

serve() { # SCRIPT [OPTION...]: sets $port
	end_server
	printf '%s' "$1" >"$dir/script"
	shift
	exec 3< <(exec "$fake" "$dir/ca.pem" "$dir/script" "$@" 2>"$dir/log" </dev/null)
	server=$!
	read -r -t 5 port <&3
}
probe() { # [OPTION...]
	# A conversation takes a few megabytes; this is what the loader and libcrypto need for a start.
	(ulimit -v 200000 && timeout 20 "$hearken" probe "127.0.0.1:$port" --protocol submission \
		--server-name mail.example.test --ca-file "$dir/ca.pem" --timeout 1s "$@")
}
# row NAME STATUS FINDING REGEX "SERVER OPTIONS" "PROBE OPTIONS" SCRIPT
row() {
	local name=$1 status=$2 finding=$3 regex=$4 rc json_rc found server_options probe_options
	read -ra server_options <<<"$5"; read -ra probe_options <<<"$6"
	serve "$7" "${server_options[@]}" || { not_ok "$name: no server: $(cat "$dir/log")"; return; }
	probe "${probe_options[@]}" >"$dir/out" 2>&1; rc=$?
	if [ "$finding" = no-greeting ]; then # once is enough of waiting
		json_rc=$rc found=$(grep -qF "[$finding]" "$dir/out" && echo "$finding")
	else
		serve "$7" "${server_options[@]}" || { not_ok "$name: no server: $(cat "$dir/log")"; return; }
		probe "${probe_options[@]}" --json >"$dir/json" 2>&1; json_rc=$?
		found=$(jq -r '.findings[0].name // "none"' "$dir/json" 2>&1)
	fi
	if [ $rc = "$status" ] && [ $json_rc = "$status" ] && [ "$found" = "$finding" ] && grep -qE "$regex" "$dir/out" &&
		{ [ "$finding" = none ] || grep -qF "[$finding]" "$dir/out"; }; then ok "$name"; else
		not_ok "$name: status $rc and $json_rc, finding $found, said: $(head -c 500 "$dir/out" | tr '\n' '|')"; fi
}

row "healthy" 0 none '^OK' '' '' "$go$inside"
row "healthy, STARTTLS is the last line" 0 none '^OK' '' '' \
	$'S:220 x\nC:EHLO\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:220 go\n'"$inside"
row "certificate expired" 2 certificate-expired 'valid from' certificate=expired '' "$go$inside"
row "wrong host name" 2 certificate-name-mismatch 'other.example.test' certificate=wronghost '' "$go$inside"
row "self-signed" 2 certificate-untrusted 'self-signed' certificate=selfsigned '' "$go$inside"
row "unknown CA" 2 certificate-untrusted 'unable to get local issuer' '' '--ca-file /etc/ssl/certs/ca-certificates.crt' "$go$inside"
row "STARTTLS not offered" 2 starttls-not-offered 'lists no STARTTLS' '' '' $'S:220 x\nC:EHLO\nS:250-x\nS:250 SIZE\nC:QUIT\nEOF\n'
row "STARTTLS answered 454" 2 starttls-refused '454 4.7.0 TLS not available' '' '' "$offer"$'S:454 4.7.0 TLS not available\nC:QUIT\nEOF\n'
row "AUTH PLAIN before TLS" 2 auth-before-tls 'before TLS, lists AUTH PLAIN' '' '' \
	$'S:220 x\nC:EHLO\nS:250-x\nS:250-AUTH PLAIN\nS:250 STARTTLS\nC:STARTTLS\nS:220 go\n'"$inside"
row "command injection" 2 command-injection 'NOOP, sent in plain text behind STARTTLS, is answered inside TLS: 250 Ok' '' --injection-check \
	"$go$inside"$'NEXT\nK\n'"$go"$'TLS\nC:NOOP\nS:250 Ok\nC:QUIT\nS:221 bye\nEOF\n'
row "not open to command injection" 0 none 'behind STARTTLS: not obeyed' '' --injection-check \
	"$go$inside"$'NEXT\nD\n'"$go"$'TLS\nC:QUIT\nS:221 bye\nEOF\n'
row "plaintext reply injected before TLS" 2 response-injection '250 injected' '' '' "$go"$'S:250 injected\n'"$inside"
row "no AUTH after TLS" 1 auth-not-offered 'inside TLS, lists no AUTH' '' '' "$go"$'TLS\nC:EHLO\nS:250 x\nC:QUIT\nEOF\n'
row "TLS 1.0 only" 2 tls-too-old 'protocol' max-version=1.0 '' "$go$inside"
row "accepts, never greets" 2 no-greeting 'waited .* in vain for the greeting' '' '' $'C:nothing\n'

row "too many connections" 1 busy '421 4.7.0' '' '' $'S:421 4.7.0 Error: too many connections\nEOF\n'
row "the key does not fit its certificate" 2 tls-handshake-failed '421 4.0.0 TLS initialization failed' '' '' "$go"$'S:421 4.0.0 TLS initialization failed.\nEOF\n'
row "a client certificate is wanted" 2 refused 'No required SSL certificate; it asked' ask=yes '' "$go"$'TLS\nC:EHLO\nS:421 4.7.1 No required SSL certificate\nEOF\n'
row "two faults at once" 2 certificate-expired 'Finding: auth-not-offered' certificate=expired '' "$go"$'TLS\nC:EHLO\nS:250 x\nC:QUIT\nEOF\n'
row "implicit TLS" 0 none '^TLS: TLSv1.2' max-version=1.2 '--tls implicit' $'TLS\nS:220 x\nC:EHLO\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nEOF\n'
row "TLS, and then nothing" 2 no-greeting 'the greeting, inside TLS' '' '--tls implicit' $'TLS\nC:nothing\n'
row "a byte at a time" 0 none '^OK' delay=1 '--timeout 8s' $'S:220 x\nC:EHLO\nS:250-x\nS:250 STARTTLS\nC:STARTTLS\nS:220 go\nTLS\nC:EHLO\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nS:221 x\nEOF\n'
row "too slow a byte at a time: it lives" 3 none 'the greeting has begun, and is not over' delay=200 '' "$go"
row "reset for a greeting" 2 closed-early 'Connection reset by peer while waiting for the greeting' '' '' $'RST\n'
row "reset instead of TLS" 2 tls-handshake-failed 'Connection reset by peer in the handshake' '' '' "$go"$'RST\n'
row "reset after a last word" 1 busy '421 bye' '' '' $'S:220 x\nC:EHLO\nS:421 bye\nRST\n'
row "half-closed before the greeting" 2 closed-early 'closed by the server while waiting for the greeting' '' '' $'HALF\nC:nothing\n'
row "half-closed behind the list" 2 tls-handshake-failed 'closed by the server in the handshake|waiting' '' '' "$go"$'HALF\nC:nothing\n'
row "10 MB of greeting" 2 no-greeting 'more than 65536 bytes' '' '' $'FLOOD:220-\nEOF\n'
row "10 MB of one line" 2 no-greeting 'a line of more than 8192 bytes' '' '' $'LONG\nEOF\n'
row "imap" 0 none '^OK' '' '--protocol imap' $'S:* OK hi\nC:a1 CAPABILITY\nS:* CAPABILITY STARTTLS LOGINDISABLED\nS:a1 OK\nC:a2 STARTTLS\nS:a2 OK\nTLS\nC:a3 CAPABILITY\nS:* CAPABILITY AUTH=PLAIN\nS:a3 OK\nC:a4 LOGOUT\nS:* BYE\nEOF\n'
row "sieve, with literals" 0 none '^OK' '' '--protocol sieve' $'S:"IMPLEMENTATION" {2}\nS:OK\nS:{8}\nS:STARTTLS\nS:OK\nC:STARTTLS\nS:OK\nTLS\nS:"SASL" "PLAIN"\nS:OK\nC:LOGOUT\nS:OK\nEOF\n'
row "https" 0 none '^TLS: TLSv1.3' '' '--protocol https' $'TLS\nEOF\n'

# What else the command does.
serve "$go$inside"
probe -v >"$dir/out"
expect "-v prints both sides" grep -qE 'ms S: 220 mail ESMTP' "$dir/out"
expect "-v prints ours" grep -qE 'ms C: STARTTLS' "$dir/out"
expect "-v prints when TLS begins" grep -qE 'ms -- TLS: TLSv1.3' "$dir/out"
expect "the first line is still the plugin's" sh -c "head -n 1 '$dir/out' | grep -qE '^OK - .* \| time='"
serve $'S:220 \033[31m red\nC:EHLO\nS:250-x\nS:250 AUTH PLAIN\nC:QUIT\nEOF\n'
probe -v --json >"$dir/json"
expect "JSON has every finding and the transcript, printable" jq -e '(.findings | map(.name)) ==
	["starttls-not-offered", "auth-before-tls"] and (.transcript[0] | contains("?[31m")) and
	.addresses[0].error == null and .verdict == "down"' "$dir/json"
# Whoever calls, hostile bytes are read in the sandbox.
serve $'C:nothing\n'
"$hearken" probe "127.0.0.1:$port" --protocol smtp --ca-file "$dir/ca.pem" --timeout 20s >"$dir/out" 2>&1 & asks=$!
held() { pgrep -P "$asks" >"$dir/child" && grep -q '^Seccomp:.2' "/proc/$(cat "$dir/child")/status"; }
if within 5 held; then ok "the conversation is held behind a filter"; else not_ok "no child behind a filter"; fi
child=$(cat "$dir/child")
expect "without capabilities" grep -q '^CapPrm:.0*$' "/proc/$child/status"
[ "$(id -u)" != 0 ] || expect "not by root" grep -qv '^Uid:.0' <(grep ^Uid: "/proc/$child/status")
expect "with two descriptors beside stderr" [ "$(find "/proc/$child/fd" -type l | wc -l)" = 3 ]
kill -KILL "$child"
wait "$asks"; rc=$?
if [ $rc = 3 ] && grep -q '^UNKNOWN - .*killed by signal 9' "$dir/out"; then ok "its end is not the server's fault"; else not_ok "status $rc: $(cat "$dir/out")"; fi
end_server
expect "a port where nobody listens" sh -c "'$hearken' probe 127.0.0.1:1 --protocol smtp | grep -qF '[unreachable]: 127.0.0.1:1: Connection refused'"
expect "a name that does not exist is not a finding" sh -c "'$hearken' probe nowhere.invalid:25 --protocol smtp --timeout 3s; [ \$? = 3 ]"
# The C library waits for ten seconds where no resolver answers.
if [ "$(id -u)" = 0 ] && unshare -n ip link add hear0 type veth peer name hear1 2>/dev/null; then
	echo 'nameserver 192.0.2.1' >"$dir/resolv.conf"
	began=$SECONDS
	expect "a resolver that does not answer" unshare -m -n sh -c "ip link add hear0 type veth peer name hear1 &&
		ip addr add 192.0.2.2/24 dev hear0 && ip link set hear0 up && ip link set hear1 up &&
		ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev hear0 && mount --bind '$dir/resolv.conf' /etc/resolv.conf &&
		'$hearken' probe slow.example.org:25 --protocol smtp --timeout 1s | grep -q '^UNKNOWN - .*name resolution'"
	expect "is not waited for" [ $((SECONDS - began)) -le 3 ]
else
	skip "a resolver that does not answer: needs root and veth"
fi
expect "the protocol is told, not guessed" sh -c "'$hearken' probe 127.0.0.1:587 2>&1 | grep -q Usage"
expect "no injection check without STARTTLS" sh -c "'$hearken' probe 127.0.0.1:1 --protocol smtp --tls implicit --injection-check 2>&1 | grep -q Usage"
finish
