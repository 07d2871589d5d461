#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What may become of a container on a real docker: work that was planned pages nobody; faults are told in time, each with
# its cause, as one incident, which is over when the fault is. [DOCKERD-OPTION...]
# alone: /proc shows the containers of all
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
. "$here/docker-stage.sh"
. "$here/docker-rows.sh"
docker_stage "$@"
kill_first() { kill -KILL "$(first_pid)"; }
anew() { remove; front; }
as_compose() { # up -d with a change: it makes the next before it removes the last
	docker rename $front last && docker stop -t 2 last && docker rm last && front "$@"
}
mailu 25,465,587,993

# ---- planned ----
if row restart; then
	docker restart -t 2 $front >/dev/null
	over
	no_alert
fi
if row "stop and start"; then
	docker stop -t 2 $front >/dev/null
	sleep 5
	docker start $front >/dev/null
	over
	no_alert
fi
if row stop; then
	docker stop -t 2 $front >/dev/null
	so "is container-stopped at once" within 3 shows 993 missing/container-stopped
	so "told when it stays" within 40 told_as container-stopped
	so "and pages nobody" calm
	incidents 1
	docker start $front >/dev/null
	over
fi
if row "recreate"; then
	anew
	over
	no_alert
fi
if row "compose up -d with a change"; then
	as_compose -e CHANGED=1
	over
	no_alert
fi
if row "reload by docker kill -s HUP"; then
	docker kill -s HUP $front >/dev/null
	sleep 2
	over
	no_alert
fi
if row "pause and unpause"; then
	docker pause $front >/dev/null
	so "told within 3 s" within 3 is 993 '.findings[0].name' not-accepting
	docker unpause $front >/dev/null
	over
fi
if row "removed"; then
	remove
	so "told when it stays" within 40 told_as container-stopped
	so "and pages nobody" calm
	incidents 1
	front
	over
fi

# ---- faults ----
if row "a crash inside"; then
	kill_master
	alert 2 owner-crashed
	incidents 1
	docker restart -t 2 $front >/dev/null
	over
	incidents 1
fi
if row "the first process dies, docker starts it again"; then
	kill_first
	over
	no_alert
fi
if row "the first process dies, nobody starts it again" --restart no; then
	kill_first
	alert 5 container-exited
	incidents 1
	docker start $front >/dev/null
	over
	incidents 1
fi
if row "docker starts no more what it was told to kill once"; then
	docker kill -s HUP $front >/dev/null
	kill_first
	alert 5 container-exited
	docker start $front >/dev/null
	over
	incidents 1
fi
if row "docker kill, and made anew"; then
	docker kill $front >/dev/null
	so "told when it stays" within 40 page container-exited
	incidents 1
	anew
	over
	incidents 1
fi
if row "out of memory" --memory 96m --memory-swap 96m; then
	echo 1000 >"/proc/$(master)/oom_score_adj"
	docker exec $front sh -c 'head -c 120m /dev/zero | tail -c 110m >/dev/null' >/dev/null 2>&1
	alert 5 owner-oom-killed
	incidents 1
	docker restart -t 2 $front >/dev/null
	over
	incidents 1
fi
if row "taken from its network"; then
	docker network disconnect bridge $front >/dev/null
	so "unreachable within 5 s" within 5 is 993 '.findings[0].name' unreachable
	so "what helps is to connect it" service 993 '.findings[0].remedy | test("docker network connect bridge '$front'")'
	incidents 1
	docker network connect bridge $front >/dev/null
	over
	incidents 1
fi
if row "never started"; then
	remove
	made_by=create front
	watch
	so "is not-started at once" within 5 shows 993 missing/not-started
	so "what helps is to start it" service 993 '.findings[0].remedy | test("up -d front|start")'
	docker start $front >/dev/null
	over
fi
if row "a port that is not published"; then
	publish="465 993"
	anew
	watch
	so "is missing" within 5 is 587 '.findings[0].name' missing
	echo "# $(service 587 '.findings[0] | tojson')"
	publish="110 143 465 587 993"
	anew
	over
fi
if row "a crash loop"; then
	for i in 1 2 3; do
		kill_first
		within 15 serves 993
	done
	alert 5 container-exited
	incidents 1
fi
finish
