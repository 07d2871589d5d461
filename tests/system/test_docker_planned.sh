#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_docker_planned.sh [COUNT [SEED [DOCKERD-OPTION...]]] - work on a container that somebody planned, mixed by chance,
# in haste and at leisure: nobody is paged, and nothing is repaired. COUNT: 40.
# alone: /proc shows the containers of all
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
. "$here/docker-stage.sh"
count=${1:-40} seed=${2:-$RANDOM}
shift $(($# < 2 ? $# : 2))
docker_stage "$@"
operations=(restart restart stop_and_start stop_and_start anew as_compose pause reload rename)
paged() { records '(.PRIORITY | tonumber) <= 3 or .HEARKEN_EVENT == "repair-started"'; }
up_to() { echo $((RANDOM % ($1 + 1))); }
restart() { docker restart -t "$(up_to 3)" $front; }
stop_and_start() { docker stop -t "$(up_to 3)" $front; sleep "$(up_to 8)"; docker start $front; }
anew() { remove; sleep "$(up_to 3)"; front; }
as_compose() { # up -d with a change: it makes the next before it removes the last
	docker rename $front last; docker stop -t 2 last; docker rm last; front -e "CHANGED=$RANDOM"
}
pause() { docker pause $front; sleep "$(up_to 4)"; docker unpause $front; }
reload() { docker kill -s HUP $front; }
rename() { docker rename $front renamed; sleep "$(up_to 2)"; docker rename renamed $front; }

mailu 25,465,587,993
front
within 15 serves 993
watch 'repair = restart'
expect "all is up" within 30 all_up
mark=$(moment)
echo "# seed $seed"
RANDOM=$seed
before=0
for ((i = 1; i <= count; i++)); do
	operation=${operations[RANDOM % ${#operations[@]}]}
	began=$(date +%T)
	$operation >/dev/null 2>&1
	# Most wait for what they did to be in service, some do not.
	[ $((RANDOM % 4)) = 0 ] || within 30 all_up
	sleep "$(up_to 3)"
	now=$(paged | wc -l)
	[ "$now" = "$before" ] || { echo "# $began operation $i, $operation:"; records true | tail -n 12 |
		jq -r '"# \(.__REALTIME_TIMESTAMP | tonumber / 1000000 | todate) \(.HEARKEN_EVENT) \(.MESSAGE)"'; }
	before=$now
done
expect "all is up after $count planned operations" within 40 all_up
sleep 2
expect "and nobody was paged, and nothing repaired" [ -z "$(paged)" ]
kinds=$(records '.HEARKEN_EVENT == "incident-opened"' | jq -r '.HEARKEN_FINDING + " " + .HEARKEN_CAUSE' | sort | uniq -c)
echo "# of these, told: ${kinds//$'\n'/; }"
finish
