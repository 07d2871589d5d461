#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The prober is killed again and again: what it was asked counts as unknown, it comes back, and the third time that
# is said.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_stage

ip netns exec "$ns" perl "$here/counting.pl" "$dir/log" 2001 & ends $!
{
	stage_conf
	printf 'sources = none\nprobe-interval = 1s\n[listener mail]\nport = 2001\nprotocol = smtp\ntls = none\n'
} >"$dir/hearken.conf"
is() { [ "$(ask '.services[0].verdict')" = "$1" ]; }
children() { pgrep -P "$daemon" -f . | while read -r pid; do [ "$(cat "/proc/$pid/comm")" != hearken-prober ] || echo "$pid"; done; }
prober() { [ -n "$(children)" ]; }

"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
expect "it is up" within 10 is up
files() { find "/proc/$daemon/fd" -type l | wc -l; }
before=$(files)
expect "one prober" test "$(children | wc -l)" = 1
for _ in 1 2 3; do
	within 10 prober
	expect "it is not said too early" sh -c "! grep -q 'observer-degraded: .*prober' '$dir/daemon.log'"
	kill -KILL "$(children)"
	within 5 test -z "$(children)"
	sleep 0.1
done
expect "the third end in a row is said" within 5 told observer-degraded 'the prober process ended 3 times in a row \(at last it was killed by signal 9'
expect "and shown" within 5 ask '.degraded | test("prober process ended 3 times")'
expect "nobody is called down for it" test -z "$(events incident-opened)"
expect "it is back" within 10 prober
expect "and the service is up, or not yet known, but not down" within 5 is up
expect "no descriptor was left behind" within 3 sh -c "[ \$(find /proc/$daemon/fd -type l | wc -l) -le $before ]"
finish
