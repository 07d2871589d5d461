#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# fuzz.sh [PROGRAM...] - runs fuzzers (build/tests/fuzz/fuzz_*), as many at a time as there are processors.
#
# Each fuzz_WHAT starts from tests/fuzz/corpus/WHAT/ and from every tests/data/WHAT-*; what it learns goes to
# build/fuzz/corpus/WHAT/, from where the next run goes on, and the words of tests/fuzz/WHAT.dict are tried if
# there are any. $HEARKEN_FUZZ_SECONDS (10) bounds all of them together, $HEARKEN_FUZZ_EACH (60) each one.
# An input that crashes, hangs for 5 s, leaks or takes more than 512 MB is kept in build/fuzz/crashes/, and
# its path is the reason in the "not ok" line; to see it again: PROGRAM PATH.
set -u
[ $# -gt 0 ] || set -- build/tests/fuzz/fuzz_*
[ -x "$1" ] || { echo "1..0 # SKIP no fuzzer was built"; exit 77; }
jobs=$(nproc)
each=$((${HEARKEN_FUZZ_SECONDS:-10} * jobs / $#))
[ "$each" -le "${HEARKEN_FUZZ_EACH:-60}" ] || each=${HEARKEN_FUZZ_EACH:-60}
[ "$each" -ge 1 ] || each=1
crashes=build/fuzz/crashes logs=$(mktemp -d /tmp/hearken-fuzz.XXXXXX)
trap 'rm -rf "$logs"' EXIT
export TMPDIR=$logs # for those that need a directory, be it that they crash
# By default the sanitizer keeps 256 MB of what was freed, to see who uses it: that is not the fuzzed code's.
export ASAN_OPTIONS=quarantine_size_mb=64
mkdir -p $crashes

fuzz_one() { # PROGRAM
	local what=${1##*/fuzz_} work file
	local -a options=("-max_total_time=$each" -timeout=5 -rss_limit_mb=512 -close_fd_mask=1
		"-artifact_prefix=$crashes/$what-")
	work=build/fuzz/corpus/$what
	mkdir -p "$work"
	for file in tests/data/"$what"-*; do
		[ ! -f "$file" ] || cp "$file" "$work/"
	done
	[ ! -f "tests/fuzz/$what.dict" ] || options+=("-dict=tests/fuzz/$what.dict")
	[ ! -d "tests/fuzz/corpus/$what" ] || set -- "$1" "tests/fuzz/corpus/$what"
	timeout -k 5 $((each + 30)) "$1" "${options[@]}" "$work" "${@:2}" >"$logs/$what" 2>&1
	echo $? >"$logs/$what.rc"
}

for program; do
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
	fuzz_one "$program" &
done
wait
n=0 failed=0
for program; do
	what=${program##*/fuzz_} n=$((n + 1))
	runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$logs/$what")
	if [ "$(cat "$logs/$what.rc")" = 0 ] && [ "${runs:-0}" -gt 0 ]; then
		echo "ok $n - fuzz $what: $runs inputs in $each s"
		continue
	fi
	failed=1
	input=$(sed -n 's/.*Test unit written to //p' "$logs/$what" | tail -n 1)
	echo "not ok $n - fuzz $what: see it with $program ${input:-(no input was kept)}"
	grep -aE '^SUMMARY|ERROR|runtime error|Assertion' "$logs/$what" | head -n 5 | sed 's/^/# /'
	[ -n "$input" ] || tail -n 3 "$logs/$what" | sed 's/^/# /'
done
echo "1..$n"
exit $failed
