#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-ladder.sh - has Spin try every order of events of ladder.pml, and compares the ways between a repair's states
# that the model has with those that the code has (tests/data/ladder.ways, which test_random_facts holds against the code).
# EVENTS (3): how many things happen.
set -u
here=$(dirname "$(readlink -f "$0")")
. "$here/../tap.sh"
command -v spin >/dev/null || { echo "# SKIP no spin"; exit 77; }
work=$(mktemp -d /tmp/hearken-model.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

ways=$(sed -n '/^inline move/d; s/.*/&/p' "$here/ladder.pml" | grep -oE 'move\([a-z]+, [a-z]+\)' | sed 's/move(\(.*\), \(.*\))/\1 \2/' | sort -u)
if said=$(diff <(grep -v '^#' "$here/../data/ladder.ways") <(echo "$ways")); then ok "model and code know the same $(wc -l <<<"$ways") ways"; else
	not_ok "ways of the code (<) and of the model (>): ${said//$'\n'/ }"; fi

if ! spin -DEVENTS="${EVENTS:-3}" -a "$here/ladder.pml" >spin.out 2>&1 || ! ${CC:-cc} -O2 -w -DVECTORSZ=2048 -DCOLLAPSE -o pan pan.c; then
	not_ok "spin: $(cat spin.out)"
	finish
	exit
fi
check() { # NAME OPTION...
	local name=$1; shift
	timeout 600 ./pan -m200000 -n "$@" >out 2>&1
	if grep -q '^State-vector' out && grep -q 'errors: 0' out && ! grep -q 'max search depth too small\|out of memory' out; then
		ok "$name: $(sed -nE 's/^ *([0-9.e+]+) states, stored.*/\1/p' out) states"
	else
		not_ok "$name: $(grep -E '^pan|errors:|depth' out | tr '\n' ' ')"
		[ ! -e ladder.pml.trail ] || spin -t -p -g -DEVENTS="${EVENTS:-3}" "$here/ladder.pml" 2>&1 | tail -n 60 | sed 's/^/# /'
	fi
}
check "safety" -noclaim
check "every outage is told" -a -f -N every_outage_is_told
check "none is forgotten" -a -f -N none_is_forgotten
finish
