#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The demo is a test: it ends with 0 only when each of its scenes was really observed; and when it is
# interrupted, it leaves nothing behind.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_dir
log=$dir/log
export below=$dir
# Of the demo that was $1: others may run theirs beside us.
leftovers() { ip netns list | grep "^hearken-demo-$1\>"; find "$dir" -mindepth 1 -maxdepth 1 -name 'hearken-demo.*'; }

"$here/demo.sh" "$hearken" >"$log" 2>&1 & pid=$!
if wait $pid; then ok "all four scenes were observed"; else not_ok "the demo failed"; sed 's/^/# /' "$log"; fi
expect "nothing is left behind" test -z "$(leftovers $pid)"

# interrupted WORDS TIMES: Ctrl-C, so many times, when it has said WORDS
interrupted() {
	local i
	: >"$log" # or the words of the run before would do
	# A shell's background jobs ignore SIGINT, and hand that on.
	env --default-signal=INT setsid "$here/demo.sh" "$hearken" >"$log" 2>&1 & pid=$!
	within 60 grep -q "$1" "$log"
	for ((i = 0; i < $2; i++)); do
		kill -INT -- "-$pid" 2>/dev/null
		sleep 0.2
	done
	wait $pid
	expect "Ctrl-C, $2 times, ends it with 130" test $? = 130
	expect "and nothing is left behind either" test -z "$(leftovers $pid)"
}
interrupted not-configured 1
interrupted 'was started' 5

# shellcheck disable=SC2046 # two words or none
"$here/boot-systemd.sh" run $(guest_options) -- "$(readlink -f "$here/demo.sh")" "$hearken" >"$log" 2>&1
case $? in
0) ok "the same where there is a journald to tell" ;;
125) skip "no systemd can be booted here: $(tail -n 1 "$log")" ;;
*) not_ok "the demo failed in a booted systemd"; sed 's/^/# /' "$log" ;;
esac
finish
