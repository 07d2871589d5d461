#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hearken in a pid namespace of its own, as in a container without "pid: host": servers outside of it are seen for what
# they are, and no process of ours is ever taken for one of them.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq perl
open_ns
unshare --pid --fork --mount-proc true 2>/dev/null || skip_all "no pid namespaces"
conf=$dir/h.conf
printf '%s\n' '[hearken]' 'sources = none' 'policy = off' "status = $dir/status.json" "state = $dir/state" >"$conf"
for p in 587 465; do printf '[listener p%s]\nport = %s\nprotocol = submission\ntls = none\n' $p $p >>"$conf"; done

# A server that greets, and whose end is ours to choose.
# shellcheck disable=SC2016 # perl's own variables
serve() { ip netns exec "$ns" perl -MIO::Socket::INET -e '$0 = "outsider"; $s = IO::Socket::INET->new(Listen => 9, LocalAddr => "0.0.0.0",
	LocalPort => $ARGV[0], ReuseAddr => 1) or die; $SIG{CHLD} = "IGNORE"; while (1) { $c = $s->accept or next; fork and next; close $s;
	print $c "220 x ESMTP\r\n"; while (<$c>) { print $c /^EHLO/ ? "250-x\r\n250 AUTH PLAIN\r\n" : /^QUIT/ ? "221 bye\r\n" : "250 ok\r\n";
	last if /^QUIT/ } exit }' "$1" & server=$!; ends $server; within 5 listens "$1"; }
watch() { # HOW...
	rm -f "$dir/status.json"
	ip netns exec "$ns" unshare --pid --fork --kill-child "$@" "$hearken" run -c "$conf" >"$dir/daemon.log" 2>&1 & outer=$!
	ends $outer
	within 10 test -s "$dir/status.json"
	within 10 ask '.services | length > 0'
}
end() { { kill -KILL "$outer"; wait "$outer"; } 2>/dev/null; } # unshare minds nothing less
has() { service "$1" "$2" | grep -q true; }
numbers() { ask '[.. | .pids? // empty] | add // [] | length == 0'; }
words_of_pids() { grep -oE 'pid [0-9]+' "$dir/daemon.log"; }

serve 587
open_before=$server
watch --mount-proc
grep -q 'BPF programs\|BPF' "$dir/daemon.log" && skip_all "BPF cannot be used here"
expect "one that listened before is seen" within 5 has 587 '.listeners | length == 1'
expect "and is not missing" within 15 has 587 '[.findings[].name] | index("missing") == null'
expect "what was never there is" within 5 has 465 '.findings[0].name == "missing"'
serve 465
expect "one that opens is seen at once" within 2 has 465 '.listeners[0].command == "outsider"'
expect "no process of ours has its number" numbers
expect "that is said once" ask '.degraded | test("pid namespace")'
expect "in one note" [ "$(grep -c 'pid namespace of its own' "$dir/daemon.log")" = 1 ]
kill -KILL "$server"
expect "its end: at once, with its signal" within 2 has 465 '.findings[0] | .cause == "owner-crashed" and (.detail | test("SIGKILL"))'
expect "and without a number" has 465 '.findings[0].detail | test("of another pid namespace") and (test("pid [0-9]") | not)'
kill -KILL "$open_before"
expect "the end of the other as well" within 2 has 587 '.findings[0] | .name == "missing" and .cause == "owner-crashed"'
expect "nowhere is a number of theirs" [ -z "$(words_of_pids)" ]
end

# What lives beside Hearken has the number that it has there.
# shellcheck disable=SC2016 # for the shells inside
ip netns exec "$ns" unshare --pid --fork --kill-child --mount-proc sh -c '"$1" run -c "$2" >"$3/daemon.log" 2>&1 &
	sleep 2; perl -MIO::Socket::INET -e '\''$0 = "insider"; $s = IO::Socket::INET->new(Listen => 9, LocalPort => 465) or die;
	open F, ">", "$ARGV[0]/pid"; print F $$; close F; sleep 20'\'' "$3"' sh "$hearken" "$conf" "$dir" & outer=$!
ends $outer
expect "one beside us has its number here" within 10 sh -c \
	"[ \"\$(jq -er '.services[] | select(.port == 465) | .listeners[0].pids[0]' '$dir/status.json')\" = \"\$(cat '$dir/pid')\" ]"
end
finish
