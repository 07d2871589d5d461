#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The demo is a test: it ends with 0 only when each of its scenes was really observed; and when it is
# interrupted, it leaves nothing behind.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_dir
log=$dir/log
leftovers() { ip netns list | grep -c hearken-demo; find /var/tmp -maxdepth 1 -name "hearken-demo.*" ! -path "$dir" | wc -l; }

before=$(leftovers)
if "$here/demo.sh" "$hearken" >"$log" 2>&1; then ok "all four scenes were observed"; else not_ok "the demo failed"; sed 's/^/# /' "$log"; fi
expect "nothing is left behind" test "$(leftovers)" = "$before"

: >"$log" # or the words of the run before would do
# A shell's background jobs ignore SIGINT, and hand that on.
env --default-signal=INT setsid "$here/demo.sh" "$hearken" >"$log" 2>&1 &
pid=$!
within 20 grep -q 'not-configured' "$log" || true
kill -INT -- "-$pid"
wait "$pid"
expect "Ctrl-C ends it with 130" test $? = 130
expect "and nothing is left behind either" test "$(leftovers)" = "$before"

# shellcheck disable=SC2046 # two words or none
"$here/boot-systemd.sh" run $(guest_options) -- "$(readlink -f "$here/demo.sh")" "$hearken" >"$log" 2>&1
case $? in
0) ok "the same where there is a journald to tell" ;;
125) skip "no systemd can be booted here: $(tail -n 1 "$log")" ;;
*) not_ok "the demo failed in a booted systemd"; sed 's/^/# /' "$log" ;;
esac
finish
