#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The ends of a container on a real docker, each with its cause: docker pause and stop, the end of the first process, a
# crash inside and its repair by the runtime.
# alone: /proc shows the containers of all
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
. "$here/docker-stage.sh"
docker_stage "$@" # options of dockerd
restarted() { [ "$(start_time)" != "$before" ]; }

mailu 25,465,587,993
front
within 10 serves 587
watch
expect "all is up" within 30 all_up

# ---- the operator, and the end of the first process ----
docker pause $front >/dev/null
expect "paused: told within seconds" within 3 is 993 '.findings[0] | "\(.name) \(.detail | test("paused"))"' "not-accepting true"
docker unpause $front >/dev/null
expect "and over" within 10 all_up
mark=$(moment)
docker stop -t 2 $front >/dev/null
expect "docker stop: container-stopped" within 35 shows 993 missing/container-stopped
expect "which is told when it was not made anew" within 40 told '.HEARKEN_EVENT == "incident-opened" and .HEARKEN_CAUSE == "container-stopped"'
expect "what helps is to start it" service 993 '.findings[0].remedy | test("up -d front")'
expect "no crash is told" [ -z "$(records '.HEARKEN_CAUSE == "owner-crashed" or .HEARKEN_CAUSE == "closed-by-owner"')" ]
docker start $front >/dev/null
expect "started: up" within 30 all_up
expect "it was one incident for all ports" [ "$(records '.HEARKEN_EVENT == "incident-opened"' | wc -l)" = 1 ]
remove
front --restart no
within 10 serves 993
expect "up" within 30 all_up
kill -KILL "$(first_pid)"
expect "the first process dies: container-exited, by signal 9" within 10 is 993 \
	'.findings[0] | "\(.cause) \(.detail | test("SIGKILL"))"' "container-exited true"
docker start $front >/dev/null
expect "up" within 30 all_up

# ---- a crash inside, and its repair ----
watch 'repair = restart'
expect "up" within 30 all_up
mark=$(moment)
before=$(start_time)
kill_master
expect "a crash inside: told at once" within 3 told '.HEARKEN_EVENT == "incident-opened" and .HEARKEN_CAUSE == "owner-crashed"'
expect "the container is restarted by its runtime" within 30 restarted
expect "all is proven" within 30 all_up
expect "and told" within 20 told '.HEARKEN_EVENT == "incident-closed"'
finish
