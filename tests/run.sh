#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh PROGRAM... - runs test programs and adds up what they say.
#
# Each speaks TAP: "ok N - name", "not ok N - name: why", "ok N # SKIP why". A program that exits 77 was
# skipped whole and said why; one that fails without a "not ok" counts as one failure. Unit tests (those in
# $OUT/tests/, where OUT is "build" unless said) run as nobody when we are root. $TEST_TIMEOUT (seconds) bounds each.
#
# Most of them wait most of the time, so $TEST_JOBS (3) run side by side. Those that count events or processor time
# of the whole machine run by themselves after the others: the kernel's tests, fuzz.sh, and each script
# with a line "# alone: why".
# The last line is "N passed, N failed, N skipped"; the exit status is 0 when nothing failed and
# something passed.
set -u
out=${OUT:-build}
jobs=${TEST_JOBS:-3}
work=$(mktemp -d /tmp/hearken-tests.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -p "$work/unit/tests"
cp -r tests/data "$work/unit/tests/"
cp -r packaging docs "$work/unit/"
: >"$work/counts"

is_alone() { # PROGRAM
	case $1 in
	"$out"/tests/kernel/* | tests/kernel/* | */fuzz.sh) return 0 ;;
	*.sh) grep -q '^# alone: ' "$1" ;;
	*) return 1 ;;
	esac
}

run_one() { # PROGRAM LOG
	local program=$1 log=$2 name rc t ok not_ok skips
	local -a how=(timeout -k 5 "${TEST_TIMEOUT:-300}")
	name=$(basename "$program")
	t=$(date +%s%N)
	if [[ $program == "$out"/tests/test_* ]] && [ "$(id -u)" = 0 ]; then
		# A copy: the checkout may lie where nobody may not go.
		cp "$program" "$work/unit/"
		chmod -R a+rX "$work/unit"
		how+=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent)
		(cd "$work/unit" && CMOCKA_MESSAGE_OUTPUT=TAP "${how[@]}" "./$name") </dev/null >"$log" 2>&1
	else
		CMOCKA_MESSAGE_OUTPUT=TAP "${how[@]}" "$program" </dev/null >"$log" 2>&1
	fi
	rc=$?
	t=$((($(date +%s%N) - t) / 1000000))
	skips=$(grep -acE '^(not )?ok [0-9]+.*# SKIP' "$log")
	ok=$(grep -aE '^ok [0-9]+' "$log" | grep -cv '# SKIP')
	not_ok=$(grep -aE '^not ok [0-9]+' "$log" | grep -cv '# SKIP')
	if [ $rc = 77 ]; then
		skips=$((skips + 1))
	elif [ $rc != 0 ] && [ "$not_ok" = 0 ]; then
		not_ok=1
		echo "not ok - $name ended with status $rc" >>"$log"
	elif [ $rc = 0 ] && [ $((ok + not_ok + skips)) = 0 ]; then
		not_ok=1
		echo "not ok - $name tested nothing" >>"$log"
	fi
	{
		flock 9
		echo "$ok $not_ok $skips" >>"$work/counts"
		printf '%-28s %3d passed, %d failed, %d skipped  (%d ms)\n' "$name" "$ok" "$not_ok" "$skips" "$t"
		[ "$not_ok" = 0 ] || sed 's/^/    /' "$log"
		[ "$skips" = 0 ] || grep -aE 'SKIP' "$log" | sed 's/^/    /'
	} 9>"$work/lock"
}

n=0
alone=()
for program; do
	if is_alone "$program"; then
		alone+=("$program")
		continue
	fi
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
	n=$((n + 1))
	run_one "$program" "$work/log$n" &
done
wait
for program in "${alone[@]}"; do run_one "$program" "$work/log"; done

sum() { awk -v field="$1" '{ n += $field } END { print n + 0 }' "$work/counts"; }
passed=$(sum 1) failed=$(sum 2) skipped=$(sum 3)
# Whatever became of a program, it must have said something.
[ "$(wc -l <"$work/counts")" = $# ] || { echo "not ok - some of $# programs were not counted"; failed=$((failed + 1)); }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
