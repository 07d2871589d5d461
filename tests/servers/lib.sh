# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the tests that start real mail servers: servers whose packages exclude each other are unpacked,
# never installed, and laid over /usr and /etc in a mount namespace of their own. Needs root.
servers_root=${HEARKEN_SERVERS:-/var/tmp/hearken-test-servers}

# servers_fetch PACKAGE...: to here, with what they need that is not installed.
servers_fetch() {
	local list
	list=$(apt-get -s -o Debug::NoLocking=1 --no-install-recommends install "$@" 2>/dev/null | awk '/^Inst/{print $2}')
	# shellcheck disable=SC2086 # a list of words
	apt-get -q download ${list:-"$@"} >log 2>&1 </dev/null
}

# servers_copy ROOT PACKAGE...: what of them is installed here; fails when one is not.
servers_copy() {
	local root=$1 package path
	shift
	for package; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || return 1
		dpkg -L "$package" | while read -r path; do
			if [ -d "$path" ] && [ ! -L "$path" ]; then continue; fi
			cp -a --parents "$path" "$root" 2>/dev/null
		done
	done
	return 0
}

# servers_unpack NAME PACKAGE...: below $servers_root/NAME, once, with what they need that is not installed.
# No maintainer script is run. Fails when apt has them neither in its cache nor in reach.
servers_unpack() {
	local name=$1 root deb d
	shift
	root=$servers_root/$name
	[ -e "$root/.done" ] && return 0
	mkdir -p "$servers_root" && chmod 755 "$servers_root" || return 1
	(
		exec 9>"$servers_root/.lock-$name" && flock 9 || exit 1
		[ -e "$root/.done" ] && exit 0 # somebody else was faster
		rm -rf "$root" && mkdir -p "$root/debs" "$root/usr" "$root/etc" && chmod 755 "$root" || exit 1
		cd "$root/debs" || exit 1
		# A machine may come without the lists that say where packages are.
		servers_fetch "$@" || { apt-get -q update >log 2>&1 </dev/null && servers_fetch "$@"; } ||
			servers_copy "$root" "$@" || exit 1
		for deb in ./*.deb; do [ ! -e "$deb" ] || dpkg -x "$deb" "$root" || exit 1; done
		cd "$root" && rm -rf debs
		for d in lib sbin bin; do
			[ ! -d $d ] || [ -L $d ] || { mkdir -p usr/$d && cp -a $d/. usr/$d/ && rm -rf $d; }
		done
		cp /etc/passwd /etc/group etc/
		# A name that is in no file is not asked of a DNS that cannot be reached.
		printf '%s: files\n' passwd group shadow hosts services >etc/nsswitch.conf
		: >.done
	)
}

# servers_user NAME USER UID [GROUP GID]: a user ("-": only the group) that the package would have made.
servers_user() {
	local root=$servers_root/$1 user=$2 uid=$3 group=${4:-$2} gid=${5:-$3}
	grep -q "^$group:" "$root/etc/group" || echo "$group:x:$gid:" >>"$root/etc/group"
	[ "$user" = - ] || grep -q "^$user:" "$root/etc/passwd" ||
		echo "$user:x:$uid:$gid::/nonexistent:/usr/sbin/nologin" >>"$root/etc/passwd"
}

# servers_run NETNS NAME COMMAND...: with the unpacked /usr and /etc over the machine's, read-only.
servers_run() {
	local netns=$1 root=$servers_root/$2
	shift 2
	# shellcheck disable=SC2016 # the inner shell expands
	ip netns exec "$netns" unshare --mount --propagation private sh -c '
		root=$1; shift
		mount -t overlay overlay -o "ro,lowerdir=$root/usr:/usr" /usr &&
		mount -t overlay overlay -o "ro,lowerdir=$root/etc:/etc" /etc &&
		exec "$@"' sh "$root" "$@"
}

servers_postfix() {
	servers_unpack postfix postfix && servers_user postfix postfix 4911 &&
		servers_user postfix - 0 postdrop 4912
}
servers_exim() { servers_unpack exim exim4-daemon-light && servers_user exim Debian-exim 4913; }
servers_nginx() { servers_unpack nginx-mail nginx libnginx-mod-mail libnginx-mod-stream; }
servers_opensmtpd() {
	servers_unpack opensmtpd opensmtpd && servers_user opensmtpd opensmtpd 4914 &&
		servers_user opensmtpd opensmtpq 4915
}
