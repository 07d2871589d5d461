#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# package.sh - builds the Debian package in two folders: the same bytes come out, lintian has nothing to say, and it
# has what it promises. Some minutes, so it is for check-slow.
set -u
cd "$(dirname "$0")/.." || exit
# shellcheck source=tests/tap.sh
. tests/tap.sh
for program in dh lintian dpkg-buildpackage scdoc; do
	command -v $program >/dev/null || { echo "ok 1 # SKIP there is no $program here"; exit 0; }
done
work=$(mktemp -d /var/tmp/hearken-package.XXXXXX)
trap 'rm -rf "$work"' EXIT

export SOURCE_DATE_EPOCH=1764000000
for folder in one another/folder; do
	make OUT="$work/$folder" deb >"$work/log" 2>&1 || { tail -n 20 "$work/log"; not_ok "it is built in $folder"; finish; exit 1; }
	ok "it is built in $folder"
done
one=("$work"/one/deb/*.deb) another=("$work"/another/folder/deb/*.deb)
for i in "${!one[@]}"; do
	expect "$(basename "${one[i]}"): the same bytes wherever it is built" cmp "${one[i]}" "${another[i]}"
done
said=$(lintian --fail-on none -I --tag-display-limit 0 "$work"/one/deb/*.changes 2>&1 | grep '^[EWI]:')
if [ -z "$said" ]; then ok "lintian has nothing to say"; else not_ok "lintian: $said"; fi
package=$(ls "$work"/one/deb/hearken_*.deb)
dpkg-deb -c "$package" | awk '{ print $6 }' >"$work/files"
dpkg-deb -e "$package" "$work/control"
grep -ohE 'file:/[a-z/]*[A-Za-z.]*' packaging/*.service packaging/hearken.catalog packaging/prometheus/*.yml |
	sed 's,file:/*,./,' | sort -u >"$work/named"
lacking=$(grep -vxFf "$work/files" "$work/named")
if [ -z "$lacking" ]; then ok "each of $(wc -l <"$work/named") files that are pointed to is in it"; else not_ok "not in it: $lacking"; fi
expect "the unit is enabled and started" grep -q "deb-systemd-helper enable 'hearken.service'" "$work/control/postinst"
expect "the prober's user is made" grep -q 'systemd-sysusers.*hearken.conf' "$work/control/postinst"
expect "hearken.conf is the administrator's" grep -qx /etc/hearken/hearken.conf "$work/control/conffiles"
dpkg-deb --fsys-tarfile "$package" | tar -xO ./etc/hearken/hearken.conf >"$work/conf"
expect "and says nothing yet, so nothing is repaired" sh -c "! grep -vE '^(#.*|\[hearken\]|)\$' '$work/conf'"
finish
