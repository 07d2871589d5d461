#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# docker-host.sh - a real dockerd (Debian's docker.io) for tests, without systemd and beside whatever else runs
# here; ENGINE=podman: a host for podman, which has no daemon. It lives in a network and a mount namespace of its own, but in the machine's own pid namespace: tracing
# programs and /proc agree about pids. Its root is an overlay of the machine's: nothing outside DIR is written.
#
#   docker-host.sh start DIR [DOCKERD-OPTION...]   ~2 s; DIR must be on ext4, xfs or btrfs (overlay2)
#   docker-host.sh exec DIR COMMAND [ARG...]       "on the host": its network, /run, /var/lib, /etc
#   docker-host.sh stop DIR                        ends what runs in it; DIR/state (images) stays
# CGROUP=1: the machine's v1 hierarchies (--memory works). CGROUP=2: cgroup2 alone (no controllers where v1 has
# them). Needs docker.io, containerd, runc, iptables, root, and of the kernel bridge, veth, NAT, overlayfs.
set -euo pipefail
cmd=$1; dir=$(readlink -m "$2"); shift 2
on() {
	nsenter -t "$(cat "$dir/holder.pid")" -m -n -u -r -w -- env -i HOME=/root TERM=dumb \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
wait_for() { # TENTHS COMMAND...
	local n=$1
	shift
	while ! "$@" >/dev/null 2>&1; do ((n-- > 0)) || return 1; sleep 0.1; done
}
end() { # PID
	kill "$1" 2>/dev/null || return 0
	wait_for 50 sh -c "! kill -0 $1" || kill -KILL "$1" 2>/dev/null || true
}
case $cmd in
start)
	mkdir -p "$dir"/state/{docker,containers,containerd} "$dir/root"
	# shellcheck disable=SC2016 # for the inner shell
	DIR=$dir setsid unshare -m -n -u --propagation private bash -c '
		set -e; cd "$DIR"; r=$DIR/root
		mount -t tmpfs tmpfs "$r"; mkdir "$r/up" "$r/work" "$r/new"; n=$r/new
		mount -t overlay -o lowerdir=/,upperdir=$r/up,workdir=$r/work overlay "$n"
		mount --rbind /proc "$n/proc"; mount --rbind /dev "$n/dev"; mount --rbind "$DIR" "$n$DIR"
		for s in ${SHARE:-$(dirname "$DIR")}; do mkdir -p "$n$s"; mount --rbind "$s" "$n$s"; done
		mount -t sysfs sysfs "$n/sys"
		if [ "${CGROUP:-1}" = 2 ]; then mount -t cgroup2 cgroup2 "$n/sys/fs/cgroup"
		else mount --rbind /sys/fs/cgroup "$n/sys/fs/cgroup"; fi
		mount -t bpf bpf "$n/sys/fs/bpf" || true; mount -t tracefs tracefs "$n/sys/kernel/tracing" || true
		mount -t tmpfs -o mode=755 tmpfs "$n/run"; mkdir -p "$n/run/lock"
		for s in docker containers containerd; do
			mkdir -p "$n/var/lib/$s"; mount --bind "$DIR/state/$s" "$n/var/lib/$s"; done
		hostname dockerhost; ip link set lo up; echo 1 >/proc/sys/net/ipv4/ip_forward
		cd "$n"; mkdir -p .old; pivot_root . .old; umount -l /.old; mount --make-rshared /
		echo $$ >"$DIR/holder.pid"; exec sleep infinity' </dev/null >"$dir/log" 2>&1 &
	wait_for 50 test -s "$dir/holder.pid" || { cat "$dir/log" >&2; exit 1; }
	[ "${ENGINE:-docker}" = docker ] || exit 0
	# shellcheck disable=SC2016
	on setsid sh -c 'echo $$ >"$1/containerd.pid"; exec containerd --config /dev/null' sh "$dir" \
		</dev/null >"$dir/containerd.log" 2>&1 &
	wait_for 100 on test -S /run/containerd/containerd.sock || { tail -n 5 "$dir/containerd.log" >&2; exit 1; }
	# shellcheck disable=SC2016
	on setsid sh -c 'echo $$ >"$1/dockerd.pid"; shift; exec dockerd \
		--containerd /run/containerd/containerd.sock --exec-opt native.cgroupdriver=cgroupfs "$@"' sh "$dir" "$@" \
		</dev/null >"$dir/dockerd.log" 2>&1 &
	wait_for 200 on docker version || { tail -n 5 "$dir/dockerd.log" >&2; exit 1; }
	;;
exec) on "$@" ;;
stop)
	# shellcheck disable=SC2016 # for the shell inside
	on sh -c 'for e in docker podman; do "$e" ps -aq | xargs -r "$e" rm -f >/dev/null; done' || true
	for f in dockerd containerd holder; do [ ! -s "$dir/$f.pid" ] || end "$(cat "$dir/$f.pid")"; done
	rm -f "$dir"/*.pid
	for c in /sys/fs/cgroup/*/docker /sys/fs/cgroup/docker; do
		[ ! -d "$c" ] || find "$c" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done
	;;
*)
	sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
