#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the daemon cannot see it says: hooks that this kernel does not let us have, events that were lost, and a
# user who may not use BPF at all. What it can see without them it still tells.
# alone: it floods, and every daemon of this machine hears that
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq perl
open_ns
cat >"$dir/h.conf" <<-CONF
	[hearken]
	sources = none
	netns = name:$ns
	status = $dir/status.json
	state = $dir/state
	textfile = $dir/h.prom
	probe-interval = 1h
	[listener submission]
	port = 587
	protocol = submission
	tls = none
	[listener imap]
	port = 143
	protocol = imap
	tls = none
CONF
# listen PORT WORDS: greets each client with WORDS, answers 250 or ok, and says goodbye
listen() {
	# shellcheck disable=SC2016 # perl's own variables
	ip netns exec "$ns" perl -MIO::Socket::INET -e '
		$SIG{CHLD} = "IGNORE";
		$s = IO::Socket::INET->new(Listen => 50, LocalAddr => "0.0.0.0", LocalPort => $ARGV[0], ReuseAddr => 1) or die;
		for (;;) {
			$c = $s->accept or next;
			print $c "$ARGV[1]\r\n";
			while (<$c>) { /^(\S+) LOGOUT/ ? do { print $c "* BYE\r\n$1 OK\r\n"; last } : /^QUIT/ ? do { print $c "221 bye\r\n"; last } :
				/^(\S+) CAPABILITY/ ? print $c "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n$1 OK\r\n" : print $c "250 ok\r\n" }
			close $c;
		}' "$@" & listener=$!; ends "$listener"
}
crowd() { ip netns exec "$ns" perl -MIO::Socket::INET -e 'for (1 .. 3) { push @s, IO::Socket::INET->new(PeerAddr => "127.0.0.1:587", Timeout => 1); select(undef, undef, undef, 0.1) } sleep 60' & clients=$!; ends "$clients"; }

# No tracepoints of system calls: then fexit, or nothing.
listen 587 "220 mail.example.test ESMTP"; server=$listener
listen 143 "* OK ready"; other=$listener
# shellcheck disable=SC2016 # the inner shell's own variables
within 5 ip netns exec "$ns" sh -c '[ $(ss -lnH | grep -cE ":(587|143) ") = 2 ]'
unshare --mount --propagation private sh -c 'mount -t tmpfs none /sys/kernel/tracing && mkdir /sys/kernel/tracing/events && exec "$@"' sh \
	"$hearken" run -c "$dir/h.conf" 2>"$dir/daemon.log" & daemon=$!
within 10 test -s "$dir/status.json"
ask '.mode == "events"' >/dev/null || skip_all "BPF cannot be used here"
expect "listeners are seen" within 5 ask '[.services[].listeners | length] == [1, 1]'
expect "and work" within 5 ask '[.services[].verdict] | unique == ["up"]'
if [ "$(jq -r .hooks.accept "$dir/status.json")" = fexit ]; then
	skip "no hook is missing here: this kernel has fexit"
else
	expect "both hooks are none" ask '.hooks | .bind == "none" and .accept == "none" and .state == "tp_btf"'
	expect "that is shown" ask '.degraded | test("failed binds cannot be seen") and test("accepts are not counted")'
	expect "and by hearken status" sh -c "'$hearken' status -c '$dir/h.conf' | grep -q 'failed binds cannot be seen'"
	expect "and told, each once" sh -c "[ $(words | grep -c 'observer-degraded: .*failed binds cannot be seen') = 1 ] && [ $(words | grep -c 'observer-degraded: .*accepts are not counted') = 1 ]"
	expect "the metrics say none" grep -q 'observer_info{mode="events",state="tp_btf",bind="none",accept="none"' "$dir/h.prom"
	expect "and claim no counts" sh -c "! grep -qE '^hearken_(accepts|bind_failures)_total' '$dir/h.prom'"
	expect "nor does the status" ask '[.services[].listeners[].accepted] == [null, null]'
fi
kill -STOP $server
crowd
expect "a server that hangs is logged all the same" within 10 logged 'incident-opened: Port 587 .*nobody accepts'

# Events that find no room, since nobody reads them.
kill -STOP $daemon
# shellcheck disable=SC2016 # perl's own variables
ip netns exec "$ns" perl -MSocket -e '
	for (1 .. 4000) {
		for my $port (110, 143, 465, 993, 995, 2525, 4190, 24, 25) {
			socket(S, PF_INET, SOCK_STREAM, 0);
			setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
			bind(S, sockaddr_in($port, inet_aton("127.0.0.7"))) and listen(S, 1);
			close(S);
		}
		select(undef, undef, undef, 0.01) if $_ % 25 == 0;
		last if time - $^T > 2;
	}'
kill -KILL $other; wait $other 2>/dev/null # this too is lost
kill -CONT $daemon
if within 3 logged 'observer-degraded: .*kernel events came faster'; then
	ok "lost events are told"
	expect "and counted" within 2 ask '.events_lost > 0'
	expect "and in the metrics" grep -qE '^hearken_events_lost_total [1-9]' "$dir/h.prom"
	expect "what listens is known all the same" within 3 ask '[.services[] | .listeners | length] | sort == [0, 1]'
	expect "and the outage among them told" within 8 logged 'incident-opened: Port 143 '
	expect "that all is seen again is told" within 15 logged 'observer-restored: .*no event was lost for some seconds.* [1-9][0-9]* were lost'
	expect "and no longer shown" within 2 ask '(.degraded // "") | test("kernel events") | not'
else
	not_ok "lost events are told: $(jq -c '[.events_lost, .degraded]' "$dir/status.json")"
fi
kill -KILL $clients; wait $clients 2>/dev/null # they would say nothing for a minute
kill -CONT $server
expect "and the server that hung is up again" within 10 ask '.services[] | select(.port == 587) | .verdict == "up"'
kill -TERM $daemon; wait $daemon
expect "it ends well" test $? = 0

# An ordinary user, in the namespace where he is.
cp "$hearken" "$dir/hearken"
printf '[hearken]\nsources = none\n[listener submission]\nport = 587\nprotocol = submission\ntls = none\n' >"$dir/user.conf"
chmod 644 "$dir/user.conf"
as_user() { ip netns exec "$ns" setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/hearken" check -c "$dir/user.conf" "$@" >"$dir/check" 2>&1; }
as_user
expect "check, by a user without rights: it finds the listener, and that it works" test $? = 0
expect "in words" grep -qE 'OK.*1 ' "$dir/check"
as_user --json
expect "and calls what it does polling" jq -e '.mode == "polling" and (.services[0].listeners | length == 1) and .services[0].listeners[0].pids == null' "$dir/check"
kill -KILL $server; wait $server 2>/dev/null
as_user
expect "and that nobody listens" test $? = 2
expect "whose cause it does not claim to know" grep -qE 'missing' "$dir/check"
finish
