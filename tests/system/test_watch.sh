#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# hearken watch: listeners that open and close in a namespace of their own, and why they close.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq perl
open_ns
inode=$(stat -Lc %i "/run/netns/$ns")
printf '[hearken]\nsources = none\nnetns = name:%s\n[listener odd]\nport = 42587\nprotocol = submission\ntls = starttls\n' "$ns" >"$dir/h.conf"

# play PORT PERL: listens there, then does what PERL says.
# shellcheck disable=SC2016 # perl's own variables
play() { ip netns exec "$ns" perl -MIO::Socket::INET -e '$0 = "player"; $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "0.0.0.0", LocalPort => $ARGV[0], ReuseAddr => 1) or die; eval $ARGV[1]' "$@"; }
start() { # OPTION...: a watcher that has begun to watch
	rm -f "$dir/err" # else the word of the one before would do
	: >"$dir/out"
	# Whatever else happens on this machine is left out here: it may be a flood.
	env --default-signal=INT "$hearken" watch -c "$dir/h.conf" "$@" \
		> >(exec grep -aF --line-buffered "$inode" >>"$dir/out") 2>"$dir/err" & watcher=$!; ends $watcher
	within 10 grep -q Watching "$dir/err"
}
end() { kill "-$1" "$watcher"; wait "$watcher"; local rc=$?; watcher=; return $rc; }
line() { jq -e "select(.netns == $inode) | select($1)" "$dir/out" | grep -q .; }
said() { within 3 line "$1"; }

start --json
grep -q 'BPF cannot be used' "$dir/err" && skip_all "BPF cannot be used here"
play 587 'use POSIX (); POSIX::_exit(7)' # exit would close the socket first
expect "an opening: who, where" said '.event == "opened" and .port == 587 and .address == "0.0.0.0" and .command == "player" and .pid > 1 and (has("cause") | not)'
expect "a closing by exit: the code" said '.event == "closed" and .port == 587 and .cause == "owner-exited" and .exit_code == 7 and .signal == null'
play 465 'kill 9, $$' 2>/dev/null
expect "by a signal: which" said '.event == "closed" and .port == 465 and .cause == "owner-crashed" and .signal == 9 and .exit_code == null and (.detail | test("SIGKILL"))'
# shellcheck disable=SC2016 # perl's own variables
play 993 'close $s; sleep 1'
expect "by its owner" said '.event == "closed" and .port == 993 and .cause == "closed-by-owner" and .signal == null and .exit_code == null'
# shellcheck disable=SC2016 # perl's own variables
play 995 'use POSIX (); exit 0 if fork; if (fork) { sleep 2; kill 9, $$ }
	my $p = getppid; select(undef, undef, undef, 0.05) while getppid == $p; POSIX::_exit(0)'
expect "who forked after listening: the end of its heir explains, not that of the heir's child" within 5 line '.event == "closed" and .port == 995 and .cause == "owner-crashed" and .signal == 9'
play 42587 'exit 0'
expect "an expected port that is not of mail" said '.event == "opened" and .port == 42587'
play 42588 'exit 0'
play 25 'exit 0'
expect "the well-known ones are seen" said '.port == 25 and .event == "closed"'
expect "others are not" sh -c "! grep -q 42588 '$dir/out'"
expect "every line is one object" sh -c "jq -es 'all(type == \"object\")' '$dir/out' && [ \$(jq -s length '$dir/out') = \$(wc -l <'$dir/out') ]"
expect "times are of now" sh -c "[ \$(jq -rs '.[-1].time' '$dir/out' | cut -c1-13) = \$(date -u +%FT%H) ] || [ \$(date -u +%M) = 00 ]"
expect "SIGTERM ends it with 0" end TERM

start --all
play 42588 'kill 11, $$' 2>/dev/null
expect "--all: every port, for people" within 3 grep -qE '^[0-9:.]{12}  opened  0.0.0.0:42588 +netns '"$inode"'  player \(pid [0-9]+\)' "$dir/out"
expect "and why it closed" within 3 grep -qE 'closed  0.0.0.0:42588 .*owner-crashed: signal 11 \(SIGSEGV\)' "$dir/out"
expect "no colours where nobody sees them" sh -c "! grep -q \$(printf '\\033') '$dir/out'"
expect "SIGINT ends it with 0" end INT

if command -v script >/dev/null; then
	script -qec "timeout --foreground 2 '$hearken' watch --all" /dev/null </dev/null >"$dir/tty" 2>&1 & typed=$!
	within 5 grep -q Watching "$dir/tty"
	play 587 'exit 0'
	expect "colours on a terminal" within 3 grep -q $'\e\\[32mopened\e\\[0m' "$dir/tty"
	wait $typed
else
	skip "colours on a terminal: no script(1)"
fi

# Without BPF: less, and said.
"$here/blind.sh" "$hearken" watch --json >"$dir/out" 2>"$dir/err" & watcher=$!; ends $watcher
expect "without BPF it polls, and says so" within 5 grep -q 'polled once a second' "$dir/err"
expect "and ends as well" end TERM

cp "$hearken" "$dir/hearken"
setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/hearken" watch -c "$dir/h.conf" >"$dir/out" 2>&1
expect "no root: 77" test $? = 77
expect "and one sentence" sh -c "[ \$(wc -l <'$dir/out') = 1 ] && grep -q 'needs root' '$dir/out'"
"$hearken" watch --nonsense >/dev/null 2>&1
expect "a wrong option: 3" test $? = 3
finish
