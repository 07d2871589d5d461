#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# trixie.sh root - prints the path of a Debian 13 root with its Dovecot in it, and makes it where there is none, with the mirror
#   that apt uses here: a minute, 300 MB. It is kept for the next time ($HEARKEN_TRIXIE says where).
# trixie.sh run NETNS PROGRAM COMMAND... - in a throw-away copy of it, in the network namespace NETNS, with this directory's
#   tree and PROGRAM (Hearken) at their own paths. Nothing that is written there stays.
# Needs root. Exits with 77 and the reason where there is no such root to be had.
set -u
root=${HEARKEN_TRIXIE:-/var/tmp/hearken-test-trixie}
tree=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
skip() { echo "# SKIP Debian 13: $*"; exit 77; }
[ "$(id -u)" = 0 ] || skip "must be root"

furnish() { # within the new root's directory, in a mount namespace of its own
	mount -t proc proc proc && mount --rbind /dev dev || return 1
	printf '#!/bin/sh\nexit 101\n' >usr/sbin/policy-rc.d && chmod 755 usr/sbin/policy-rc.d # maintainer scripts start nothing
	export DEBIAN_FRONTEND=noninteractive
	chroot . apt-get -q update && chroot . apt-get install -qy --no-install-recommends openssl iproute2 jq perl-base \
		libbpf1 libinih1 libjansson4 libseccomp2 libyaml-0-2 libsystemd0 libssl3t64 \
		dovecot-imapd dovecot-pop3d dovecot-submissiond dovecot-managesieved dovecot-lmtpd && chroot . apt-get clean
}

make_root() {
	local mirror
	exec 9>"$root.lock" && flock 9 || return 1
	[ ! -e "$root/.done" ] || return 0
	command -v debootstrap >/dev/null || skip "debootstrap is not installed"
	# shellcheck disable=SC2016 # apt expands it
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sed -n 1p)
	[ -n "$mirror" ] || skip "apt knows no mirror"
	rm -rf "$root.new"
	# shellcheck disable=SC2016 # the inner shell expands
	{ debootstrap --variant=minbase trixie "$root.new" "$mirror" &&
		unshare --mount --propagation private bash -uc "$(declare -f furnish)"'; cd "$1" && furnish' _ "$root.new"
	} </dev/null >"$root.log" 2>&1 9>&- || skip "it could not be made: $(tail -n 1 "$root.log")"
	: >"$root.new/.done" && rm -rf "$root" && mv "$root.new" "$root"
}

case ${1-} in
root) make_root && echo "$root" ;;
run)
	netns=$2 program=$(readlink -f "$3")
	shift 3
	[ -e "$root/.done" ] || make_root || exit 77
	# shellcheck disable=SC2016 # the inner shell expands
	exec ip netns exec "$netns" unshare --mount --propagation private bash -uc '
		root=$1 tree=$2 program=$3; shift 3
		upper=$(mktemp -d /var/tmp/hearken-trixie.XXXXXX) && mount -t tmpfs -o mode=755 tmpfs "$upper" && cd "$upper" &&
		mkdir up work root && mount -t overlay -o lowerdir="$root",upperdir=up,workdir=work overlay root &&
		mount -t proc proc root/proc && mount -t sysfs sysfs root/sys && mount --rbind /dev root/dev &&
		mount -t tmpfs -o mode=755 tmpfs root/run && mkdir -p root/run/netns "root$tree" &&
		mount --rbind /run/netns root/run/netns && mount --bind "$tree" "root$tree" && cp "$program" root/usr/bin/hearken || exit 77
		chroot root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root bash -uc "
			ldd /usr/bin/hearken | grep -q \"not found\" && { echo \"# SKIP Debian 13 lacks libraries of this build\"; exit 77; }
			exec \"\$@\"" _ "$@"
		rc=$?
		cd / && umount -R "$upper" 2>/dev/null; rmdir "$upper" 2>/dev/null
		exit $rc' _ "$root" "$tree" "$program" "$@"
	;;
*) echo "usage: trixie.sh root | run NETNS PROGRAM COMMAND..." >&2; exit 2 ;;
esac
