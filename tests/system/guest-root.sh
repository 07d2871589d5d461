# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# guest-root.sh - make a copy-on-write copy of this machine's root fit to boot.
# Plain POSIX sh, sourced by boot-systemd.sh.

# prepare_root ROOT - forget what is enabled or overridden on this machine, keep
# the units its packages ship, and mask what has no place in a guest.
prepare_root() {
	_r=$1
	rm -rf "$_r/etc/systemd/system" "$_r/var/log/journal" "$_r/etc/fstab"
	mkdir -p "$_r/etc/systemd/system/multi-user.target.wants" \
		"$_r/etc/systemd/system-generators" \
		"$_r/etc/systemd/journald.conf.d" "$_r/var/log/journal"
	for _u in systemd-modules-load.service systemd-remount-fs.service \
		systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
		systemd-udevd.service systemd-udevd-kernel.socket \
		systemd-udevd-control.socket systemd-udev-trigger.service \
		systemd-journald-audit.socket systemd-random-seed.service \
		systemd-timesyncd.service systemd-networkd.service \
		systemd-resolved.service systemd-pstore.service \
		dev-hugepages.mount sys-fs-fuse-connections.mount \
		getty.target timers.target; do
		ln -s /dev/null "$_r/etc/systemd/system/$_u"
	done
	for _u in systemd-sysv-generator systemd-fstab-generator \
		systemd-gpt-auto-generator systemd-getty-generator \
		postgresql-generator; do
		ln -sf /dev/null "$_r/etc/systemd/system-generators/$_u"
	done
	ln -s /lib/systemd/system/multi-user.target "$_r/etc/systemd/system/default.target"
	# Debian's rule for /tmp is "D": empty it at boot.  Guests start with an empty
	# one anyhow, and must never empty a directory shared with the machine.
	mkdir -p "$_r/etc/tmpfiles.d"
	for _u in tmp.conf x11.conf; do
		ln -sf /dev/null "$_r/etc/tmpfiles.d/$_u"
	done
	# Tests want every entry, and nothing of the machine's own kernel log.
	printf '[Journal]\nAudit=no\nReadKMsg=no\nRateLimitBurst=0\n' \
		>"$_r/etc/systemd/journald.conf.d/guest.conf"
	echo guest >"$_r/etc/hostname"
}

# enable_dovecot ROOT - dovecot.service with every plain port; needs dovecot-config.sh.
enable_dovecot() {
	rm -rf "$1/etc/dovecot"
	DOVECOT_ROOT=$1 DOVECOT_SERVICE=1 dovecot_config /etc/dovecot - - notls 587 143 110
	ln -sf /lib/systemd/system/dovecot.service \
		"$1/etc/systemd/system/multi-user.target.wants/dovecot.service"
}
