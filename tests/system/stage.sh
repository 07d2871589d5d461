# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# stage.sh - to be sourced: a network namespace and a directory of our own, with certificates and a Dovecot
# in them, for the demo, the tests and the bench.
#
#   stage_open NAME      sets $ns and $dir, below $below or /var/tmp
#   stage_dovecot        starts Dovecot with $dir/dovecot/dovecot.conf (dovecot_config writes it)
#   stage_conf           prints the keys of [hearken] that keep everything in $dir
#   events KIND          what the daemon told, whose words are in $dir/daemon.log
#   stage_close          ends who lives in the namespace we made, and removes both
stage_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$stage_dir/dovecot-config.sh"

stage_open() { # NAME
	ns=hearken-$1-$$
	dir=$(mktemp -d "${below:-/var/tmp}/hearken-$1.XXXXXX")
	chmod 755 "$dir" # Dovecot's users must get in
	"$stage_dir/certs.sh" "$dir/certs" >/dev/null
	ip netns add "$ns"
	ip -n "$ns" link set lo up
}
stage_pids() { ip netns pids "$ns" 2>/dev/null || true; }
stage_dovecot() { ip netns exec "$ns" dovecot -c "$dir/dovecot/dovecot.conf" </dev/null >"$dir/dovecot.out" 2>&1; }
stage_master() { cat "$dir/dovecot/run/master.pid" 2>/dev/null || true; }
stage_conf() {
	cat <<-CONF
	[hearken]
	netns = name:$ns
	status = $dir/status.json
	state = $dir/state
	textfile = $dir/hearken.prom
	server-name = mail.example.test
	ca-file = $dir/certs/ca.pem
	CONF
}
# Alerts and repairs of $daemon of that KIND, one a line, from the journal where there is one. What they advise may
# have lines of its own.
# shellcheck disable=SC2154 # $daemon is its caller's
events() { # KIND
	if [ -S /run/systemd/journal/socket ]; then
		journalctl -q --no-pager -o json --output-fields=MESSAGE "_PID=$daemon" "HEARKEN_EVENT=$1" 2>/dev/null |
			jq -r '.MESSAGE | if type == "string" then gsub("\n"; " ") else implode end'
	else
		awk -v head="hearken: $1" '/^hearken: / { if (line) print line; line = index($0, head) == 1 ? $0 : ""; next }
			line { line = line " " $0 } END { if (line) print line }' "$dir/daemon.log"
	fi
}
stage_close() {
	local p
	[ -n "${ns:-}" ] || return 0 # nothing was opened
	for p in $(stage_pids); do kill -KILL "$p" 2>/dev/null || true; done
	ip netns del "$ns" 2>/dev/null || true
	[ -z "${dir:-}" ] || rm -rf "$dir"
}
