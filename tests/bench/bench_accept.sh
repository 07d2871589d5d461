#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# bench_accept.sh BUILD - what it costs to be watched: here, rung by rung; beside tools that watch the same; and
# on a kernel that lets us have the cheaper rung, in QEMU. $RUNS (7) of each tool, of which the least disturbed one counts.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
here=$(dirname "$(readlink -f "$0")")
out=$(readlink -f "${1:-build}")
bench=$out/tests/bench/bench_accept
[ "$(id -u)" = 0 ] || { echo "bench_accept.sh: must be root" >&2; exit 1; }

echo "== the price of being watched, on $(uname -r) =="
"$bench"

. "$here/../system/stage.sh"
tool=
end_tool() { [ -z "$tool" ] || { kill "$tool"; wait "$tool"; } 2>/dev/null || true; tool=; }
trap 'end_tool; stage_close' EXIT
trap 'exit 130' INT TERM HUP
stage_open bench-accept
# 465 is what it waits for; 587, where the clients come, is watched like every mail port, and not asked.
{ stage_conf; printf 'sources = none\n[listener submissions]\nport = 465\nprotocol = submission\ntls = implicit\n'; } >"$dir/hearken.conf"

# What one can write in a line: who accepted, on which descriptor, how often, and when last; with the failed binds.
one_liner='
tracepoint:syscalls:sys_enter_accept, tracepoint:syscalls:sys_enter_accept4 { @fd[tid] = args->fd + 1; }
tracepoint:syscalls:sys_exit_accept, tracepoint:syscalls:sys_exit_accept4 /@fd[tid]/ {
	if (args->ret >= 0) { @accepts[pid, @fd[tid] - 1] = count(); @last[pid, @fd[tid] - 1] = nsecs; } delete(@fd[tid]); }
tracepoint:syscalls:sys_enter_bind { @bind[tid] = args->umyaddr; }
tracepoint:syscalls:sys_exit_bind /@bind[tid]/ { if (args->ret < 0) { @failed[pid, args->ret] = count(); } delete(@bind[tid]); }'
states=$(command -v tcpstates || command -v tcpstates-bpfcc || true)
tools=(nothing hearken)
command -v bpftrace >/dev/null && tools+=(bpftrace) || echo "bpftrace is not installed"
[ -n "$states" ] && tools+=(tcpstates) || echo "tcpstates is not installed"

# They want the tracing file system mounted.
with_tracing() {
	exec unshare --mount sh -c 'mount -t debugfs d /sys/kernel/debug; mount -t tracefs t /sys/kernel/tracing; exec "$@"' - "$@" 2>&1
}

begin() { # TOOL
	case $1 in
	nothing) return ;;
	hearken) "$out/hearken" run -c "$dir/hearken.conf" >"$dir/tool.log" 2>&1 & ;;
	bpftrace) with_tracing bpftrace -e "$one_liner" >"$dir/tool.log" 2>&1 & ;;
	tcpstates) with_tracing "$states" >"$dir/tool.log" 2>&1 & ;;
	esac
	tool=$!
	sleep 3
	kill -0 $tool 2>/dev/null || { echo "$1 does not run here: $(tail -n 1 "$dir/tool.log")"; tool=; }
}

echo "== the same, beside others =="
for ((i = 0; i < ${RUNS:-7}; i++)); do
	for name in "${tools[@]}"; do
		begin "$name"
		[ "$name" != nothing ] && [ -z "$tool" ] && continue
		ROUNDS=5 ip netns exec "$ns" "$bench" plain >>"$dir/$name.ns"
		end_tool
	done
done
column() { cut -d' ' -f"$2" "$dir/$1.ns" | sort -g | head -n 1; }
for name in "${tools[@]}"; do
	[ -s "$dir/$name.ns" ] || continue
	awk -v name="$name" -v a="$(column "$name" 1)" -v b="$(column "$name" 2)" -v c="$(column "$name" 3)" \
		-v a0="$(column nothing 1)" -v b0="$(column nothing 2)" -v c0="$(column nothing 3)" 'BEGIN {
		printf "%-10s connection %6d ns (x%.3f), bind %6d ns (x%.3f), getppid %4d ns (x%.3f)\n", name, a, a / a0, b, b / b0, c, c / c0 }'
done

for series in 6.1 6.12; do
	echo "== on Debian's $series, emulated: compare within the table alone =="
	"$here/../kernel/kernel-matrix.sh" fetch $series >"$dir/tool.log" 2>&1 || { echo "skipped: $(tail -n 1 "$dir/tool.log")"; continue; }
	"$here/../kernel/kernel-matrix.sh" run $series --add "$bench" --timeout 400 -- "ROUNDS=5 SCALE=10 $bench"
done
