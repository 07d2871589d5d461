#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# dependencies.sh WHAT... - install the Debian packages that WHAT needs.
#
#   WHAT  build  to compile build/hearken
#         demo   to run the demonstration (Dovecot and a few tools)
#         check  demo, and all that the tests need
#         bench  check, and what the benchmarks compare with
#         kernels  to boot other kernels in QEMU
#         package  to make the Debian package, and to have it judged
#
# Does nothing, and fast, when all of it is there. Else it needs root, Debian 12
# or later, and apt's usual sources. It starts no service, removes no package, and
# disables the services that came with the packages it installed: a machine that
# tests mail servers is not one.
# Elsewhere than on Debian it only says what to install.
# Exit status: 0; 1 something is missing and cannot be installed; 2 usage.

set -eu
PATH=$PATH:/usr/sbin:/sbin
export PATH
policy=/usr/sbin/policy-rc.d
lock_seconds=120 # how long to wait for another apt or dpkg

say() { echo "dependencies: $*"; }
die() {
	say "$*" >&2
	exit 1
}
usage() {
	sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

packages() { # packages WHAT
	case $1 in
	build)
		echo gcc make clang llvm bpftool pkgconf libc6-dev linux-libc-dev libbpf-dev \
			libelf-dev zlib1g-dev libssl-dev libsystemd-dev libinih-dev libjansson-dev \
			libseccomp-dev libyaml-dev scdoc
		;;
	demo)
		echo dovecot-core dovecot-imapd dovecot-pop3d dovecot-submissiond \
			dovecot-managesieved dovecot-lmtpd iproute2 openssl procps util-linux \
			ca-certificates jq perl
		;;
	check)
		packages demo
		echo libcmocka-dev debootstrap libclang-rt-dev systemd dbus prometheus prometheus-node-exporter haproxy nginx \
			libnginx-mod-mail clang-format shellcheck man-db git curl msmtp docker.io containerd iptables spin
		# Mail servers exclude each other; where there is another, Postfix is not tested.
		[ -n "$(missing postfix)" ] && has_mail_server || echo postfix
		;;
	bench)
		packages check
		echo monit strace bpftrace libbpf-tools monitoring-plugins-basic prometheus-blackbox-exporter
		;;
	package) echo build-essential debhelper dpkg-dev fakeroot lintian ;;
	kernels)
		echo qemu-system-x86 debian-archive-keyring
		# Either busybox will do, and they exclude each other.
		[ -n "$(missing busybox)" ] && echo busybox-static || echo busybox
		;;
	esac
}

units() { # units PACKAGE: those that it would start
	case $1 in
	dovecot-core) echo dovecot.service dovecot.socket ;;
	docker.io) echo docker.service docker.socket ;;
	containerd) echo containerd.service ;;
	monit | prometheus | prometheus-node-exporter | prometheus-blackbox-exporter | haproxy | nginx | postfix)
		echo "$1.service"
		;;
	esac
}

has_mail_server() {
	dpkg-query -W -f '${db:Status-Status} ${Provides}\n' 2>/dev/null |
		grep -q '^installed .*mail-transport-agent'
}

missing() { # missing PACKAGE...
	# A name it has never seen makes dpkg-query fail; it answers for the others all the same.
	_installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^installed //p' | tr '\n' ' ')"
	for _package; do
		case $_installed in
		*" $_package "*) ;;
		*) echo "$_package" ;;
		esac
	done
}

apt() { # apt ARG...: its output goes to the log
	DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 \
		apt-get -q -y -o DPkg::Lock::Timeout="$lock_seconds" -o Dpkg::Use-Pty=0 \
		"$@" </dev/null >"$log" 2>&1
}

# The lock that DPkg::Lock::Timeout waits for is not the one of "update".
update() {
	_waited=0
	until LC_ALL=C apt update; do
		grep -q 'Could not get lock' "$log" && [ $_waited -lt $lock_seconds ] || return 1
		sleep 3
		_waited=$((_waited + 3))
	done
}

disable_units() { # disable_units PACKAGE...
	command -v systemctl >/dev/null || return 0
	_units=
	for _package; do
		for _unit in $(units "$_package"); do
			[ ! -e "/lib/systemd/system/$_unit" ] &&
				[ ! -e "/etc/init.d/${_unit%.service}" ] || _units="$_units $_unit"
		done
	done
	[ -n "$_units" ] || return 0
	_now=
	[ ! -d /run/systemd/system ] || _now=--now
	# shellcheck disable=SC2086 # lists of words
	if systemctl --quiet $_now disable $_units >"$log" 2>&1; then
		say "installed but disabled:$_units"
	else
		say "could not disable:$_units: $(tail -n 1 "$log")" >&2
	fi
}

[ $# -gt 0 ] || usage
wanted=
for what; do
	case $what in
	build | check | demo | bench | kernels | package) wanted="$wanted $(packages "$what" | tr '\n' ' ')" ;;
	*) usage ;;
	esac
done
command -v dpkg-query >/dev/null || {
	# Nobody here can tell what is missing; what needs it will.
	say "this is not Debian; where something is missing below, install what these packages hold: $wanted"
	exit 0
}
# shellcheck disable=SC2086 # a list of words
lacking=$(missing $wanted | sort -u | tr '\n' ' ')
lacking=${lacking% }
[ -n "$lacking" ] || exit 0
[ "$(id -u)" = 0 ] || die "these packages are missing and installing them needs root: $lacking"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' HUP INT TERM
if [ ! -e $policy ] && [ ! -L $policy ]; then
	trap 'rm -f "$log" "$policy"' EXIT
	printf '#!/bin/sh\n# by Hearken, while it installs packages\nexit 101\n' >$policy
	chmod 755 $policy
fi
say "installing, which may take some minutes: $lacking"
# What is in the cache may still do when a source is out of reach.
update || say "apt-get update failed: $(tail -n 1 "$log")" >&2
# shellcheck disable=SC2086 # a list of words
apt install --no-install-recommends --no-remove $lacking || {
	tail -n 20 "$log" >&2
	die "apt-get could not install: $lacking"
}
# shellcheck disable=SC2086
disable_units $lacking
