#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh PROGRAM... - runs test programs one after the other and adds up what they say.
#
# Each speaks TAP: "ok N - name", "not ok N - name: why", "ok N # SKIP why". A program that exits 77 was
# skipped whole and said why; one that fails without a "not ok" counts as one failure. Unit tests (below
# build/tests/) run as nobody when we are root. $TEST_TIMEOUT (seconds) bounds each program.
# The last line is "N passed, N failed, N skipped"; the exit status is 0 when nothing failed and
# something passed.
set -u
passed=0 failed=0 skipped=0
work=$(mktemp -d /tmp/hearken-tests.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

count() { grep -cE "$1" "$work/log"; }

run_one() { # PROGRAM
	local program=$1 name rc t ok not_ok skips
	local -a how=(timeout -k 5 "${TEST_TIMEOUT:-120}")
	name=$(basename "$program")
	t=$(date +%s%N)
	if [[ $program == build/tests/test_* ]] && [ "$(id -u)" = 0 ]; then
		# A copy: the checkout may lie where nobody may not go.
		mkdir -p "$work/unit/tests" && cp "$program" "$work/unit/"
		[ -e "$work/unit/tests/data" ] || cp -r tests/data "$work/unit/tests/" 2>/dev/null
		[ -e "$work/unit/packaging" ] || cp -r packaging "$work/unit/" 2>/dev/null
		chmod -R a+rX "$work/unit"
		how+=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent)
		(cd "$work/unit" && CMOCKA_MESSAGE_OUTPUT=TAP "${how[@]}" "./$name") </dev/null >"$work/log" 2>&1
	else
		CMOCKA_MESSAGE_OUTPUT=TAP "${how[@]}" "$program" </dev/null >"$work/log" 2>&1
	fi
	rc=$?
	skips=$(count '^(not )?ok [0-9]+.*# SKIP')
	ok=$(grep -E '^ok [0-9]+' "$work/log" | grep -cv '# SKIP')
	not_ok=$(grep -E '^not ok [0-9]+' "$work/log" | grep -cv '# SKIP')
	if [ $rc = 77 ]; then
		skips=$((skips + 1))
	elif [ $rc != 0 ] && [ "$not_ok" = 0 ]; then
		not_ok=1
		echo "not ok - $name ended with status $rc" >>"$work/log"
	elif [ $rc = 0 ] && [ $((ok + not_ok + skips)) = 0 ]; then
		not_ok=1
		echo "not ok - $name tested nothing" >>"$work/log"
	fi
	passed=$((passed + ok)) failed=$((failed + not_ok)) skipped=$((skipped + skips))
	printf '%-28s %3d passed, %d failed, %d skipped  (%d ms)\n' "$name" "$ok" "$not_ok" "$skips" \
		$((($(date +%s%N) - t) / 1000000))
	[ "$not_ok" = 0 ] || sed 's/^/    /' "$work/log"
	[ "$skips" = 0 ] || grep -E 'SKIP' "$work/log" | sed 's/^/    /'
}

for program; do run_one "$program"; done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
