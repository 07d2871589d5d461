#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Services that are expected in a container: found by name, followed into the new network namespace when it
# is started anew, missed when it stays away, and probed where they are. The server is a real Dovecot.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
. "$here/container.sh"
need root jq
open_dir
name=mail-$$
container_open "$dir/docker" "$name" >"$dir/why" || skip_all "$(cat "$dir/why")"
at_end container_close

"$here/certs.sh" "$dir/certs" >/dev/null
dovecot_config "$dir/dovecot" "$dir/certs/good-chain.pem" "$dir/certs/good.key" tls 587
# Docker's files where docker has them, for us alone.
# shellcheck disable=SC2016 # the inner shell's own variables
as_docker=(unshare --mount --propagation private sh -c 'mkdir -p /var/lib/docker && mount --bind "$1" /var/lib/docker && shift && exec "$@"' sh "$dir/docker" "$hearken")
is() { [ "$(port "$1")" = "$2" ]; }
closed() { [ "$(events incident-closed | grep -c .)" = "$1" ]; }
serving_in() { is '"\(.verdict) \(.listeners[0].netns)"' "up $1"; }
serve() { rm -f "$dir/dovecot/run/master.pid"; container_start dovecot -F -c "$dir/dovecot/dovecot.conf"; }

cat >"$dir/hearken.conf" <<-CONF
	[hearken]
	netns = container:$name
	sources = none
	status = $dir/status.json
	state = $dir/state
	textfile = $dir/hearken.prom
	server-name = mail.example.test
	ca-file = $dir/certs/ca.pem
	[listener submission]
	port = 587
	protocol = submission
	tls = starttls
CONF

# No such container yet: said at once, and not as "up".
"${as_docker[@]}" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
within 10 test -s "$dir/status.json"
if [ "$(ask .mode)" != events ]; then
	skip "containers cannot be followed without BPF: $(ask .degraded)"
	finish
	exit
fi
expect "a container that does not run: container-gone, at once" within 5 told incident-opened \
	"container-gone\): container $name is not there"
serve
first=$(container_netns)
expect "it starts: found by its listener, and proven inside it" within 5 is .verdict up
expect "the incident is closed" within 5 told incident-closed 'Port 587'
expect "the listener is in its namespace" is '.listeners[0].netns' "$first"
expect "its container is named" is '.listeners[0] | "\(.container) \(.container_name)"' "$container_id $name"
expect "and by the first digits of its id too" sh -c "sed 's/container:.*/container:${container_id:0:12}/' '$dir/hearken.conf' >'$dir/id.conf'; '$hearken' check -c '$dir/id.conf' >'$dir/check'; grep 'submission/starttls: up .*in container ${container_id:0:12} ' '$dir/check'"
cp "$hearken" "$dir/hearken"
setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/hearken" check -c "$dir/id.conf" >"$dir/check" 2>&1
expect "who may not look into it claims nothing: unknown" test $? = 3
expect "and says so" grep -q "Cannot look for the container" "$dir/check"

"$hearken" preflight -c "$dir/id.conf" >"$dir/preflight" 2>&1
expect "preflight looks into it too" grep -q submission "$dir/preflight"

# Paused, as docker does it, while clients come: its queue is looked at where it is.
freeze() { echo "$1" >"$container_cgroup/cgroup.freeze"; }
snapshots() { awk '$1 == "hearken_snapshots_total" { print $2 }' "$dir/hearken.prom" | grep .; }
before=$(snapshots)
freeze 1
nsenter "--net=/proc/$container_init/ns/net" perl -MIO::Socket::INET -e '
	for (1 .. 3) { push @s, IO::Socket::INET->new(PeerAddr => "127.0.0.1:587"); select(undef, undef, undef, 0.05) }
	sleep 60' & clients=$!
expect "paused while clients come: not-accepting" within 12 told incident-opened 'nobody accepts them: at 0.0.0.0, 3 clients wait'
after=$(snapshots)
expect "without a snapshot at each look: $before, then $after" test "$after" -lt "$((${before:?} + 3))"
freeze 0
expect "it goes on: up" within 15 serving_in "$first"
{ kill "$clients"; wait "$clients"; } 2>/dev/null
expect "and its incident is closed, the second" within 5 closed 2

# Killed, and started anew within the grace: another namespace, no alert, and the probes go there.
before=$(wc -l <"$dir/daemon.log")
container_kill
expect "its first process was killed: the cause is the container, not the server" within 3 is '.findings[0].cause // "none"' container-exited
sleep 1
# A namespace that is gone leaves its number to the next: let that be another's.
take_number() {
	unshare --net sleep 60 & keeper=$!
	sleep 0.1
	[ "$(stat -Lc %i "/proc/$keeper/ns/net")" = "$first" ] || { kill "$keeper"; return 1; }
}
within 1 take_number
serve
second=$(container_netns)
if [ "$first" != "$second" ]; then
	ok "the new namespace has another number"
else
	skip "the new namespace has the number of the old one: nobody else took it"
fi
expect "back within its grace: up in the new namespace" within 15 serving_in "$second"
expect "and nobody was alarmed" sh -c "! tail -n +$((before + 1)) '$dir/daemon.log' | grep -aE 'incident-'"
is '.probes[0].complete' true
expect "a probe ended inside it" test $? = 0
kill "$keeper" 2>/dev/null

# A server that dies inside a container that lives is no container that is gone.
container_kill
rm -f "$dir/dovecot/run/master.pid"
container_start sh -c "dovecot -c '$dir/dovecot/dovecot.conf'; exec sleep 300"
expect "started by an init that stays" within 15 serving_in "$(container_netns)"
# As docker's proxy, it takes the host's clients all the same.
perl -MIO::Socket::INET -e '$0 = "docker-proxy"; $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:587", ReuseAddr => 1) or die;
	close $c while $c = $s->accept' 2>>"$dir/container.out" &
ends $!
sleep 1
master=$(while read -r p; do [ "$(cat "/proc/$p/comm")" != dovecot ] || echo "$p"; done <"$container_cgroup/cgroup.procs" | sort -n | sed -n 1p)
kill -KILL "$master"
expect "Dovecot is killed in it: owner-crashed, within a second or two" within 3 told incident-opened 'owner-crashed\): (signal 9|SIGKILL) '
expect "and that a connect to the host says nothing of it" told incident-opened "(signal 9|SIGKILL) .*; a connect to the host succeeds all the same, and says nothing of this: docker-proxy \(pid [0-9]+\) listens at 127.0.0.1 there"
container_kill
expect "then the container ends: said as a change" within 12 told incident-changed "container-gone\): container $name \(${container_id:0:12}\) is gone, and with it network namespace [0-9]+"

# It comes back without the listener, and with it.
container_start sleep 300
expect "a new namespace without the listener: still missing" within 35 is '.findings[0] | "\(.cause) \(.detail | test("made anew"))"' "not-started true"
container_kill
sleep 0.5
serve
expect "and at last it serves: closed" within 15 serving_in "$(container_netns)"
finish
