#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# bench.sh BUILD - what Hearken claims, measured, each figure beside what it is compared with.
# $OUTAGES (1000), $MONIT_OUTAGES (20), $IDLE seconds (120).
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
	coproc BENCH { "$out/tests/bench/bench_latency" "${OUTAGES:-1000}" "${MONIT_OUTAGES:-20}" 2>&1; }
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
unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private "$0" "$out" inside

echo "== idle, watching a real Dovecot =="
. "$here/../system/dovecot-config.sh"
ns=hearken-bench-$$ dir=$(mktemp -d /var/tmp/hearken-bench.XXXXXX) daemon=
chmod 755 "$dir"
clean_up() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	local p; for p in $(ip netns pids $ns 2>/dev/null); do kill -KILL "$p" 2>/dev/null || true; done
	ip netns del $ns 2>/dev/null || true
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
"$here/../system/certs.sh" "$dir/certs" >/dev/null
ip netns add $ns; ip -n $ns link set lo up
dovecot_config "$dir/dovecot" "$dir/certs/good-chain.pem" "$dir/certs/good.key" tls 587
ip netns exec $ns dovecot -c "$dir/dovecot/dovecot.conf" </dev/null >/dev/null 2>&1
cat >"$dir/hearken.conf" <<CONF
[hearken]
sources = dovecot:$dir/dovecot/dovecot.conf
netns = name:$ns
status = $dir/status.json
state = $dir/state
textfile = $dir/hearken.prom
server-name = mail.example.test
ca-file = $dir/certs/ca.pem
CONF
"$out/hearken" run -c "$dir/hearken.conf" 2>"$dir/log" &
daemon=$!
sleep 5
switches() { awk '/^voluntary_ctxt/ { n += $2 } END { print n }' "/proc/$1/status"; }
prober=$(cat /proc/$daemon/task/*/children | tr -d ' ')
a=$(switches $daemon) b=$(switches "$prober")
sleep "${IDLE:-120}"
awk -v s="${IDLE:-120}" -v d=$(($(switches $daemon) - a)) -v p=$(($(switches "$prober") - b)) -v n="$(jq '.services | length' "$dir/status.json")" \
	'BEGIN { printf "wake-ups a second: daemon %.3f (aim: 0.2), prober %.3f, watching %d services\n", d / s, p / s, n }'
memory() { awk -v who="$2" '/^Rss:/ { r = $2 } /^Pss:/ { p = $2 } END { printf "%s: RSS %.1f MB (aim: 10), PSS %.1f MB\n", who, r / 1024, p / 1024 }' "/proc/$1/smaps_rollup"; }
memory $daemon daemon
memory "$prober" prober
