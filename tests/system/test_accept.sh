#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real Dovecot whose submission-login does not accept, stopped or saturated, while clients come: the daemon
# says not-accepting without having asked, and closes the incident when it accepts again. Neither a burst
# nor a slow server is an incident.
# alone: the crowds of others are seen too
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_stage

is() { [ "$(port '.findings[0].name // "none"')" = "$1" ]; }
up() { [ "$(port .verdict)" = up ]; }
at_least() { [ "$(port ".listeners[0].$1")" -ge "$2" ]; }
named() { local p; for p in $(stage_pids); do ! grep -qx "$1" "/proc/$p/comm" 2>/dev/null || echo "$p"; done; } # COMMAND
metric() { awk -v name="hearken_$1" 'index($1, name "{") == 1 && /port="587"/ { print $2 }' "$dir/hearken.prom"; }
# crowd N: so many clients, one after the other, that wait for whatever comes
crowd() {
	# shellcheck disable=SC2016 # perl's own variables
	ip netns exec "$ns" perl -MIO::Socket::INET -e '
		for (1 .. $ARGV[0]) {
			do { $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1:587", Timeout => 1) } until $c;
			push @s, $c;
			select(undef, undef, undef, 0.05);
		}
		sleep 60' "$1" >/dev/null 2>&1 &
	crowds+=($!)
}
disperse() { # they leave
	local p
	for p in ${crowds[@]+"${crowds[@]}"}; do kill "$p"; wait "$p"; done 2>/dev/null
	crowds=()
}
crowds=()
# log_in: a client that stays, through TLS, which submission-login carries for as long as it stays
log_in() {
	{ printf 'EHLO client.example.test\r\n'; sleep 0.5
	  printf 'AUTH PLAIN %s\r\n' "$(printf '\0me\0secret' | base64)"; ip netns exec "$ns" sleep 60; } 2>/dev/null |
		ip netns exec "$ns" timeout 60 openssl s_client -quiet -connect 127.0.0.1:465 >"$dir/client.$1" 2>/dev/null &
}
logged_in() { [ "$(cat "$dir"/client.* | grep -c '^235')" = 2 ]; }

dovecot_config "$dir/dovecot" "$dir/certs/good-chain.pem" "$dir/certs/good.key" tls 587
reuse="service_count = 0"
! dovecot_is_24 || reuse="service_restart_request_count = unlimited"
cat >>"$dir/dovecot/dovecot.conf" <<-CONF
service submission-login {
  $reuse
  process_min_avail = 1
  process_limit = 1
  client_limit = 2
}
CONF
# Dovecot asks the relay what it can when somebody logs in.
# shellcheck disable=SC2016 # perl's own variables
ip netns exec "$ns" perl -MIO::Socket::INET -e '
	$SIG{CHLD} = "IGNORE";
	$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:25", ReuseAddr => 1) or die;
	while ($c = $s->accept) {
		next if fork;
		print $c "220 relay.example.test ESMTP\r\n";
		while (<$c>) { print $c /^EHLO/ ? "250-relay.example.test\r\n250 8BITMIME\r\n" : "250 ok\r\n" }
		exit;
	}' 2>/dev/null &
stage_dovecot
# Conversations would be clients too, and Dovecot throws the oldest out when it is full.
{ stage_conf; printf 'probe-interval = 1h\nsources = dovecot:%s\n' "$dir/dovecot/dovecot.conf"; } >"$dir/hearken.conf"
"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
all_up() { ask '[.services[].verdict] | unique == ["up"]'; }
expect "all is up" within 10 all_up
if [ "$(ask .hooks.accept)" = none ]; then
	skip "accepts are not counted here: $(ask .degraded)"
else
	expect "the hook is one of the two" sh -c "jq -e '.hooks.accept == \"fexit\" or .hooks.accept == \"tracepoint\"' '$dir/status.json'"
	expect "its metric too" grep -qE "observer_info\{.*accept=\"$(ask .hooks.accept)\"" "$dir/hearken.prom"
	expect "the conversation was accepted, and counted" at_least accepted 1
fi
login=$(named submission-logi)

# Stopped for less than the patience, and again, with clients at every time: slow, and alive.
for _ in 1 2; do
	kill -STOP "$login"; crowd 3; sleep 3
	kill -CONT "$login"; disperse; sleep 0.5
done
expect "a slow server is no incident" test -z "$(events incident-opened)"
expect "a burst that is drained is none" up

began=$(date +%s%N)
kill -STOP "$login"
crowd 3
wait_told "nobody accepts: told" incident-opened \
	"Port 587 \([a-z]+\): clients arrive and nobody accepts them: at 0\.0\.0\.0, [1-5] clients? waits? \(limit [0-9]+\) and none was accepted for [5-9]"
took=$((($(date +%s%N) - began) / 1000000))
echo "# after $took ms"
expect "within seconds, not at the next slow look" test $took -lt 10000
within 5 is not-accepting
expect "the status has it, with its incident" port '.incident.id and .verdict == "down"'
expect "and how many wait" at_least queued 3
expect "the metrics too" test "$(metric accept_queue_length)" -ge 3
expect "hearken status says it" sh -c "'$hearken' status -c '$dir/hearken.conf' | grep -qE 'not-accepting: .*waiting to be accepted'"
expect "what helps is said" told incident-opened "What helps: reload "
arrived=$(metric arrivals_total) accepted=$(metric accepts_total)
kill -CONT "$login"
wait_told "it accepts again: the incident is closed" incident-closed "Port 587"
within 5 up
expect "587 is up" up
expect "arrivals and accepts are counted" sh -c "[ '$arrived' -ge 3 ] && { [ -z '$accepted' ] || [ $(($(metric accepts_total) + 0)) -gt $((accepted + 0)) ]; }"
disperse

log_in 1; log_in 2
expect "two clients log in, and are all that it takes" within 10 logged_in
crowd 2
saturated() { [ "$(events incident-opened | grep -c 'Port 587.*nobody accepts')" = 2 ]; }
expect "a saturated server is told" within 12 saturated
# shellcheck disable=SC2046 # a list of words
kill $(named openssl)
closed() { [ "$(events incident-closed | grep -c 'Port 587')" = 2 ]; }
expect "they leave: the incident is closed" within 10 closed
finish
