#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# journald-alone.sh - run a command beside a private systemd-journald.
#
#   journald-alone.sh [--net] COMMAND [ARG...]
#
# The light fixture: no systemd as PID 1, nothing needed but Debian's systemd
# package; starts in well under a second.  COMMAND runs as a child in new mount
# and PID namespaces, where /run is a fresh tmpfs, so
#   sd_journal_send(3), syslog(3)  reach the private journald;
#   journalctl -o json             reads its journal ($JOURNAL_DIR);
#   journalctl --sync              makes sure that all sent before is readable;
#   $NOTIFY_SOCKET                 is not set: a test makes its own datagram
#                                  socket, puts its path there and reads it.
# With --net the command also gets its own network namespace with lo up.
#
# Exit status: that of COMMAND; 125 when the fixture did not start.  All its
# processes end with the command: they share a PID namespace.

set -euo pipefail
me=$(readlink -f "$0")
die() { echo "journald-alone: $*" >&2; exit 125; }

# Wait until a condition holds, at most five seconds.
await() { local i; for ((i = 0; i < 100; i++)); do "$@" && return; sleep 0.05; done; return 1; }

inside() {
	mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /run
	mkdir -p /run/systemd/journal /run/log/journal /run/systemd/journald.conf.d
	# Keep away from what is the whole machine's: the audit socket, the kernel
	# log, the persistent journal.  No rate limit, so that tests lose nothing.
	printf '[Journal]\nStorage=volatile\nAudit=no\nReadKMsg=no\nRateLimitBurst=0\nForwardToConsole=no\n' \
		>/run/systemd/journald.conf.d/test.conf
	# syslog(3) writes to /dev/log; give /dev a private face for that link.
	mount -t tmpfs -o mode=755 tmpfs /mnt
	mkdir /mnt/dev
	mount --rbind /dev /mnt/dev
	mount -t tmpfs -o mode=755,nosuid tmpfs /dev
	local n
	for n in null zero full random urandom tty; do : >/dev/$n; mount --bind /mnt/dev/$n /dev/$n; done
	mkdir /dev/pts /dev/shm
	mount --rbind /mnt/dev/pts /dev/pts
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	ln -s pts/ptmx /dev/ptmx; ln -s /proc/self/fd /dev/fd
	ln -s fd/0 /dev/stdin; ln -s fd/1 /dev/stdout; ln -s fd/2 /dev/stderr
	ln -s /run/systemd/journal/dev-log /dev/log
	umount -l /mnt
	[ -z "$JA_NET" ] || ip link set lo up

	# journald refuses to start without control groups, which a bare chroot lacks.
	mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
	SYSTEMD_LOG_TARGET=null /lib/systemd/systemd-journald </dev/null &
	await test -S /run/systemd/journal/io.systemd.journal || die "journald did not start"
	JOURNAL_DIR=/run/log/journal/$(cat /etc/machine-id)
	export JOURNAL_DIR

	local rc=0
	"$@" || rc=$?
	exit $rc
}

[ "$(id -u)" = 0 ] || die "must be root"
if [ "${1:-}" = __inside ]; then shift; inside "$@"; fi
JA_NET=
while [ $# -gt 0 ]; do
	case $1 in
	--net) JA_NET=1 ;;
	-*) sed -n '2,/^$/s/^# \{0,1\}//p' "$me" >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || { sed -n '2,/^$/s/^# \{0,1\}//p' "$me" >&2; exit 2; }
export JA_NET
unset NOTIFY_SOCKET JOURNAL_STREAM
exec unshare --mount --pid --fork --kill-child --mount-proc ${JA_NET:+--net} \
	--propagation private bash "$me" __inside "$@"
