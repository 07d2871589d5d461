#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whether "hearken status" is to be believed: its daemon killed, stopped, without room on the disk, without the right
# to write; another user who would keep it from starting. And a look for want of descriptors: whatever the limit, it is
# right or UNKNOWN with its reason on stdout, never a finding about a server that is well.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq setpriv prlimit
open_stage

dovecot_config "$dir/dovecot" "$dir/certs/good-chain.pem" "$dir/certs/good.key" tls 587
stage_dovecot
within 5 listens 14190
mkdir "$dir/small"
mount -t tmpfs -o size=96k,mode=755 hearken-test "$dir/small" || skip_all "no tmpfs can be mounted"
at_end umount -l "$dir/small"
{
	stage_conf | sed "s#^status = .*#status = $dir/small/status.json#; s#^textfile = .*#textfile = $dir/small/hearken.prom#"
	echo "sources = dovecot:$dir/dovecot/dovecot.conf"
} >"$dir/hearken.conf"
cp "$hearken" "$dir/hearken" && hearken=$dir/hearken # where another user may run it
status=("$hearken" status -c "$dir/hearken.conf")
as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
ends_with() { local want=$1; shift; "$@" >"$dir/out" 2>/dev/null; [ $? = "$want" ]; }
run() { "$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!; }

run
expect "a daemon that runs is believed" within 10 ends_with 0 "${status[@]}"
expect "by another user, too" ends_with 0 "${as_user[@]}" "${status[@]}"
expect "who cannot lock what keeps a second one away" sh -c "! setpriv --reuid=65534 --clear-groups flock -n -s '$dir/state/lock' true"
says "a second one is refused" 1 'Another Hearken \(pid [0-9]+\)' "$hearken" run -c "$dir/hearken.conf"

# A port that nobody expects, at two addresses: told once, and in one word.
# shellcheck disable=SC2016 # perl's own variables
ip netns exec "$ns" perl -MIO::Socket::IP -e '@s = map { IO::Socket::IP->new(LocalHost => $_, LocalPort => 25, Listen => 5) or die } "127.0.0.1", "::1"; sleep 60' & ends $!
expect "a port that nobody expects is a warning" within 10 ends_with 1 "${status[@]}"
expect "said once, though it has two listeners" test "$(head -n 1 "$dir/out" | grep -o 'surplus listener on port 25' | wc -l)" = 1
expect "in the journal, too" within 5 logged 'Port 25 is listened on.*no source expects it'
kill $!; wait $! 2>/dev/null
expect "and it is gone with it" within 10 ends_with 0 "${status[@]}"
expect "and was not said again" test "$(words | grep -c 'Port 25 is listened on')" = 1

kill -STOP $daemon
says "one that is stopped is not believed" 3 '^UNKNOWN - the daemon \(pid [0-9]+\) is stopped' "${status[@]}"
says "nor by another user" 3 'is stopped' "${as_user[@]}" "${status[@]}"
kill -CONT $daemon
expect "and is when it goes on" within 5 ends_with 0 "${status[@]}"

kill -KILL $daemon; wait $daemon 2>/dev/null
says "one that is dead is not believed, at once" 3 '^UNKNOWN - nobody keeps' "${status[@]}"
says "nor by another user" 3 '^UNKNOWN - nobody keeps' "${as_user[@]}" "${status[@]}"
expect "as JSON, with the reason in it" ends_with 3 "${status[@]}" --json
expect "which has the old words beside it" sh -c "jq -e '.unknown != null and .services[0].verdict == \"up\"' '$dir/out'"
run
expect "what it left behind is in nobody's way" within 10 ends_with 0 "${status[@]}"

# A disk without room for a second file: what stands there is written over, or not believed.
cat /dev/zero >"$dir/small/fill" 2>/dev/null
for p in $(stage_pids); do kill -KILL "$p"; done
expect "the disk is full, and the outage is told" within 10 ends_with 2 "${status[@]}"
expect "the textfile, too" within 5 grep -qE '^hearken_service_up\{.*port="993".*\} 0$' "$dir/small/hearken.prom"
rm -f "$dir/small/fill"

# Not even that: a directory that cannot be written any more.
mount -o remount,ro "$dir/small"
rm -f "$dir/dovecot/run/master.pid"
stage_dovecot
expect "a directory that is read-only: no news are no good news" within 20 ends_with 3 "${status[@]}"
expect "and that is said" grep -q '^UNKNOWN - nobody keeps' "$dir/out"
mount -o remount,rw "$dir/small" # and some news
for p in $(stage_pids); do kill -KILL "$p"; done
rm -f "$dir/dovecot/run/master.pid"
stage_dovecot
expect "and when it can be written again, it is believed" within 20 ends_with 0 "${status[@]}"
end_daemon
says "one that has ended left nothing" 3 '^UNKNOWN - no daemon keeps' "${status[@]}"
expect "not even its sign" test ! -e "$dir/small/status.json.alive"
expect "as JSON: a reason" sh -c "'$hearken' status -c '$dir/hearken.conf' --json | jq -e .unknown"

# The server is well.
wrong='' right=0
look() { # N COMMAND
	prlimit --nofile="$1" timeout 60 "$hearken" "$2" -c "$dir/hearken.conf" >"$dir/out" 2>/dev/null
	case $? in
	0) right=$((right + 1)) ;;
	3) grep -qE '^UNKNOWN - .{20}' "$dir/out" || wrong+=" $2 with $1: no reason;" ;;
	*) wrong+=" $2 with $1: $?, $(head -c 80 "$dir/out");" ;;
	esac
}
for n in 4 7 9 12 13 16 23 30 64; do look $n check; done
for n in 5 7 23 64; do look $n preflight; done
if [ -z "$wrong" ] && [ $right -ge 3 ]; then ok "few descriptors: it can look ($right times), or says why not"; else
	not_ok "few descriptors:${wrong:- never could it look}"; fi
printf 'nonsense\n' >>"$dir/hearken.conf"
says "an error in its own file is UNKNOWN, and said on stdout" 3 '^UNKNOWN - .*hearken\.conf:[0-9]+' sh -c \
	"'$hearken' check -c '$dir/hearken.conf' 2>/dev/null"
finish
