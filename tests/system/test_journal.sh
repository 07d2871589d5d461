#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# journald goes, with its socket, and comes back: what is told meanwhile goes to stderr, what is told after it to
# the new one.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq perl
if [ "${1:-}" != inside ]; then
	exec unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private "$0" inside
fi
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/journal
ip link set lo up
dir=/run/test; mkdir $dir
journald='' server=''
cat >$dir/h.conf <<-CONF
	[hearken]
	sources = none
	status = $dir/status.json
	state = $dir/state
	textfile = $dir/hearken.prom
	[listener submission]
	port = 587
	protocol = submission
	tls = starttls
CONF
journal() { # a socket in journald's place that writes to FILE what it gets
	perl -MIO::Socket::UNIX -e '$| = 1;
		$s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "/run/systemd/journal/socket") or die;
		while (defined $s->recv($e, 65536)) { print $e }' >"$1" & journald=$!; ends $journald
	within 5 test -S /run/systemd/journal/socket
}
lose() { # by SIGKILL, or USR1: it closes its listener; another cause is another alert
	perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "0.0.0.0", LocalPort => 587,
		ReuseAddr => 1) or die; $SIG{USR1} = sub { close $s }; sleep 60' & server=$!; ends $server
	within 5 sh -c 'ss -Hltn "sport = :587" | grep -q .'
	sleep 0.2
	kill -"$1" "$server"; wait "$server" 2>/dev/null; server=
}

journal $dir/first
"$hearken" run -c $dir/h.conf 2>$dir/log & daemon=$!
expect "the first journald is told" within 10 grep -q ^HEARKEN_EVENT=incident-opened $dir/first
lose KILL
expect "that it was killed, too" within 5 grep -q "^MESSAGE=Port 587.*SIGKILL" $dir/first
expect "each field is a line" test "$(grep -c ^HEARKEN_CAUSE=owner-crashed $dir/first)" = 1

kill -KILL "$journald"; wait "$journald" 2>/dev/null; journald=
rm /run/systemd/journal/socket # libsystemd takes that for told
lose USR1
expect "without journald, stderr is told" within 5 grep -q "incident-changed: Port 587.*closed-by-owner" $dir/log

journal $dir/second
lose KILL
expect "the next journald is told" within 5 grep -q "^MESSAGE=Port 587.*SIGKILL" $dir/second
finish
