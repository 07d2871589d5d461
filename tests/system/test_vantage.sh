#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real Dovecot in a namespace of its own, published by a relay on the host as containers are: what only clients
# outside see is told from what is wrong inside; IPv6 counts by itself; a listener behind the PROXY protocol is
# recognised.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_stage
host=$ns-host
relay=''
close_host() {
	local p
	for p in $(ip netns pids "$host"); do kill -KILL "$p"; done
	ip netns del "$host"
}
at_end close_host

ip netns add "$host"
ip -n "$host" link set lo up
ip -n "$host" link add inside type veth peer name eth0 netns "$ns"
ip -n "$host" addr add 192.0.2.1/24 dev inside
ip -n "$host" link set inside up
# Clients come here; the namespace that serves has no way to it, as a container need not have to the host's.
ip -n "$host" addr add 198.51.100.1/32 dev lo
ip -n "$ns" addr add 192.0.2.2/24 dev eth0
ip -n "$ns" link set eth0 up

render() { # render [haproxy]
	dovecot_config "$dir/dovecot" "$dir/certs/good-chain.pem" "$dir/certs/good.key" tls 587
	sed -i 's/^listen = .*/listen = *, ::/' "$dir/dovecot/dovecot.conf"
	[ -z "${1:-}" ] || {
		sed -i 's/^    port = 587$/&\n    haproxy = yes/' "$dir/dovecot/dovecot.conf"
		printf 'haproxy_timeout = 2s\nhaproxy_trusted_networks = 127.0.0.0/8 ::1 192.0.2.0/24\n' \
			>>"$dir/dovecot/dovecot.conf"
	}
}
publish() { # publish [strip|header|no]
	[ -z "$relay" ] || { kill "$relay"; wait "$relay" 2>/dev/null; }
	relay=
	[ "${1:-}" = no ] && return
	ip netns exec "$host" perl "$here/relay.pl" 198.51.100.1 587 192.0.2.2 "$@" & relay=$!
}
conf() { # conf LINE...: in [listener submission]
	stage_conf
	printf 'sources = none\nprobe-interval = 1s\npublished = 198.51.100.1\n'
	printf '[listener submission]\nport = 587\n[listener internal]\nport = 10025\nprotocol = submission\ntls = starttls\n'
	printf '[listener submission]\n'
	printf '%s\n' "$@"
}
is() { [ "$(port '.verdict') $(port '.findings[0].name // "none"')" = "$1" ]; }
detail() { port '.findings[0].detail' | grep -qE "$1"; }
vantages() { [ "$(port '[.probes[] | select(.complete and .finding == null) | .vantage] | join(" ")')" = "$1" ]; }
wait_is() { # NAME VERDICT-FINDING [DETAIL]
	if ! within 20 is "$2"; then
		not_ok "$1: $(port '[.verdict, .findings, .probes]' | tr -d '\n ' | head -c 1500)"
	elif [ -n "${3:-}" ] && ! within 3 detail "$3"; then
		not_ok "$1: the detail is $(port '.findings[0].detail')"
	else
		ok "$1"
	fi
}

render
stage_dovecot
publish
conf >"$dir/hearken.conf"
ip netns exec "$host" "$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
wait_is "up everywhere" "up none"
expect "asked from three places" within 5 vantages "inside-ipv4 inside-ipv6 published-ipv4"
expect "each with its address" test "$(port '[.probes[].address] | join(" ")')" = "127.0.0.1 ::1 198.51.100.1"
expect "each with its metric" grep -qE '^hearken_probe_success\{.*port="587".*vantage="published-ipv4"\} 1' "$dir/hearken.prom"
expect "a port that clients do not use is not asked outside" within 5 \
	test "$(ask '.services[] | select(.port == 10025) | [.probes[].vantage] | join(" ")')" = "inside-ipv4 inside-ipv6"

publish no
wait_is "unpublished: unreachable, and both sides are named" "down unreachable" \
	'^at published-ipv4 \(198\.51\.100\.1\), but up at inside-ipv4 \(127\.0\.0\.1\), inside-ipv6 \(::1\): .*Connection refused'
expect "its metric says 0, the others 1" within 3 sh -c "
	grep -qE '^hearken_probe_success\{.*port=\"587\".*vantage=\"published-ipv4\"\} 0' '$dir/hearken.prom' &&
	grep -qE '^hearken_probe_success\{.*port=\"587\".*vantage=\"inside-ipv6\"\} 1' '$dir/hearken.prom'"
publish strip
wait_is "STARTTLS is stripped outside" "down starttls-not-offered" \
	'^at published-ipv4 \(198\.51\.100\.1\), but up at inside-ipv4'
publish
wait_is "published as it should be: up" "up none"

ip -n "$ns" -6 addr del ::1/128 dev lo
expect "no ::1 to be reached: no fault, one place less" within 10 vantages "inside-ipv4 published-ipv4"
expect "and still up" is "up none"
ip -n "$ns" -6 addr add ::1/128 dev lo

render haproxy
kill -HUP "$(stage_master)"
wait_is "a PROXY header is wanted: found without being told" "degraded proxy-header-required" \
	'silent, cut off or refused without a PROXY protocol header, well with one: set "proxy-header = v2" in \[listener submission\]'
told() { # REGEX: in what was alerted
	if [ -S /run/systemd/journal/socket ]; then
		journalctl -q --no-pager -o cat "_PID=$daemon"
	else
		cat "$dir/daemon.log"
	fi | grep -E '(HEARKEN_EVENT=)?incident-(opened|changed)' | grep -qE "$1"
}
expect "and said" within 3 told 'proxy-header-required|PROXY protocol header'
expect "without a false alarm on the way" sh -c "! grep -E 'incident-(opened|changed)' '$dir/daemon.log' | grep -qE 'closed-early|no-greeting|cuts the conversation'"
probe() { ip netns exec "$ns" "$hearken" probe "$@" --protocol submission --server-name mail.example.test --ca-file "$dir/certs/ca.pem" --timeout 5s; }
expect "the command, with version 1" probe 127.0.0.1:587 --proxy-header=v1
expect "with version 2, which is the default" probe 127.0.0.1:587 --proxy-header
found() { probe 127.0.0.1:587 >"$dir/probe.out"; [ $? = 1 ] && grep -q 'proxy-header-required\].*set --proxy-header' "$dir/probe.out"; }
expect "and finds out that one is wanted" found
expect "over IPv6" probe '[::1]:587' --proxy-header=v2
# Somebody else says it outside.
publish header
for version in v1 v2; do
	conf "proxy-header = $version" >"$dir/hearken.conf"
	kill -HUP $daemon
	wait_is "told so ($version): up" "up none"
	expect "inside and outside" within 5 vantages "inside-ipv4 inside-ipv6 published-ipv4"
done
conf >"$dir/hearken.conf"
kill -HUP $daemon
wait_is "not told any more: found again" "degraded proxy-header-required"
publish
render
kill -HUP "$(stage_master)"
wait_is "wanted no more: that is found, too" "up none"
expect "the command, without" probe 127.0.0.1:587
wrong() { ! probe "$@"; }
expect "the command, with a header that nobody wants" wrong 127.0.0.1:587 --proxy-header

publish no
finish
