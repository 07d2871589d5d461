#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# kernel-matrix.sh - run a command on another Debian kernel, in QEMU.
#
#   kernel-matrix.sh fetch SERIES...           download these kernels into the cache
#   kernel-matrix.sh run SERIES [OPTION...] -- COMMAND [ARG...]
#
# SERIES is "5.10", "6.1" or "6.12": the cloud kernels of Debian 11, of Debian 12
# and of its backports.  Options of run:
#   --add FILE         copy FILE to the same path in the guest, with its libraries
#                      if it is an ELF program (may be repeated)
#   --timeout SECONDS  default 120
#
# No KVM, disk or root file system is needed: the kernel boots (plain TCG, some 3 to
# 5 seconds) with an initramfs that holds busybox, the added files and their
# libraries. The guest mounts proc, sysfs, devtmpfs, bpffs, tracefs and cgroup2, brings
# lo up, runs COMMAND as root (one word: a script for busybox sh), and powers off.
# What COMMAND says comes out on stdout.
# Exit status: COMMAND's; 124 no end within SECONDS; 125 it could not be run, or the
# kernel crashed.
#
# The cache is $KM_CACHE, by default /var/tmp/kernel-matrix; what is there is not
# fetched again, so remove it for newer kernels. They come from the Debian mirror
# that the machine is set up for, through a private apt configuration and with apt's
# signature checks; the machine's own package lists stay as they are.
#
# Needs an x86-64 Debian with qemu-system-x86, busybox or busybox-static and, to
# fetch, debian-archive-keyring.

set -euo pipefail
me=$(readlink -f "$0")
cache=${KM_CACHE:-/var/tmp/kernel-matrix}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
qemu_major=10 # the first that is known to run all these kernels
memory_mib=1024
crash='BUG:|Oops|Kernel panic'
lock_seconds=300 # how long to wait for another fetch
console_lines=15 # of a crash that are shown

say() { echo "kernel-matrix: $*" >&2; }
die() { say "$*"; exit 125; }
usage() { sed -n '3,/^$/s/^# \{0,1\}//p' "$me" >&2; exit 2; }

# Root runs what lies there, and anybody may have made it first.
own_cache() {
	mkdir -p "$cache"
	if [ ! -O "$cache" ] || [ -L "$cache" ]; then die "$cache is not ours"; fi
}

# ---------------------------------------------------------------------------------------------- fetch
mirror() { # mirror LABEL: where apt of this machine finds Debian, or its security updates
	# shellcheck disable=SC2016 # apt-get's own
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
		sed -n "s/^Debian|$1|//p" | sort -u | sed -n 1p
}

apt() { # apt get|cache ARG...: with sources and lists of our own
	local tool=$1; shift
	"apt-$tool" -o Dir::Etc::sourcelist="$cache/apt/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$cache/apt/lists" -o Dir::Cache="$cache/apt/cache" \
		-o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

prepare_apt() {
	local main security options="[arch=amd64 signed-by=$keyring]"
	mkdir -p "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial"
	main=$(mirror Debian) security=$(mirror Debian-Security)
	[ -n "$main" ] || die "no Debian mirror among the sources of apt"
	{
		printf "deb $options %s %s main\n" "$main" bookworm "$main" bookworm-backports
		[ -z "$security" ] || printf "deb $options %s %s main\n" \
			"$security" bookworm-security "$security" bullseye-security
	} >"$cache/apt/sources.list"
	apt get -qq update >"$cache/apt/log" 2>&1 || die "apt-get update failed: $(tail -n 1 "$cache/apt/log")"
}

unpack() { # unpack DIR PACKAGE=VERSION... -- TAR_ARGUMENT...: downloads to and unpacks in an empty DIR
	local dir=$1 deb packages=(); shift
	while [ "$1" != -- ]; do packages+=("$1"); shift; done
	shift
	rm -rf "$dir"
	mkdir -p "$dir/deb"
	(cd "$dir/deb" && apt get -qq download "${packages[@]}") || die "cannot download ${packages[*]}"
	for deb in "$dir"/deb/*.deb; do
		# Not every package holds all that is named.
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --wildcards "$@" 2>/dev/null || true
	done
	rm -rf "$dir/deb"
}

fetch_kernel() { # fetch_kernel SERIES
	local series=$1 version package dir=$cache/$1
	version=$(apt cache madison linux-image-cloud-amd64 | awk -F' *[|] *' '{print $2}' |
		grep "^${series//./\\.}\." | sort -V | tail -n 1) ||
		die "no $series kernel on the mirror$(sed -n 's/^[WE]: /: /p' "$cache/apt/log" | sed -n 1p)"
	package=$(apt cache show "linux-image-cloud-amd64=$version" |
		sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p' | sed -n 1p)
	unpack "$dir" "$package" -- --strip-components=2 './boot/vmlinuz-*'
	echo "$version" >"$dir/version"
	# Last: a kernel that is there is complete.
	mv "$dir"/vmlinuz-* "$dir/vmlinuz" || die "no kernel in $package"
	say "$series: fetched $package $version"
}

qemu_is_old() {
	local version
	version=$(qemu-system-x86_64 --version | sed -n 's/^QEMU emulator version \([0-9]*\).*/\1/p')
	[ "${version:-0}" -lt $qemu_major ]
}

# Unpacked, not installed: its libraries are those of the installed one.
fetch_qemu() {
	local version dir=$cache/qemu
	version=$(apt cache madison qemu-system-x86 | awk -F' *[|] *' '$3 ~ /backports/ {print $2}' |
		sort -V | tail -n 1)
	[ -n "$version" ] || die "no newer QEMU on the mirror"
	unpack "$dir" "qemu-system-x86=$version" "qemu-system-data=$version" seabios -- \
		./usr/bin/qemu-system-x86_64 './usr/share/seabios/*' './usr/share/qemu/*.bin' \
		'./usr/share/qemu/*.rom'
	echo "$version" >"$dir/version"
	say "fetched QEMU $version"
}

fetch() { # fetch SERIES...
	local series wanted=() lacks_qemu=
	own_cache
	exec 9>"$cache/lock"
	flock -w $lock_seconds 9 || die "another fetch holds $cache/lock"
	for series; do [ -e "$cache/$series/vmlinuz" ] || wanted+=("$series"); done
	if qemu_is_old && [ ! -e "$cache/qemu/version" ]; then lacks_qemu=yes; fi
	[ ${#wanted[@]} -gt 0 ] || [ -n "$lacks_qemu" ] || return 0
	if ! (prepare_apt); then
		[ ${#wanted[@]} -gt 0 ] || return 0
		return 125
	fi
	# A subshell: run() makes do with the installed QEMU.
	[ -z "$lacks_qemu" ] || (fetch_qemu) || true
	for series in ${wanted[@]+"${wanted[@]}"}; do fetch_kernel "$series"; done
}

# ------------------------------------------------------------------------------------------------ run
put() { # put ROOT FILE: copies FILE and, for ELF programs, its libraries
	local file
	mkdir -p "$1$(dirname "$2")"
	cp -L --preserve=mode "$2" "$1$2"
	# ldd has nothing to say on scripts and static programs.
	for file in $(ldd "$2" 2>/dev/null | grep -o '/[^ ]*' || true); do
		[ -e "$1$file" ] || { mkdir -p "$1$(dirname "$file")"; cp -L --preserve=mode "$file" "$1$file"; }
	done
}

initramfs() { # initramfs ROOT OUTPUT COMMAND FILE...
	local root=$1 out=$2 command=$3 file; shift 3
	mkdir -p "$root"/{bin,sbin,dev,proc,sys,tmp,run,etc,root,usr/bin,usr/sbin}
	put "$root" "$(command -v busybox)"
	[ -e "$root/bin/busybox" ] || mv "$root$(command -v busybox)" "$root/bin/busybox"
	for file; do put "$root" "$(realpath -s "$file")"; done
	printf 'root:x:0:0::/root:/bin/sh\n' >"$root/etc/passwd"
	printf '%s\n' "$command" >"$root/command"
	cat >"$root/init" <<-'EOF'
	#!/bin/busybox sh
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
	/bin/busybox --install -s /bin
	mount -t devtmpfs dev /dev
	mount -t proc proc /proc
	mount -t sysfs sys /sys
	mount -t bpf bpf /sys/fs/bpf
	mount -t tracefs trace /sys/kernel/tracing
	mount -t cgroup2 cgroup /sys/fs/cgroup
	ip link set lo up
	stty -F /dev/ttyS1 raw
	exec </dev/null >/dev/ttyS1 2>&1
	cd /
	sh /command
	echo "guest-exit-status $?"
	sync
	poweroff -f
	EOF
	chmod 755 "$root/init"
	(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$out"
}

run() { # run SERIES [OPTION...] -- COMMAND [ARG...]
	local series=$1 files=() limit=120 tries=1 need rc status vm=(qemu-system-x86_64) new=$cache/qemu; shift
	while [ $# -gt 0 ]; do
		case $1 in
		--add) files+=("$2"); shift ;;
		--timeout) limit=$2; shift ;;
		--) shift; break ;;
		*) usage ;;
		esac
		shift
	done
	[ $# -gt 0 ] || usage
	for need in busybox qemu-system-x86_64; do
		command -v $need >/dev/null || die "no $need"
	done
	own_cache
	[ -f "$cache/$series/vmlinuz" ] || die "no kernel $series: fetch it first"
	if qemu_is_old; then
		if [ -e "$new/version" ] && "$new/usr/bin/qemu-system-x86_64" --version >/dev/null 2>&1; then
			vm=("$new/usr/bin/qemu-system-x86_64" -L "$new/usr/share/qemu" -L "$new/usr/share/seabios")
		else
			# Under the TCG of QEMU 7.2 (Debian 12) the 6.12 kernel crashes by itself in a
			# third of the runs, where it patches its own code (do_sync_core). Only there is a
			# crash tried again: elsewhere it may be ours.
			tries=5
		fi
	fi
	work=$(mktemp -d /var/tmp/kernel-matrix.XXXXXX)
	trap '[ -z "${qemu:-}" ] || kill "$qemu" 2>/dev/null || true; rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM HUP
	if [ $# -gt 1 ]; then set -- "$(printf '%q ' "$@")"; fi
	initramfs "$work/root" "$work/initramfs" "$1" ${files[@]+"${files[@]}"}
	while :; do
		# The microvm machine does not boot the older two kernels: keep this plain.
		: >"$work/out"
		timeout "$limit" "${vm[@]}" -accel tcg,thread=multi -cpu max -smp 2 -m $memory_mib \
			-nodefaults -no-reboot -display none -monitor none \
			-serial "file:$work/console" -serial "file:$work/out" \
			-kernel "$cache/$series/vmlinuz" -initrd "$work/initramfs" \
			-append "console=ttyS0 quiet panic=-1 oops=panic" </dev/null &
		qemu=$! rc=0
		wait $qemu || rc=$?
		qemu=
		status=$(sed -n 's/^guest-exit-status //p' "$work/out")
		tries=$((tries - 1))
		if [ -n "$status" ] || [ $tries = 0 ] || ! grep -qE "$crash" "$work/console"; then
			break
		fi
		say "$series: crashed under an old QEMU, once more: $(grep -m1 -o 'RIP: .*' "$work/console" | tr -d '\r')"
	done
	sed '/^guest-exit-status /d' "$work/out"
	if [ $rc = 0 ] && [ -n "$status" ]; then return "$status"; fi
	say "$series: no result (qemu ended with $rc); its console:"
	if grep -qE "$crash" "$work/console"; then
		sed -nE "/$crash/,\$p" "$work/console" | sed -n "1,${console_lines}p" >&2
	else
		tail -n $console_lines "$work/console" >&2
	fi
	[ $rc = 124 ] || rc=125
	return $rc
}

command=${1:-}
[ $# -gt 1 ] || usage
shift
case $command in
fetch) fetch "$@" ;;
run) run "$@" ;;
*) usage ;;
esac
