#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# bench.sh BUILD - what Hearken claims, measured, each figure beside what it is compared with.
# $OUTAGES (60: each is closed by a conversation, of which there is one a second), $MONIT_OUTAGES (5), $IDLE
# seconds (120).
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
out=$(readlink -f "${1:-build}")
[ "$(id -u)" = 0 ] || { echo "bench.sh: must be root" >&2; exit 1; }

if [ "${2:-}" = inside ]; then # in namespaces of our own: an empty /run, and a socket in journald's place
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -p /run/systemd/journal
	ip link set lo up
	dir=/run/bench; mkdir -p $dir
	cat >$dir/hearken.conf <<-CONF
	[hearken]
	sources = none
	status = $dir/status.json
	state = $dir/state
	textfile = $dir/hearken.prom
	server-name = mail.example.test
	[listener submission]
	port = 587
	protocol = submission
	tls = none
	CONF
	cat >$dir/monitrc <<-CONF
	set daemon 1
	set pidfile $dir/monit.pid
	set idfile $dir/monit.id
	set statefile $dir/monit.state
	check host mail with address 127.0.0.1
	  if failed port 587 then exec "$out/tests/bench/bench_latency --ping"
	CONF
	chmod 600 $dir/monitrc
	coproc BENCH { "$out/tests/bench/bench_latency" "${OUTAGES:-60}" "${MONIT_OUTAGES:-5}" 2>&1; }
	exec 3<&"${BENCH[0]}"
	read -r ready <&3; [ "$ready" = ready ]
	"$out/hearken" run -c $dir/hearken.conf 2>$dir/hearken.log &
	daemon=$!
	command -v monit >/dev/null && { monit -I -c $dir/monitrc >$dir/monit.log 2>&1 & }
	sleep 2
	echo >&"${BENCH[1]}"
	cat <&3
	kill $daemon; wait $daemon || true
	exit 0
fi

echo "== from the kernel's close to the alert =="
[ "${OUTAGES:-60}" = 0 ] || unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private "$0" "$out" inside

echo "== to know all listeners =="
"$out/tests/bench/bench_snapshot"

echo "== idle, watching a real Dovecot =="
. "$here/../system/stage.sh"
daemon=
clean_up() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	stage_close
}
stage_open bench
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
dovecot_config "$dir/dovecot" "$dir/certs/good-chain.pem" "$dir/certs/good.key" tls 587
stage_dovecot
# As on a host: what it writes lies elsewhere than what it reads, and looks at when it changes.
mkdir "$dir/etc" "$dir/run" "$dir/run/out"
{ stage_conf | sed "s#^\(status\|state\|textfile\) = $dir/#&run/out/#"; echo "sources = dovecot:$dir/dovecot/dovecot.conf"; } >"$dir/etc/hearken.conf"
"$out/hearken" run -c "$dir/etc/hearken.conf" 2>"$dir/log" &
daemon=$!
sleep 5
prober=$(cat /proc/$daemon/task/*/children | tr -d ' ')
# Every return from epoll_wait() is a wake-up; the voluntary context switches also count waits for the disk.
switches() { awk '/^voluntary_ctxt/ { n += $2 } END { print n }' "/proc/$1/status"; }
a=$(switches $daemon)
timeout "${IDLE:-120}" strace -qq -e trace=epoll_wait -o "$dir/trace.d" -p $daemon & t1=$!
timeout "${IDLE:-120}" strace -qq -e trace=epoll_wait -o "$dir/trace.p" -p "$prober" || true
wait $t1 || true
wakes() { grep -c '= [0-9]' "$1" || true; }
awk -v s="${IDLE:-120}" -v d="$(wakes "$dir/trace.d")" -v p="$(wakes "$dir/trace.p")" -v c=$(($(switches $daemon) - a)) \
	-v n="$(jq '.services | length' "$dir/run/out/status.json")" 'BEGIN {
	printf "wake-ups a second, watching %d services: daemon %.3f (aim: 0.2), prober %.3f; ", n, d / s, p / s
	printf "voluntary context switches of the daemon (under strace) %.3f\n", c / s }'
memory() { awk -v who="$2" '/^Rss:/ { r = $2 } /^Pss:/ { p = $2 } END { printf "%s: RSS %.1f MB (aim: 10), PSS %.1f MB\n", who, r / 1024, p / 1024 }' "/proc/$1/smaps_rollup"; }
memory $daemon daemon
memory "$prober" prober
