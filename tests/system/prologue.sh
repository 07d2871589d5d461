# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# prologue.sh - sourced first by each test script: what all of them share, beside what tap.sh and stage.sh bring.
#
#   $here $test          its directory and its name, which is NAME where the script is test_NAME.sh
#   $hearken $fake       the binary, and the scripted server
#   need THING...        skips the test whole where one is missing: root, namespaces, or a program
#   open_dir             sets $dir, below $below or /var/tmp, which is removed at the end
#   open_ns              and $ns, a network namespace of our own with lo
#   open_stage           both, with certificates and all that stage.sh needs for a Dovecot
#   boot_guest OPTION... boots a copy of this machine, for which this script was run with "setup" and $ROOT; sets $guest
#   in_guest COMMAND...  there
#   at_end COMMAND...    to be done at the end, whatever comes; the last one first
#   ends PID...          to be ended then
#
# The daemon is started by the test, which sets $daemon and lets $dir/daemon.log and $dir/status.json be written:
#
#   end_daemon           ends it, in order
#   ask FILTER           of its status file; service PORT FILTER: of the service there; port FILTER: of 587
#   events KIND          its alerts, one a line, from the journal where there is one
#   told KINDS REGEX     one of them says so; wait_told NAME KINDS REGEX: is a test of that
#   logged REGEX         anything that it said
#
#   in_ns COMMAND...     in $ns; listens PORT: somebody listens there
#   says NAME STATUS REGEX COMMAND...   is a test: it ends with that status, in time, and says that ($dir/out has it)
# shellcheck disable=SC2034 # for who sources this
here=$(dirname "$(readlink -f "$0")")
prologue_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$prologue_dir/../tap.sh"
. "$prologue_dir/stage.sh"
test=$(basename "$0" .sh)
test=${test#test_}
out=${OUT:-build}
# shellcheck disable=SC2034 # for who sources this
hearken=$(readlink -f "$out/hearken") fake=$(readlink -f "$out/tests/system/fake_server")
dir='' ns='' daemon=''
prologue_ends=() prologue_pids=()

skip_all() { # WHY: the test ends here, with nothing done
	echo "# SKIP $test: $*"
	exit 77
}
need() { # THING...
	local thing
	for thing; do
		case $thing in
		root) [ "$(id -u)" = 0 ] || skip_all "must be root" ;;
		namespaces) unshare --net true 2>/dev/null || skip_all "no network namespaces" ;;
		perl) perl -MIO::Socket::INET -e 1 2>/dev/null || skip_all "no perl to listen with" ;;
		*) command -v "$thing" >/dev/null || skip_all "no $thing" ;;
		esac
	done
}

at_end() { prologue_ends+=("$(printf '%q ' "$@")"); }
ends() { prologue_pids+=("$@"); }
end_daemon() {
	[ -z "$daemon" ] || { kill -TERM "$daemon" && wait "$daemon"; } 2>/dev/null
	daemon=''
}
prologue_close() {
	local i p
	end_daemon
	for p in ${prologue_pids[@]+"${prologue_pids[@]}"}; do
		{ kill -CONT "$p"; kill -KILL "$p"; wait "$p"; } 2>/dev/null
	done
	for ((i = ${#prologue_ends[@]} - 1; i >= 0; i--)); do eval "${prologue_ends[i]}" 2>/dev/null; done
}
trap prologue_close EXIT
trap 'exit 130' INT TERM HUP

open_dir() {
	dir=$(mktemp -d "${below:-/var/tmp}/hearken-$test.XXXXXX")
	at_end rm -rf "$dir"
	chmod 755 "$dir" # others than root must get in
}
open_ns() {
	open_dir
	ns=hearken-$test-$$
	ip netns add "$ns" 2>/dev/null || skip_all "no network namespaces"
	at_end ip netns del "$ns"
	ip -n "$ns" link set lo up
}
open_stage() {
	need namespaces
	stage_open "$test"
	at_end stage_close
}

boot_guest() {
	need root
	guest=$(mktemp -d /var/tmp/hearken-guest.XXXXXX)
	at_end rm -f "$guest.setup" "$guest.log"
	printf '#!/bin/bash\nexec %q setup\n' "$(readlink -f "$0")" >"$guest.setup"
	at_end "$here/boot-systemd.sh" stop "$guest"
	# shellcheck disable=SC2046 # two words or none
	"$here/boot-systemd.sh" start $(guest_options) "$@" --setup "$guest.setup" "$guest" >"$guest.log" 2>&1 ||
		skip_all "no systemd can be booted here: $(tail -n 3 "$guest.log" | tr '\n' ' ')"
}
in_guest() { "$here/boot-systemd.sh" exec "$guest" "$@"; }

in_ns() { ip netns exec "$ns" "$@"; }
listens() { in_ns ss -Hlnt "sport = :$1" | grep -q .; }
ask() { jq -er "$1" "$dir/status.json" 2>/dev/null; }
service() { ask ".services[] | select(.port == $1) | $2"; }
port() { service 587 "$1"; }
told() { local kind; for kind in $1; do events "$kind"; done | grep -qE "$2"; }
wait_told() {
	if within 10 told "$2" "$3"; then ok "$1"; else
		not_ok "$1: $(tail -n 5 "$dir/daemon.log" | tr '\n' '|' | head -c 1200)"; fi
}
words() { { cat "$dir/daemon.log"; journalctl -q --no-pager -o cat "_PID=$daemon"; } 2>/dev/null; }
logged() { words | grep -qE "$1"; }

says() {
	local name=$1 status=$2 regex=$3 rc; shift 3
	timeout 30 "$@" >"$dir/out" 2>&1; rc=$?
	if [ $rc = "$status" ] && grep -qE "$regex" "$dir/out"; then ok "$name"; else
		not_ok "$name: status $rc, said: $(head -c 600 "$dir/out" | tr '\n' '|')"; fi
}
