#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a server sees of us: few conversations at a time however many ports it opens, one a port, each ended
# politely, a name it can accept, and none at all while nothing changes.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_stage

ports=$(seq 2001 2018)
total=18
serve() {
	# shellcheck disable=SC2086 # a list of numbers
	ip netns exec "$ns" perl "$here/counting.pl" "$dir/log" $ports & server=$!
	within 5 listens || not_ok "the server does not listen"
}
listens() { [ "$(ip netns exec "$ns" ss -Hlnt 'sport < 2100' | wc -l)" = $total ]; }
{
	stage_conf
	printf 'sources = none\nprobe-interval = 1h\nprobe-timeout = 3s\n'
	printf '[listener silent]\nport = 2100\nprotocol = smtp\ntls = none\n'
	for port in $ports; do
		printf '[listener p%s]\nport = %s\nprotocol = smtp\ntls = none\n' "$port" "$port"
	done
} >"$dir/hearken.conf"
all_are() { [ "$(jq -r "[.services[] | select(.port < 2100 and .verdict == \"$1\")] | length" "$dir/status.json")" = $total ]; }
opened() { grep -c ' open ' "$dir/log"; }
most() { awk '$2 == "open" { if ($'"$1"' > most) most = $'"$1"' } END { print most }' "${2:-$dir/log}"; }

: >"$dir/log"
# Never greets: the look at whether a PROXY header helps must not overlap with the second look.
ip netns exec "$ns" perl "$here/counting.pl" "$dir/silent" 2100 & silent=$!
within 5 ip netns exec "$ns" sh -c 'ss -Hlnt "sport = 2100" | grep -q .'
serve
"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
expect "all are up" within 10 all_are up
expect "with one conversation each" test "$(opened)" = $total
expect "never more than four at a time" test "$(most 4)" -le 4
expect "but more than one" test "$(most 4)" -gt 1
expect "one at a time with a port" test "$(most 3)" = 1
expect "each ended with QUIT" within 2 test "$(grep -c ' said QUIT' "$dir/log")" = $total
expect "each began with a full name" test "$(grep -c ' said EHLO mail\.example\.test$' "$dir/log")" = $total

# A reload that starts another prober forgets what the old one was asked, and nothing is asked for want of that.
cp "$dir/certs/ca.pem" "$dir/ca-2.pem"
sed -i "s|^ca-file = .*|ca-file = $dir/ca-2.pem|" "$dir/hearken.conf"
expect "the silent one is just being asked" test "$(grep -c ' open ' "$dir/silent")" = 1
kill -HUP $daemon
sleep 1.5 # that the file changed is seen, too

kill "$server"; wait "$server" 2>/dev/null
expect "the server falls: all are down" within 10 all_are down
: >"$dir/log"
serve
expect "and comes back: all are up" within 10 all_are up
expect "one conversation each, after a restart too" test "$(opened)" = $total
expect "no more than four at a time" test "$(most 4)" -le 4
sleep 1.5
expect "then it is left in peace" test "$(opened)" = $total

expect "a silent one is asked three times: plainly, with a header, plainly" within 5 sh -c "[ \$(grep -c ' open ' '$dir/silent') -ge 3 ]"
expect "never twice at a time" test "$(most 3 "$dir/silent")" = 1
expect "the header is that of version 2" within 40 grep -qa 'said QUIT' "$dir/silent"

kill "$silent"; wait "$silent" 2>/dev/null

# A port that comes and goes many times a second is not asked each time.
kill "$server"; wait "$server" 2>/dev/null
expect "gone again" within 10 all_are down
: >"$dir/log"
# shellcheck disable=SC2016 # perl's own variables
ip netns exec "$ns" timeout 2 perl -MIO::Socket::INET -e '
	$| = 1;
	while (1) {
		my $s = IO::Socket::INET->new(LocalPort => 2001, Listen => 5, ReuseAddr => 1) or next;
		select undef, undef, undef, 0.02;
		while (IO::Select->new($s)->can_read(0)) { $s->accept; print "x\n" }
	}' -MIO::Select >"$dir/storm"
expect "a flapping port is asked about once a second ($(wc -l <"$dir/storm") times in 2 s)" \
	sh -c "[ \$(wc -l <'$dir/storm') -ge 1 ] && [ \$(wc -l <'$dir/storm') -le 4 ]"
finish
