# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# stage.sh - to be sourced: a network namespace and a directory of our own, with certificates and a Dovecot
# in them, for the demo, the tests and the bench.
#
#   stage_open NAME      sets $ns and $dir
#   stage_dovecot        starts Dovecot with $dir/dovecot/dovecot.conf (dovecot_config writes it)
#   stage_conf           prints the keys of [hearken] that keep everything in $dir
#   stage_close          ends who lives in the namespace we made, and removes both
stage_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$stage_dir/dovecot-config.sh"

stage_open() { # NAME
	ns=hearken-$1-$$
	dir=$(mktemp -d "/var/tmp/hearken-$1.XXXXXX")
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
stage_close() {
	local p
	for p in $(stage_pids); do kill -KILL "$p" 2>/dev/null || true; done
	ip netns del "$ns" 2>/dev/null || true
	rm -rf "$dir"
}
