#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What people and monitoring systems see of a status file: on terminals of several kinds, through a pipe, and when
# the command was called wrongly. Needs neither root nor a daemon.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need script jq perl
open_dir
printf '[hearken]\nstatus = %s\nthis is = no line of it\nprobe-interval = soon\n' "$dir/status.json" >"$dir/hearken.conf"
jq -n --arg now "$(date -u +%Y-%m-%dT%H:%M:%SZ)" '{version: 1, time: $now, mode: "events", surplus: [],
	services: ([range(10) | {name: "s\(.)", port: (10000 + .), verdict: "up", since: $now, repair: "idle",
		probes: [{tls_version: "TLSv1.3", not_after: "2090-01-01T00:00:00Z"}]}] +
	[{name: "imaps", port: 993, verdict: "down", since: $now, repair: "idle", findings: [{name: "unreachable",
		cause: null, detail: "größer als sonst, and for that it takes many words to say so, more than one line has"}]}])}' \
	>"$dir/status.json"

# Somebody keeps it true, as the daemon does.
perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0) && bind(S, pack_sockaddr_un($ARGV[0])) or die; sleep 100' \
	"$dir/status.json.alive" &
ends $!
within 5 [ -S "$dir/status.json.alive" ]

# on COLUMNS [NAME=VALUE...]: what "hearken status" writes to such a terminal, into $dir/seen
on() {
	local columns=$1; shift
	env -u COLUMNS -u NO_COLOR TERM=xterm LC_ALL=C.UTF-8 "$@" script -qec \
		"stty cols $columns rows 24; '$hearken' status -c '$dir/hearken.conf'" "$dir/typescript" </dev/null >"$dir/raw" 2>&1
	tr -d '\r' <"$dir/raw" >"$dir/seen"
}
widest() { sed 's/\x1b\[[0-9]*m//g' "$dir/seen" | LC_ALL=C.UTF-8 wc -L; }
has() { grep -qE "$1" "$dir/seen"; }
has_not() { ! has "$1"; }

on 80
expect "80 columns: nothing is wider" [ "$(widest)" -le 80 ]
expect "eleven services fit 24 lines" [ "$(wc -l <"$dir/seen")" -le 23 ]
expect "in colour, the sick first" sh -c "sed -n 3p '$dir/seen' | grep -q '31mdown'"
expect "what is cut is cut behind a word" has '(größer|als|sonst|and|for|that|it|takes|many|words|to)\.\.\.$'
expect "no numbers for machines there" has_not "'up'="
on 160
expect "a wide terminal gets TLS and certificates" has '^STATE .* TLS .* CERT .* WHAT$'
on 80 NO_COLOR=1
expect "NO_COLOR" has_not $'\x1b'
on 80 TERM=dumb
expect "TERM=dumb" has_not $'\x1b'
on 160 LC_ALL=C
expect "a terminal without UTF-8 gets none" sh -c "! LC_ALL=C grep -q '[^ -~[:cntrl:]]' '$dir/seen'"
expect "but a mark for each such letter" has 'gr\?\?er'


"$hearken" status -c "$dir/hearken.conf" >"$dir/seen" 2>"$dir/err"; rc=$?
expect "through a pipe: exit status, line and numbers of a plugin" [ $rc = 2 ]
expect "of the form that plugins have" sh -c "head -n 1 '$dir/seen' | grep -qE \"^CRITICAL - imaps \(993\) unreachable \| 'up'=10;;;0;11 .*'down'=1;;0;0;11 \""
expect "nothing is cut" has 'more than one line has$'
expect "although hearken.conf has errors" [ ! -s "$dir/err" ]
says "-v: all that is known" 2 '^s0 10000: up since .*; TLSv1.3, certificate|^s0 10000: up since .*TLSv1.3' "$hearken" status -c "$dir/hearken.conf" -v
says "one that is down is allowed" 1 "^WARNING - .* 'down'=1;;1;0;11" "$hearken" status --config "$dir/hearken.conf" -c 1
says "or is well" 0 "^OK - .* 'degraded'=0;1;" "$hearken" status --config "$dir/hearken.conf" -c 1 -w 1
mkfifo "$dir/fifo"
printf '[hearken]\nstatus = %s\n' "$dir/fifo" >"$dir/slow.conf"
says "-t: in time, and as a plugin" 3 '^UNKNOWN - ' "$hearken" status -c "$dir/slow.conf" -t 1

expect "help fits 80 columns" sh -c "[ \$('$hearken' --help | wc -L) -le 80 ]"
# Each subcommand: help that fits, a version, and a word about what is wrong.
for subcommand in $("$hearken" --help | sed -nE 's/^  hearken ([a-z-]+) .*/\1/p'); do
	"$hearken" "$subcommand" --help >"$dir/out" 2>"$dir/err"; rc=$?
	expect "$subcommand --help" [ "$rc" = 0 -a ! -s "$dir/err" ]
	expect "fits 80 columns" [ "$(wc -L <"$dir/out")" -le 80 ]
	expect "is that of -h" sh -c "'$hearken' $subcommand -h --nonsense | cmp -s - '$dir/out'"
	says "$subcommand -V" 0 '^hearken [0-9]+\.[0-9]+\.[0-9]+$' "$hearken" "$subcommand" -V
	says "$subcommand --nonsense says what it takes" 3 "hearken $subcommand --help" "$hearken" "$subcommand" --nonsense
done
says "probe: whom to ask" 3 'HOST:PORT' "$hearken" probe --protocol imap
says "probe: in which protocol" 3 '^hearken probe: --protocol is missing' "$hearken" probe localhost:993
says "probe: at which port" 3 '^hearken probe: -p PORT is missing' "$hearken" probe -H ::1 --protocol imap
says "probe -H -p: the same as HOST:PORT" 2 '^CRITICAL - \[::1\]:1 \(imap\).* \| time=U;;;0;3.0+ connect=U .*certificate_days=U$' \
	"$hearken" probe -H ::1 -p 1 --protocol imap -t 3
finish
