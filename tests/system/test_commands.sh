#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The one-shot commands, on a real Dovecot in a network namespace of its own: exit status, one line for a
# monitoring system, JSON; and what only a real server can show: one family of addresses lost, a wrong
# certificate, a port held by another.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_stage

render() { dovecot_config "$dir/dovecot" "$dir/certs/${cert:-good}-chain.pem" "$dir/certs/${cert:-good}.key" "$@"; }
reload() { kill -HUP "$(stage_master)"; sleep 0.5; }
{ stage_conf; echo "sources = dovecot:$dir/dovecot/dovecot.conf"; } >"$dir/hearken.conf"
check() { "$hearken" check -c "$dir/hearken.conf" "$@"; }
probe() { ip netns exec "$ns" "$hearken" probe "$@"; }
finding() { check --json 2>/dev/null | jq -r ".services[] | select(.port == $1) | .findings[0].name // \"none\""; }

render tls 587
stage_dovecot
within 5 listens 14190

says "check: OK" 0 '^OK - 9 services up \|' "$hearken" check -c "$dir/hearken.conf"
expect "check --json: every service has the probe that proved it" sh -c \
	"'$hearken' check -c '$dir/hearken.conf' --json | jq -e '[.services[] | select(.probes[0].finding == null and .listeners[0].pids[0] > 0)] | length == 9'"
expect "check leaves no file" test ! -e "$dir/status.json" -a ! -e "$dir/hearken.prom"
says "config: who says what" 0 '^submission +587 +submission +starttls +yes +yes +dovecot, policy' "$hearken" config -c "$dir/hearken.conf"
expect "config --json" sh -c "'$hearken' config -c '$dir/hearken.conf' --json | jq -e '.services[] | select(.port == 465) | .tls == \"implicit\" and .expected'"

says "probe: STARTTLS" 0 '^OK' ip netns exec "$ns" "$hearken" probe 127.0.0.1:587 --protocol submission --server-name mail.example.test --ca-file "$dir/certs/ca.pem"
says "probe: implicit TLS, as nobody" 0 '^OK' ip netns exec "$ns" setpriv --reuid=65534 --regid=65534 --clear-groups "$hearken" probe 127.0.0.1:993 --protocol imap --tls implicit --server-name mail.example.test --ca-file "$dir/certs/ca.pem"
says "probe: untrusted, with the system's CAs" 2 'certificate-untrusted' ip netns exec "$ns" "$hearken" probe 127.0.0.1:465 --protocol submission --tls implicit --server-name mail.example.test
says "probe: another name" 2 'certificate-name-mismatch' ip netns exec "$ns" "$hearken" probe 127.0.0.1:465 --protocol submission --tls implicit --server-name other.example.test --ca-file "$dir/certs/ca.pem"
says "probe: nobody listens" 2 'unreachable' ip netns exec "$ns" "$hearken" probe 127.0.0.1:110 --protocol pop3
says "probe: no protocol" 3 'Usage' "$hearken" probe 127.0.0.1:2587
expect "probe --json" sh -c "ip netns exec $ns '$hearken' probe 127.0.0.1:587 --protocol submission --server-name mail.example.test --ca-file '$dir/certs/ca.pem' --json | jq -e '.verdict == \"up\" and .tls_version == \"TLSv1.3\" and .durations_ms.total > 0'"

cert=expired; render tls 587; reload
says "an expired certificate is CRITICAL" 2 'certificate-expired' "$hearken" check -c "$dir/hearken.conf"
cert=wronghost; render tls 587; reload
expect "a certificate for another name" test "$(finding 465)" = certificate-name-mismatch
cert=selfsigned; render tls 587; reload
expect "a self-signed one" test "$(finding 587)" = certificate-untrusted
cert=good; render tls; reload
expect "the port that nobody opened: missing" test "$(finding 587)" = missing
says "check: CRITICAL, and why" 2 '^CRITICAL - .*587.*not-configured' "$hearken" check -c "$dir/hearken.conf"
says "and what helps" 2 '^service submission-login \{$' "$hearken" check -c "$dir/hearken.conf"

# Both families are wanted, IPv4 alone is bound.
render tls 587; reload
printf '[listener submission]\naddress = *\n' >>"$dir/hearken.conf"
says "one family lost" 2 'wrong-address.*v4 works, v6 is lost' "$hearken" check -c "$dir/hearken.conf"

# A server that was stopped by a signal: it takes connections, and says nothing.
for p in $(stage_pids); do kill -STOP "$p"; done
says "a hung server is CRITICAL: no greeting" 2 'no-greeting|tls-handshake-failed' env "$hearken" check -c <(sed "s/^\[listener.*/probe-timeout = 2s/; /^address/d" "$dir/hearken.conf")
for p in $(stage_pids); do kill -CONT "$p"; done
finish
