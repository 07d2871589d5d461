#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hostile process that opens and closes an expected port as fast as it can: the daemon's work is bounded, one
# incident is logged and not a million, other ports are seen at once, and the end of it is known.
# alone: it counts processor time, and its flood is seen by every observer of the machine
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq perl
seconds=${FLOOD_SECONDS:-6}
open_ns
cat >"$dir/h.conf" <<-CONF
[hearken]
sources = none
netns = name:$ns
status = $dir/status.json
state = $dir/state
textfile = $dir/h.prom
probe-timeout = 20s
[listener submission]
port = 587
protocol = submission
tls = none
[listener imaps]
port = 993
protocol = imap
tls = none
CONF

# Listens and never says a word, so that no conversation ends before the test does.
# shellcheck disable=SC2016 # perl's own variables
listen() { ip netns exec "$ns" perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "0.0.0.0", LocalPort => $ARGV[0], ReuseAddr => 1) or die; while ($c = $s->accept) { push @c, $c }' "$1" & listener=$!; ends "$listener"; }
# Opens and closes until it is logged to stop; then it keeps the port, and says how often it did so.
flood() {
	# shellcheck disable=SC2016 # perl's own variables
	ip netns exec "$ns" perl -MSocket -e '
		my $stop; $SIG{USR1} = sub { $stop = 1 };
		my $at = sockaddr_in($ARGV[0], INADDR_ANY);
		for ($n = 0; ; $n++) {
			socket(S, PF_INET, SOCK_STREAM, 0) or die;
			setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
			bind(S, $at) or next; listen(S, 5) or next;
			last if $stop;
			close(S);
		}
		open(my $f, ">", $ARGV[1]); print $f $n; close($f);
		sleep 60' "$1" "$dir/count" & flooder=$!; ends "$flooder"
}
cpu_ms() { awk '{ printf "%d", $1 / 1000000 }' "/proc/$1/schedstat"; } # spent by a process (it has one thread)
memory() { awk '/^VmRSS:/ { print $2 }' "/proc/$daemon/status"; }

listen 993
within 5 ip netns exec "$ns" sh -c 'ss -lnH sport = 993 | grep -q .'
"$hearken" run -c "$dir/h.conf" 2>"$dir/daemon.log" & daemon=$!
within 10 test -s "$dir/status.json"
ask '.mode == "events"' >/dev/null || skip_all "BPF cannot be used here"
sleep 1
prober=$(cat /proc/$daemon/task/*/children | tr -d ' ')
daemon_before=$(cpu_ms "$daemon") prober_before=$(cpu_ms "$prober") memory_before=$(memory)
flood 587
# How often the status is written: each write is a new file.
( last=; n=0; end=$((SECONDS + seconds)); while [ $SECONDS -lt $end ]; do
	i=$(stat -c %i-%Y "$dir/status.json" 2>/dev/null); [ "$i" = "$last" ] || n=$((n + 1)); last=$i; sleep 0.02
done; echo $n >"$dir/writes" ) & counter=$!
expect "the flood is said, and where" within 5 logged "observer-degraded: .*port 587 is opened and closed more than"
expect "and shown in the status" within 3 ask '.degraded | test("port 587 is opened and closed")'
kill -KILL $listener; wait $listener 2>/dev/null
expect "another port's end is seen at once, and why" within 2 ask '.services[] | select(.port == 993) | .verdict == "down" and .findings[0].cause == "owner-crashed"'
listen 993
expect "and its return" within 2 ask '.services[] | select(.port == 993) | .listeners | length == 1'
wait $counter
spent=$(($(cpu_ms "$daemon") - daemon_before)) asked=$(($(cpu_ms "$prober") - prober_before))
grown=$(($(memory) - memory_before))
records=$(words | grep -cE 'incident-[a-z]+: .*Port 587')
opened=$(words | grep -cE 'incident-opened: .*Port 587')
kill -USR1 $flooder
within 5 test -s "$dir/count"
echo "# in $seconds s: $(cat "$dir/count") times opened and closed, daemon $spent ms, prober $asked ms, $records records of the port, $(cat "$dir/writes") writes of the status, $grown kB more memory"
expect "the daemon spends at most a fifth of a processor on it" test $spent -le $((seconds * 200))
expect "the prober too" test $asked -le $((seconds * 200))
expect "one incident" test "$opened" -le 1
expect "and few records of it" test "$records" -le 10
expect "the files are written now and then" test "$(cat "$dir/writes")" -le $((seconds * 5))
expect "memory does not grow" test $grown -le 4096
expect "what it did last is known" within 3 ask '.services[] | select(.port == 587) | .listeners | length == 1'
kill -KILL $flooder; wait $flooder 2>/dev/null
expect "and when it ends" within 3 ask '.services[] | select(.port == 587) | .listeners | length == 0'
expect "the end of the flood is said" within 15 logged 'observer-restored: .*flood of openings and closings is over'
expect "and no longer shown" within 2 ask '.degraded == null'

# Somebody who tries to bind a port that another holds, as fast as he can.
# shellcheck disable=SC2016 # perl's own variables
ip netns exec "$ns" perl -MSocket -e 'my $at = sockaddr_in(993, INADDR_ANY); socket(S, PF_INET, SOCK_STREAM, 0); for (;;) { bind(S, $at) }' & flooder=$!; ends "$flooder"
daemon_before=$(cpu_ms "$daemon") records_before=$(words | wc -l)
if [ "$(jq -r .hooks.bind "$dir/status.json")" = none ]; then
	skip "a flood of failed binds: they cannot be seen here"
else
	expect "failed binds are counted meanwhile" within 4 grep -qE '^hearken_bind_failures_total\{errno="EADDRINUSE"\} [1-9]' "$dir/h.prom"
	sleep 3
	spent=$(($(cpu_ms "$daemon") - daemon_before)) records=$(($(words | wc -l) - records_before))
	echo "# a flood of failed binds: $spent ms, $records records"
	expect "and cost little" test $spent -le 800
	expect "and are logged seldom" test "$records" -le 10
fi
kill -KILL $flooder; wait $flooder 2>/dev/null
kill -TERM $daemon; wait $daemon
expect "it ends well" test $? = 0
finish
