#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real docker: a container that serves mail as Mailu's front does, found and judged with nothing configured but a
# CA: what is not configured, a container made anew, and ports that are published with nothing behind them.
# alone: /proc shows the containers of all
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
. "$here/docker-stage.sh"
docker_stage "$@" # options of dockerd
holds_in_container() { # PORT: by name, or by (the beginning of) its id
	local id
	id=$(docker inspect -f '{{.Id}}' $front)
	service "$1" '.listeners[0].container' | grep -qE "^\"?($front|${id:0:12}.*)\"?$"
}

# ---- nobody asked for 587 ----
mailu
front
within 10 serves 993
watch 'repair = restart'
expect "587 is not configured, without a word of configuration" within 5 shows 587 missing/not-configured
expect "what helps names PORTS" service 587 '.findings[0].remedy | test("PORTS")'
expect "no restart follows, and that is told" within 10 told '.HEARKEN_EVENT == "repair-withheld" and .HEARKEN_PORT == "587"'
expect "the others are up" within 15 is_up 993
expect "in the container" holds_in_container 993
remove
front
within 10 serves 993
expect "a container made anew: still not configured" within 8 shows 587 missing/not-configured
expect "and never for another reason" [ -z "$(records '.HEARKEN_PORT == "587" and .HEARKEN_CAUSE == "container-gone"')" ]

# ---- all is well ----
mailu 25,465,587,993
remove
front
within 10 serves 587
watch
expect "with 587 in PORTS all is up" within 30 all_up
says "published ports with nothing behind are no warning, but a notice" 0 'ports 110 and 143 of' \
	"$here/docker-host.sh" exec "$dir/host" "$hearken" check -c "$conf"
mark=$(moment)
for turn in 1 2; do
	remove
	front
	within 10 serves 993
	expect "made anew, $turn: followed" within 30 all_up
	sleep 1
done
expect "and nobody is paged" quiet
finish
