#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# register.sh add|stop|remove - tell this host that Hearken was installed, is about to go, or has gone.
#
#   add     makes the prober's user, takes the message catalog in, lets systemd read the unit
#   stop    stops and disables the service, while its files are still there
#   remove  undoes what "add" did, after the files are gone; what people wrote (/etc/hearken) and
#           what was learned (/var/lib/hearken) stays, and is named
#
# What the host has no program for is said and left out: the files alone are a whole installation.
# Exit status: 0; 2 usage.
set -eu
PATH=$PATH:/usr/sbin:/sbin
user=hearken-prober
units="hearken.service hearken-hook.path hearken-hook.service"

# try COMMAND...: what it says is shown where it fails, and is no reason to stop
try() {
	if ! command -v "$1" >/dev/null; then
		echo "register: no $1 here: left out: $*"
	elif ! _said=$("$@" 2>&1); then
		echo "register: $* failed: $_said" >&2
	fi
}
# Where systemd does not run (a container, a chroot), it has nothing to read again.
systemd_runs() { [ -d /run/systemd/system ]; }

case ${1:-} in
add)
	try systemd-sysusers hearken.conf
	try journalctl --update-catalog
	! systemd_runs || try systemctl daemon-reload
	;;
stop)
	# shellcheck disable=SC2086 # several
	! systemd_runs || try systemctl --quiet disable --now $units
	;;
remove)
	! systemd_runs || try systemctl daemon-reload
	try journalctl --update-catalog
	! getent passwd $user >/dev/null || try userdel $user
	! getent group $user >/dev/null || try groupdel $user
	for _kept in /etc/hearken /var/lib/hearken; do
		[ ! -e $_kept ] || echo "register: $_kept is yours, and stays"
	done
	;;
*)
	sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
