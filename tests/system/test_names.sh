#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A process whose name is no text, in a cgroup whose name is none either, takes a mail port: what Hearken says
# of it stays valid JSON, metrics, journal and terminal output.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq perl
open_ns
watcher='' thief=''
top=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo)/hearken-test-$$
cgroup=$top/$'\xff "q\'\\{}=\x01\x1b[31m.service'
inode=$(stat -Lc %i "/run/netns/$ns")
mkdir -p "$cgroup" 2>/dev/null || skip_all "no cgroup2 hierarchy to write to"
at_end rmdir "$cgroup" "$top"
end_all() { # who watches, and who is in the cgroup, which could not go else
	local p
	for p in $watcher $thief; do kill -KILL "$p"; wait "$p"; done
}
at_end end_all

cat >"$dir/h.conf" <<-CONF
	[hearken]
	sources = none
	netns = name:$ns
	status = $dir/status.json
	state = $dir/state
	textfile = $dir/hearken.prom
	[listener submission]
	port = 587
	protocol = submission
	tls = starttls
	unit = dovecot.service
CONF
steal() { # listens on 587 by a name of nine bytes: blank, quotes, line end, escape, no UTF-8
	sh -c 'echo $$ >"$1/cgroup.procs"; exec ip netns exec "$2" perl -MIO::Socket::INET -e '\''
		$0 = qq(a "b\n\e[1m\xff\\);
		$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "0.0.0.0", LocalPort => 587, ReuseAddr => 1) or die;
		sleep 60'\''' sh "$cgroup" "$ns" & thief=$!
}
# Bytes that a terminal obeys, or that are no UTF-8.
is_clean() { ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$1" && iconv -f UTF-8 -t UTF-8 "$1" >/dev/null; }
told() { { cat "$dir/log"; journalctl -q --no-pager -o json "_PID=$daemon"; } 2>/dev/null | grep -q "$1"; }

"$hearken" run -c "$dir/h.conf" 2>"$dir/log" & daemon=$!
within 10 test -s "$dir/status.json"
if [ "$(jq -r .mode "$dir/status.json")" != events ]; then
	skip "nobody's name is known without BPF"
	finish
	exit
fi
"$hearken" watch -c "$dir/h.conf" --json >"$dir/watch.json" 2>"$dir/watch.err" & watcher=$!
"$hearken" watch -c "$dir/h.conf" >"$dir/watch" 2>"$dir/shown.err" & shown=$!; ends $shown
within 10 grep -q Watching "$dir/watch.err"
within 10 grep -q Watching "$dir/shown.err"
steal
unit='? "q'\''\{}=??[31m.service'
expect "the thief is found: another unit holds the port" within 8 ask '.services[0].findings[0].name == "foreign-owner"'
within 3 ask '.services[0].listeners[0].command'
expect "its command is shown" ask '.services[0].listeners[0].command == "a \"b??[1m?\\"'
# shellcheck disable=SC2016 # jq's own variables
expect "its unit is shown" sh -c 'jq -e --arg u "$1" ".services[0].listeners[0].unit == \$u" "$2"' sh "$unit" "$dir/status.json"
expect "in the detail too" ask '.services[0].findings[0].detail | test("held by a \"b..\\[1m.\\\\ \\(pid [0-9]+\\)")'
kill -KILL "$thief"; wait "$thief" 2>/dev/null; thief=
expect "and its end" within 8 told 'owner-crashed\|unknown\|changed'
both() { [ "$(jq -s "map(select(.netns == $inode)) | length" "$dir/watch.json")" = 2 ]; }
within 5 both
kill -TERM "$watcher" "$shown"; wait "$watcher" "$shown"; watcher=
expect "the status is valid UTF-8 without control characters" is_clean "$dir/status.json"
expect "the journal is" is_clean "$dir/log"
expect "the textfile is" is_clean "$dir/hearken.prom"
if command -v promtool >/dev/null; then
	expect "and promtool reads it" sh -c "promtool check metrics <'$dir/hearken.prom'"
else
	skip "promtool reads the textfile: not installed"
fi
expect "watch --json is, line by line" sh -c "jq -es 'map(select(.netns == $inode)) | length == 2 and all(.command == \"a \\\"b??[1m?\\\\\")' '$dir/watch.json'"
expect "watch --json is clean" is_clean "$dir/watch.json"
expect "watch for people is clean" is_clean "$dir/watch"
expect "status for people is" sh -c "'$hearken' status -c '$dir/h.conf' >'$dir/shown'; [ -s '$dir/shown' ]"
expect "and clean" is_clean "$dir/shown"
finish
