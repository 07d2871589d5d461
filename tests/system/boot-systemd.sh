#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# boot-systemd.sh - boot a real systemd over a throw-away copy of this machine.
#
# The root of the guest is an overlay: lower layer = the machine's own "/",
# upper layer = a tmpfs.  So the guest runs the machine's own systemd, D-Bus,
# Dovecot and the hearken just built, without a second download, and nothing it
# writes reaches the machine.  The guest has its own mount, PID, UTS, IPC,
# network and cgroup namespaces, but no user namespace: root in it keeps every
# capability, so bpf(2), tracing and bpffs work as on the machine.  Tracing
# programs see the whole machine, though, and the pids they see are the outer
# ones, while task iterators list only the guest's tasks.
#
#   boot-systemd.sh run   [OPTION...] -- COMMAND [ARG...]  boot, run, shut down
#   boot-systemd.sh start [OPTION...] DIR                  boot, leave running
#   boot-systemd.sh exec  DIR COMMAND [ARG...]             run a command inside
#   boot-systemd.sh stop  DIR                              shut down, clean up
# Options of run and start:
#   --dovecot       configure Dovecot as Mailu does without TLS (but 587, 143 and
#                   110 are open), and start dovecot.service
#   --share PATH    bind this directory into the guest read-write, same place
#                   (one of its own; never /tmp itself or a system path)
#   --setup FILE    before boot, bash runs FILE with $ROOT = the guest's root:
#                   install a unit, enable it with systemctl --root="$ROOT", or
#                   write another Dovecot configuration (dovecot-config.sh)
#   --verbose       let PID 1 write its log and status lines to DIR/console.log
#
# DIR holds only pids, the console log and an empty mount point; "run" makes and
# removes its own.  Exit status: that of COMMAND; 125 when the boot failed.
#
# Needs: root, util-linux, procps, systemd, dbus.  The kernel is shared: no
# modules, no sysctl except net.*, /sys read-only apart from cgroup2, bpffs,
# tracefs and debugfs.

# shellcheck source-path=SCRIPTDIR
set -euo pipefail
me=$(readlink -f "$0")
. "${me%/*}/guest-root.sh"
. "${me%/*}/dovecot-config.sh"
say() { echo "boot-systemd: $*" >&2; }
die() { say "$*"; exit 125; }

# ---------------------------------------------------------------- guest side

# First stage: PID 1 of the new PID namespace, still seeing the machine's files.
stage1() {
	cd "$BS_DIR/mnt"
	mount -t tmpfs -o mode=755,size="${BS_TMPFS_SIZE:-2G}" tmpfs .
	cd "$BS_DIR/mnt"
	mkdir cg up work root
	# Any cgroup2 mount shows the same hierarchy, so the host's layout
	# (unified, hybrid, none) does not matter.
	mount -t cgroup2 cgroup2 cg
	mkdir "cg/$BS_NAME"
	echo 0 >"cg/$BS_NAME/cgroup.procs"
	umount cg
	exec unshare --cgroup bash "$me" __stage2
}

# Second stage: build the root, move into it, become systemd.
stage2() {
	cd "$BS_DIR/mnt"
	local r=root dev name ma mi u opt
	mount -t overlay -o lowerdir=/,upperdir=up,workdir=work overlay root

	prepare_root $r
	# sysctl would change the one kernel that host and guest share.
	ln -s /dev/null $r/etc/systemd/system/systemd-sysctl.service
	hostname guest

	mount -t proc -o nosuid,nodev,noexec proc $r/proc
	mount --bind $r/proc/sys $r/proc/sys
	mount --bind $r/proc/sys/net $r/proc/sys/net
	mount -o remount,bind,ro,nosuid,nodev,noexec $r/proc/sys
	mount -t sysfs -o nosuid,nodev,noexec sysfs $r/sys
	mount -o remount,bind,ro,nosuid,nodev,noexec $r/sys
	mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 $r/sys/fs/cgroup
	mount -t bpf -o mode=700 bpf $r/sys/fs/bpf || true
	mount -t tracefs tracefs $r/sys/kernel/tracing || true
	mount -t debugfs debugfs $r/sys/kernel/debug 2>/dev/null || true

	mount -t tmpfs -o mode=755,nosuid tmpfs $r/dev
	for dev in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
		IFS=: read -r name ma mi <<<"$dev"
		mknod -m 666 "$r/dev/$name" c "$ma" "$mi"
	done
	mkdir $r/dev/pts $r/dev/shm
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts $r/dev/pts
	mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs $r/dev/shm
	ln -s pts/ptmx $r/dev/ptmx
	ln -s /proc/self/fd $r/dev/fd
	ln -s fd/0 $r/dev/stdin; ln -s fd/1 $r/dev/stdout; ln -s fd/2 $r/dev/stderr
	: >$r/dev/console
	mount --bind "$BS_DIR/console.log" $r/dev/console

	mount -t tmpfs -o mode=755,nosuid,nodev tmpfs $r/run
	mkdir $r/run/lock
	mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs $r/tmp
	while IFS= read -r u; do
		[ -n "$u" ] || continue
		if [ -d "$u" ]; then mkdir -p "$r$u"; else mkdir -p "$r${u%/*}"; : >>"$r$u"; fi
		mount --rbind "$u" "$r$u"
	done <<<"$BS_SHARE"

	[ -z "$BS_DOVECOT" ] || enable_dovecot "$PWD/$r"
	[ -z "$BS_SETUP" ] || ROOT="$PWD/$r" bash "$BS_SETUP"

	cd $r
	mkdir -p .old
	pivot_root . .old
	umount -l /.old
	rmdir /.old
	# systemd leaves this to a container's manager. Without it a namespace that "ip netns
	# add" makes is not seen by services with a mount namespace of their own.
	mount --make-rshared /
	opt=(--log-level=notice --show-status=0)
	[ -z "$BS_VERBOSE" ] || opt=(--log-target=console --log-level=info --show-status=1)
	exec env -i container=guest PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		/lib/systemd/systemd --system "${opt[@]}"
}

# ----------------------------------------------------------------- host side

inside() { # inside DIR COMMAND...
	local init
	init=$(cat "$1/init.pid"); shift
	nsenter --target "$init" --all --root -- env -i --chdir=/ \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
}

start() { # start DIR; options are in BS_*
	BS_DIR=$(readlink -f "$1"); BS_NAME=guest-$$
	export BS_DIR BS_NAME BS_SHARE BS_SETUP BS_DOVECOT BS_VERBOSE
	mkdir -p "$BS_DIR/mnt"
	: >"$BS_DIR/console.log"
	echo "$BS_NAME" >"$BS_DIR/cgroup"
	setsid ${BS_TIED:+setpriv --pdeathsig KILL} \
		unshare --mount --pid --uts --ipc --net --fork --kill-child \
		--propagation private bash "$me" __stage1 \
		</dev/null >>"$BS_DIR/console.log" 2>&1 &
	local outer=$! i state
	disown # or bash says "Killed" at the end
	echo $outer >"$BS_DIR/outer.pid"
	for ((i = 0; i < 600; i++)); do # the socket appears as soon as PID 1 is up
		kill -0 $outer 2>/dev/null || { cat "$BS_DIR/console.log" >&2; die "guest died while starting"; }
		pgrep -P $outer >"$BS_DIR/init.pid" || true
		[ -s "$BS_DIR/init.pid" ] &&
			[ "$(cat "/proc/$(cat "$BS_DIR/init.pid")/comm" 2>/dev/null)" = systemd ] &&
			[ -S "/proc/$(cat "$BS_DIR/init.pid")/root/run/systemd/private" ] && break
		sleep 0.05
	done
	state=$(inside "$BS_DIR" timeout "${BS_BOOT_TIMEOUT:-90}" systemctl is-system-running --wait || true)
	case $state in
	running) ;;
	degraded) say "system is degraded:"; inside "$BS_DIR" systemctl --failed --no-pager --no-legend >&2 || true ;;
	*) die "system did not come up: ${state:-no answer}" ;;
	esac
}

stop() { # stop DIR.  Nothing in the guest is worth a slow, orderly shutdown.
	local d outer init i
	d=$(readlink -f "$1")
	outer=$(cat "$d/outer.pid" 2>/dev/null || true)
	init=$(cat "$d/init.pid" 2>/dev/null || true)
	# Killing PID 1 of a PID namespace kills all in it; the mounts go with it.
	# Only signal the pids when they are still ours.
	if [ -n "$init" ] && [ "$(ps -o ppid= -p "$init" | tr -d ' ')" = "$outer" ]; then
		kill -KILL "$init" 2>/dev/null || true
	elif [ -n "$outer" ] && grep -qs __stage1 "/proc/$outer/cmdline"; then
		kill -KILL "$outer" 2>/dev/null || true # its child dies with it
	fi
	for ((i = 0; i < 100; i++)); do
		kill -0 "${outer:-none}" 2>/dev/null || break
		sleep 0.05
	done
	# Remove the guest's cgroups (and with them any BPF attached to them).
	# shellcheck disable=SC2016 # for the inner shell
	[ ! -s "$d/cgroup" ] || unshare --mount --propagation private bash -c '
		mount -t cgroup2 cgroup2 "$1/mnt" || exit 0
		for i in 1 2 3 4 5; do
			[ -d "$1/mnt/$2" ] || break
			find "$1/mnt/$2" -depth -type d -exec rmdir {} + 2>/dev/null && break
			sleep 0.1 # the last processes are still being reaped
		done
	' _ "$d" "$(cat "$d/cgroup")"
	rm -f "$d/outer.pid" "$d/init.pid" "$d/cgroup" "$d/console.log"
	rmdir "$d/mnt"; rmdir "$d" 2>/dev/null || true
}

# share_path PATH - refuse what the guest's own boot creates, cleans or mounts
# over (systemd-tmpfiles empties /tmp, for one): only a place below those.
share_path() {
	local p
	p=$(readlink -e "$1") || die "--share: no such path: $1"
	case $p in
	/usr/* | /etc/* | /lib*/* | /bin/* | /sbin/* | /boot/* | /dev/* | /proc/* | /run/* | /sys/* | /var/lib/*) die "--share: refusing to share $p: a system path" ;;
	/?*/?*) echo "$p" ;;
	*) die "--share: refusing to share $p: use a directory of its own below /tmp, /var/tmp, /home or the like" ;;
	esac
}

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$me" >&2; exit 2; }

[ "$(id -u)" = 0 ] || die "must be root"
cmd=${1:-}; [ $# -eq 0 ] || shift
case $cmd in
__stage1) stage1 ;;
__stage2) stage2 ;;
run | start)
	BS_SHARE='' BS_SETUP='' BS_DOVECOT='' BS_VERBOSE='' BS_TIED=''
	while [ $# -gt 0 ]; do
		case $1 in
		--dovecot) BS_DOVECOT=1 ;;
		--verbose) BS_VERBOSE=1 ;;
		--setup) BS_SETUP=$(readlink -f "$2"); shift ;;
		--share) BS_SHARE+=$(share_path "$2")$'\n'; shift ;;
		--) shift; break ;;
		-*) usage ;;
		*) break ;;
		esac
		shift
	done
	[ $# -gt 0 ] || usage
	if [ "$cmd" = start ]; then
		mkdir -p "$1"
		[ ! -e "$1/outer.pid" ] || die "$1 is in use"
		trap 'stop "$1" || true' ERR
		( start "$1" ) || { stop "$1"; exit 125; }
	else
		BS_TIED=1
		dir=$(mktemp -d /var/tmp/guest.XXXXXX)
		trap 'stop "$dir"' EXIT
		trap 'exit 130' INT TERM HUP
		start "$dir"
		rc=0; inside "$dir" "$@" || rc=$?
		exit $rc
	fi ;;
exec) [ $# -ge 2 ] || usage; d=$1; shift; inside "$d" "$@" ;;
stop) [ $# -eq 1 ] || usage; stop "$1" ;;
*) usage ;;
esac
