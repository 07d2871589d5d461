# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# container.sh - to be sourced: containers as docker makes them, without docker: a cgroup by docker's name in
# the cgroup2 hierarchy, a pid namespace and a network namespace of their own, and docker's file on them. What
# is missing is what a watchdog does not look at: images, mounts, a bridge.
#
#   container_open DIR NAME    sets $container_id; DIR holds docker's files. Fails with a reason on stdout.
#   container_start COMMAND... starts one by that id and sets $container_init, its first process
#   container_kill             ends it as docker kill does, and waits for its end
#   container_netns            prints the inode of its network namespace
#   container_close
container_open() {
	local where
	where=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo)
	container_id=$(printf '%s' "$2 $$ $RANDOM" | sha256sum | cut -c1-64)
	container_top=$where/hearken-test-$$
	container_cgroup=$container_top/docker-$container_id.scope
	if [ -z "$where" ] || ! mkdir -p "$container_cgroup" 2>/dev/null; then
		echo "no cgroup2 hierarchy to make containers in"
		return 1
	fi
	mkdir -p "$1/containers/$container_id"
	printf '{"ID":"%s","Name":"/%s","State":{"Running":true},"HostConfig":{}}\n' "$container_id" "$2" \
		>"$1/containers/$container_id/config.v2.json"
}
# $dir is of who sources this.
# shellcheck disable=SC2154
container_start() {
	mkdir -p "$container_cgroup"
	: >"$dir/init"
	# Whoever starts it stays outside, as containerd's shim does.
	# shellcheck disable=SC2016 # the inner shell's own variables
	unshare --net --pid --fork sh -c '
		read -r pid _ </proc/self/stat && echo "$pid" >"$1/init"
		echo 0 >"$2/cgroup.procs"; shift 2
		ip link set lo up; exec "$@"' sh "$dir" "$container_cgroup" "$@" </dev/null >>"$dir/container.out" 2>&1 &
	container_shim=$!
	within 5 test -s "$dir/init"
	container_init=$(cat "$dir/init")
}
container_netns() { stat -Lc %i "/proc/$container_init/ns/net"; }
container_kill() {
	kill -KILL "$container_init"
	wait "$container_shim" 2>/dev/null
	within 5 test ! -e "/proc/$container_init"
	rmdir "$container_cgroup"
}
container_close() {
	[ -z "${container_init:-}" ] || [ ! -e "/proc/$container_init" ] || container_kill
	rmdir "$container_cgroup" "$container_top" 2>/dev/null
	:
}
