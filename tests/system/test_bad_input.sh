#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a user may get wrong, and what a machine may lack: one clear sentence each, never a crash.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_dir

write() { # NAME: hearken.conf from stdin, with files of our own
	{ printf '[hearken]\nstatus = %s/status.json\nstate = %s/state\ntextfile = %s/h.prom\n' "$dir" "$dir" "$dir"; cat; } >"$dir/$1"
}
start() { # CONF: a daemon that runs on; waits until it has written its status
	"$hearken" run -c "$dir/$1" 2>"$dir/daemon.log" & daemon=$!; ends $daemon
	within 10 test -s "$dir/status.json"
}
stop() { kill -TERM "$daemon" 2>/dev/null; wait "$daemon"; }
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
cp "$hearken" "$dir/hearken"

echo 'sources = none' | write none.conf
mkdir -m 777 "$dir/nobody"
printf '[hearken]\nsources = none\nstate = %s\n' "$dir/nobody" >"$dir/nobody.conf"
says "no root" 77 'needs root' "${nobody[@]}" "$dir/hearken" run -c "$dir/nobody.conf"
says "no root, one look: polls its own namespace" 3 'polled once a second' "${nobody[@]}" "$dir/hearken" check -c "$dir/none.conf"
{ cat "$dir/none.conf"; echo 'netns = path:/proc/1/ns/net'; } >"$dir/elsewhere.conf"
says "no root, one look elsewhere" 3 'needs root' "${nobody[@]}" "$dir/hearken" check -c "$dir/elsewhere.conf"
says "no subcommand" 3 'hearken run' "$hearken"
says "a wrong one" 3 'did you mean "status"' "$hearken" statsu
says "a wrong option" 3 'invalid option|unrecognized option' "$hearken" status --nonsense
says "a file that is not there" 78 'missing.conf' "$hearken" run -c "$dir/missing.conf"
echo 'repair = perhaps' | write bad.conf
says "a bad value: file, line, key" 78 'bad.conf:5: .*repair' "$hearken" run -c "$dir/bad.conf"
says "the same in config" 2 'bad.conf:5: .*repair' "$hearken" config -c "$dir/bad.conf"
printf 'sources = none\nprobe-intervall = 5s\n' | write typo.conf
says "an unknown key: the nearest" 1 'typo.conf:6: .*probe-interval' "$hearken" config -c "$dir/typo.conf"
head -c 3000000 /dev/zero >"$dir/zeros.conf"
says "a file of zeros" 78 'zeros.conf' "$hearken" run -c "$dir/zeros.conf"

printf 'TLS_FLAVOR=certt\n' >"$dir/mailu.env"
echo "sources = mailu:$dir/mailu.env" | write flavor.conf
says "an unknown TLS_FLAVOR: file, line, known words" 2 'mailu.env:1: .*TLS_FLAVOR.*letsencrypt' "$hearken" config -c "$dir/flavor.conf"
echo "sources = mailu:$dir/no.env" | write noenv.conf
says "a mailu.env that is not there" 2 'no.env' "$hearken" config -c "$dir/noenv.conf"
says "no daemon to ask" 3 'UNKNOWN - no daemon' "$hearken" status -c "$dir/none.conf"
# Installed, but neither started at boot nor running: nobody is alarmed. And not installed at all.
# shellcheck disable=SC2016 # the inner shell's own variables
hide_it() { unshare --mount --propagation private sh -c 'mount --bind /dev/null /usr/bin/doveconf; mount -t tmpfs none /etc/systemd/system; for d in /etc/rc[2-5].d; do mount -t tmpfs none $d; done; [ "$0" = all ] || umount /usr/bin/doveconf; mount -t tmpfs none /run; exec "$@"' "$@"; }
hide=(bash -c "$(declare -f hide_it); hide_it \"\$@\"" hide)
echo 'sources = auto' | write auto.conf
if command -v doveconf >/dev/null; then
	says "a Dovecot that nobody starts is not expected" 0 'source dovecot .*: absent .it is there, but neither started at boot nor running' "${hide[@]}" some "$hearken" config -c "$dir/auto.conf"
	echo 'sources = dovecot' | write dovecot.conf
	says "no Dovecot: said" 2 'there is no doveconf' "${hide[@]}" all "$hearken" config -c "$dir/dovecot.conf"
else
	skip "no Dovecot to hide: not installed"
fi

# Nothing is expected: said, and how to say what is; no alarm.
start none.conf
expect "a host without a mail server is told how to say what is expected" grep -q 'Nothing is expected yet.*hearken.conf' "$dir/daemon.log"
expect "and nothing is alarmed" sh -c "! grep -q incident '$dir/daemon.log'"
says "status: UNKNOWN, with the same advice" 3 'UNKNOWN.*nothing is expected' "$hearken" status -c "$dir/none.conf"
[ -S /run/dbus/system_bus_socket ] || expect "no D-Bus is said" grep -q 'D-Bus' "$dir/daemon.log"
[ -S /run/systemd/journal/socket ] || expect "no journald is said once" test "$(grep -c journald "$dir/daemon.log")" = 1
says "another Hearken on the same state directory" 1 "Another Hearken \(pid $daemon\)" "$hearken" run -c "$dir/none.conf"
cp "$dir/none.conf" "$dir/keep.conf"
echo 'repair = perhaps' >>"$dir/none.conf"
kill -HUP "$daemon"
expect "a reload with a broken file is said" within 5 grep -q 'none.conf:6' "$dir/daemon.log"
expect "and the old one stays in force" within 5 grep -q 'stays in force' "$dir/daemon.log"
cp "$dir/keep.conf" "$dir/none.conf"
printf '[listener submission]\nport = 587\nprotocol = submission\ntls = starttls\n' >>"$dir/none.conf"
kill -HUP "$daemon"
expect "a good reload takes over" within 5 grep -q 'incident-opened: Port 587' "$dir/daemon.log"
kill -TERM "$daemon"; wait "$daemon"
expect "SIGTERM ends it with 0" test $? = 0
expect "no file is left that looks alive" test ! -e "$dir/status.json"

printf 'sources = none\ntextfile = %s/no/such/h.prom\n' "$dir" | write textfile.conf
start textfile.conf
expect "no textfile directory: said once, and it goes on" within 5 test "$(grep -c 'Cannot write the textfile' "$dir/daemon.log")" = 1
expect "it still runs" kill -0 "$daemon"
stop
kill -0 1 2>/dev/null
printf '[{"target": 3}]' >"$dir/state/repairs.json"
start none.conf
expect "a broken repairs.json is said" grep -q 'repairs.json' "$dir/daemon.log"
stop

says "a kernel without BTF is named" 124 'observer-degraded: .*this kernel has no BTF' timeout 2 unshare --mount --propagation private \
	sh -c 'mount -t tmpfs none /sys/kernel/btf; exec "$@"' sh "$hearken" run -c "$dir/none.conf"

# A kernel, or a container, that refuses BPF: it polls, and says what it no longer sees.
blind() { "$here/blind.sh" "$hearken" run -c "$dir/$1" 2>"$dir/daemon.log" & daemon=$!; ends $daemon; }
# Listens and never says a word, so that no conversation ends before the test does.
listen() { perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], ReuseAddr => 1) or die; sleep 60' "$1" & listener=$!; ends $listener; }
mute() { kill -KILL "$listener"; wait "$listener"; } 2>/dev/null
is_up() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
printf 'sources = none\nprobe-timeout = 20s\n[listener submission]\nport = 42587\nprotocol = submission\ntls = starttls\n' | write polled.conf
if perl -MIO::Socket::INET -e 1 2>/dev/null; then listen 42587; within 5 is_up 42587; else listener=; fi
blind polled.conf
expect "without BPF it runs on" within 10 test -s "$dir/status.json"
expect "says so, and what is lost" within 5 logged 'refuses BPF.*polled once a second: no causes'
expect "calls its mode polling" ask '.mode == "polling" and (.degraded | test("polled"))'
expect "the metrics too, and count no arrivals" sh -c "grep -q 'observer_info{mode=\"polling\",state=\"none\"' '$dir/h.prom' && ! grep -q '^hearken_arrivals_total' '$dir/h.prom'"
if [ -n "$listener" ]; then
	expect "finds the listener" ask '.services[0].listeners | length == 1'
	expect "of which it does not claim to know holders, arrivals or accepts" ask '.services[0].listeners[0] | has("pids") and .pids == null and .arrived == null and .accepted == null'
	expect "nor failed binds" sh -c "! grep -q '^hearken_bind_failures_total' '$dir/h.prom'"
	expect "which is no outage" ask '.services[0] | .verdict == "unknown" and .incident == null'
	mute
	expect "finds the outage within about a second" within 2 ask '.services[0].verdict == "down"'
	expect "and alerts when no restart brought it back" within 7 logged 'incident-opened: Port 42587 '
	expect "and claims no cause" within 2 ask '.services[0] | .verdict == "down" and ([.findings[] | select(.name == "missing" and .cause == "unknown")] | length == 1)'
	listen 42587
	expect "sees it come back" within 3 ask '.services[0].listeners | length == 1'
	mute
else
	skip "an outage while polling: no perl to listen with"
fi
stop
# Not even that: another namespace cannot be entered. Blind, and honest about it.
ip netns add "hearken-bad-$$" 2>/dev/null && {
	sed "s/^sources/netns = name:hearken-bad-$$\nsources/" "$dir/polled.conf" >"$dir/away.conf"
	blind away.conf
	expect "where it may not poll either, it runs on" within 10 test -s "$dir/status.json"
	expect "calls its mode none" ask '.mode == "none"'
	expect "and no service up" ask '[.services[] | select(.verdict != "unknown")] | length == 0'
	expect "and says that it is blind" logged 'every verdict is unknown'
	stop
	ip netns del "hearken-bad-$$"
}
finish
