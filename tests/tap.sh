# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the test scripts: TAP lines, and waiting for a condition.
tap_n=0
tap_failed=0
ok() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $*"; }
not_ok() { tap_n=$((tap_n + 1)); tap_failed=$((tap_failed + 1)); echo "not ok $tap_n - $*"; }
skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n # SKIP $*"; }
# expect NAME COMMAND...: the command must succeed.
expect() { local name=$1; shift; if "$@" >/dev/null 2>&1; then ok "$name"; else not_ok "$name: failed: $*"; fi; }
# within SECONDS COMMAND...: polls until it succeeds.
within() {
	local i n=$(($1 * 20)); shift
	for ((i = 0; i < n; i++)); do "$@" >/dev/null 2>&1 && return 0; sleep 0.05; done
	return 1
}
finish() { echo "1..$tap_n"; [ $tap_failed = 0 ]; }
# Options that let a guest of boot-systemd.sh see this checkout: its /tmp is its own.
guest_options() {
	local top
	top=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/..")
	case $top in /tmp/*) echo "--share $top" ;; esac
}
