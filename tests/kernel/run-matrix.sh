#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# run-matrix.sh [PROGRAM...] - the kernel tests on other kernels, in QEMU: TAP, one line a test and kernel.
#
# PROGRAMs are test_observer, test_storm, test_bind, test_sockets, test_accept, test_oom and test_signals of
# build/tests/kernel unless told, the very files that run on the machine's own kernel.
# On the kernels we support all its tests pass, by the rung "fexit". An older one must refuse us with a sentence and without a
# crash; should it take us all the same, then all tests pass there too. A kernel that cannot be had is
# skipped with the reason.
set -u
here=$(dirname "$(readlink -f "$0")")
[ $# -gt 0 ] || set -- build/tests/kernel/test_{observer,storm,bind,sockets,accept,oom,signals}
. "$here/../tap.sh"

# SERIES WHAT_WE_EXPECT: either side of our minimum, 5.14
kernels=("5.10 refusal" "6.1 support" "6.12 support")
patience_ms=20000 # for an event, where a whole CPU may stall
limit=240 # seconds a kernel may take; it takes 3 to 5, 18 on a busy machine

work=$(mktemp -d /tmp/hearken-matrix.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM

# What the program said on SERIES, as our own tests; its comments stay what they are.
relay() { # relay SERIES STATUS SECONDS
	local series=$1 status=$2 took=$3 line planned said=0
	local failed_before=${tap_failed:?}
	planned=$(sed -n 's/^1\.\.\([0-9]\{1,\}\)$/\1/p' "$work/out")
	while IFS= read -r line; do
		case $line in
		*" # SKIP "*) said=$((said + 1)); skip "$series: ${line#*# SKIP }" ;; # cmocka has them as "not ok"
		"ok "*) said=$((said + 1)); ok "$series: ${line#ok * - }" ;;
		"not ok "*) said=$((said + 1)); not_ok "$series: ${line#not ok * - }" ;;
		1..*) ;;
		*) echo "# $series: ${line#\# }" ;;
		esac
	done <"$work/out"
	sed 's/^/# /' "$work/errors"
	if [ "$said" != "${planned:-none}" ]; then
		not_ok "$series: $said of ${planned:-unknown} tests were run, exit status $status"
	elif [ "$status" != 0 ] && [ "$tap_failed" = "$failed_before" ]; then
		not_ok "$series: exit status $status"
	fi
	echo "# $series: $took s"
}

on_kernel() { # on_kernel SERIES EXPECTED
	local series=$1 expected=$2 began=$SECONDS status sentence
	"$here/kernel-matrix.sh" fetch "$series" >"$work/errors" 2>&1 || {
		skip "$series: $(tail -n 1 "$work/errors")"
		return
	}
	"$here/kernel-matrix.sh" run "$series" --add "$program" --timeout $limit -- \
		"CMOCKA_MESSAGE_OUTPUT=TAP HEARKEN_OOM=yes HEARKEN_RUNG=fexit HEARKEN_PATIENCE_MS=$patience_ms $program" >"$work/out" 2>"$work/errors"
	status=$?
	sentence=$(sed -n 's/^# SKIP [a-z]*: \(.* cannot be .* here .*\)/\1/p' "$work/out")
	if [ "$expected" = refusal ] && [ $status = 77 ] && [ -n "$sentence" ]; then
		ok "$series: refused with a sentence: $sentence"
	else
		relay "$series" $status $((SECONDS - began))
	fi
}

if [ "$(uname -m)" != x86_64 ]; then
	echo "# SKIP matrix: the kernels are x86-64, this machine is not"
	exit 77
fi
for program; do
	program=$(readlink -f "$program")
	[ -x "$program" ] || { not_ok "no program $program"; continue; }
	for kernel in "${kernels[@]}"; do
		# shellcheck disable=SC2086 # two words
		on_kernel $kernel
	done
done
finish
