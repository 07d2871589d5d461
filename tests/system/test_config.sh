#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is declared: three products' files side by side, "auto", files that mean harm, and a port that listens though
# nobody asked for it.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
data=$(readlink -f "$here/../data")
open_dir
ns=hearken-config-$$
at_end ip netns del "$ns"

conf() { printf '[hearken]\nstatus = %s/status.json\nstate = %s/state\ntextfile = %s/h.prom\n%s\n' "$dir" "$dir" "$dir" "$1" >"$dir/hearken.conf"; }
# says NAME STATUS REGEX [ARG...]: "hearken config" ends with the status, in time, and says the sentence
says() {
	local name=$1 status=$2 regex=$3 rc; shift 3
	timeout 10 "$hearken" config -c "$dir/hearken.conf" "$@" >"$dir/out" 2>&1; rc=$?
	if [ $rc = "$status" ] && grep -qE "$regex" "$dir/out"; then ok "$name"; else
		not_ok "$name: status $rc, said: $(head -c 600 "$dir/out" | tr '\n' '|')"; fi
}
json() { timeout 10 "$hearken" config -c "$dir/hearken.conf" --json | jq -e "$1"; }

conf "sources = docker-mailserver:$data/mailserver/mailserver.env"
says "clean: status 0" 0 '^submission +587 +submission +starttls +yes +\? +docker-mailserver, policy'
says "who says what" 0 '^    docker-mailserver +submission, tls starttls$'
expect "hearken.conf alone, for who is about to reload" "$hearken" config -c "$dir/hearken.conf" --syntax
conf "probe-interval = banana"
says "a bad value: status 2, with its line" 2 'hearken.conf:5: .*banana' --syntax
expect "status finds its file all the same" sh -c "'$hearken' status -c '$dir/hearken.conf' | grep -q 'no daemon keeps $dir/status.json'"
conf "sources = mailu:$data/mailu/mailu.env"
says "587 published by compose and not in PORTS: status 1" 1 'docker-compose.yml:24: port 587 is published for front, and nothing listens behind it'
expect "the same in JSON" json '.sources[0] | .kind == "mailu" and .state == "read" and (.warnings | length == 3)'
expect "each service has what was said of it" json '.services[] | select(.port == 465) | .said | length == 2 and .[0].source == "mailu" and .[0].tls == "implicit" and .[1].source == "policy"'
printf 'SSL_TYPE=\n' >"$dir/mailserver.env"
conf "sources = docker-mailserver:$dir/mailserver.env"
says "465 in plain text by an empty SSL_TYPE" 1 'SSL_TYPE is empty: ports 465 and 587 listen in plain text'
printf 'TLS_FLAVOR=cert\nTLS_FLAVOR=notls\nPORTS=25, 587\n' >"$dir/mailu.env"
conf "sources = mailu:$dir/mailu.env docker-mailserver:$dir/mailserver.env"
says "a key said twice" 1 'mailu.env:2: TLS_FLAVOR is said again, with another value than in line 1'
says "a blank in PORTS" 1 'mailu.env:3: PORTS: " 587" has a blank in it'
printf 'TLS_FLAVOR=cert\nPORTS=143\n' >"$dir/mailu.env"
says "two that disagree" 1 '^conflict: imap \(143\): mailu .* says starttls, docker-mailserver .* says none'
expect "the same in JSON" json '.conflicts | length > 0 and all(.name == "tls")'
printf 'MAILCOW_HOSTNAME=a\nSUBMISSION_PORT=submission \n' >"$dir/mailcow.conf"
conf "sources = mailcow:$dir/mailcow.conf mailu:$dir/mailu.env"
says "a port that is a word: status 2, and the rest counts" 2 'mailcow.conf:2: SUBMISSION_PORT=submission: write a port'
expect "indeed it counts" grep -qE '^submissions +465 .* mailu, mailcow' "$dir/out"

# Files that mean harm: one sentence, at once, and the other source still counts.
conf "sources = mailcow:$dir/mailcow.conf docker-mailserver:$data/mailserver/mailserver.env"
harm() { # NAME REGEX: what is in mailcow.conf now
	local t; t=$(date +%s%N)
	says "$1" "${3:-2}" "$2"
	expect "$1: the other source counts, and it takes no time" sh -c "[ $((($(date +%s%N) - t) / 1000000)) -lt 2000 ] && grep -qE '^submission +587 .*docker-mailserver' '$dir/out'"
}
truncate -s 100M "$dir/mailcow.conf"; harm "100 MB" 'mailcow.conf: cannot be read: it is larger than 1 MiB'
head -c 1000 /dev/zero >"$dir/mailcow.conf"; harm "zeros" 'mailcow.conf: has a NUL byte in it'
{ echo MAILCOW_HOSTNAME=a; printf 'SMTP_PORT='; head -c 100000 /dev/zero | tr '\0' 9; } >"$dir/mailcow.conf"; harm "a line of 100,000 characters" 'mailcow.conf:2: SMTP_PORT=9{60}: write a port'
{ echo MAILCOW_HOSTNAME=a; yes 'SMTP_PORT="25' | head -n 50000; } >"$dir/mailcow.conf"; harm "unclosed quotes" 'mailcow.conf:2: SMTP_PORT: .* is the closing quote missing' 2
head -c 900000 /dev/urandom | tr '\0' x >"$dir/mailcow.conf"; harm "noise" 'mailcow.conf: has neither MAILCOW_HOSTNAME'
printf '\xef\xbb\xbfMAILCOW_HOSTNAME=a\r\nSMTP_PORT=2525\r\n' >"$dir/mailcow.conf"
says "CRLF and a byte order mark are no harm" 0 '^smtp +2525 '
rm "$dir/mailcow.conf"; mkdir "$dir/mailcow.conf"; harm "a directory" 'mailcow.conf: cannot be read: Is a directory'
rmdir "$dir/mailcow.conf"; mkfifo "$dir/mailcow.conf"; harm "a fifo" 'mailcow.conf: has neither'
rm "$dir/mailcow.conf"; ln -s mailcow.conf "$dir/mailcow.conf"; harm "a link to itself" 'mailcow.conf: cannot be read: Too many levels'
rm "$dir/mailcow.conf"; echo MAILCOW_HOSTNAME=a >"$dir/mailcow.conf"
{ echo services:; echo ' a:'; echo '  ports:'; yes '   - [[[[[[' | head -n 20000; } >"$dir/docker-compose.yml"; harm "a compose file of brackets" 'docker-compose.yml: has more than'
printf 'services:\n a:\n  ports: ["25:25"\n' >"$dir/docker-compose.yml"; harm "one that is no YAML" 'docker-compose.yml:4: .*this is no YAML'
truncate -s 100M "$dir/docker-compose.yml"; harm "one of 100 MB" 'docker-compose.yml: cannot be read: it is larger than 512 KiB' 1
rm "$dir/docker-compose.yml"
conf "sources = mailcow:$dir/mailcow.conf"
expect "memory is bounded" sh -c "truncate -s 100M '$dir/mailcow.conf'; (ulimit -v 200000; '$hearken' config -c '$dir/hearken.conf' >'$dir/out' 2>&1); grep -q 'larger than 1 MiB' '$dir/out'"

# auto, on a host of our own making.
host() { # runs the rest of the arguments where /opt, /srv and docker's directory are those below $dir/host, with no mail server
	# shellcheck disable=SC2016 # the inner shell's own variables
	unshare --mount --propagation private sh -c 'h=$0; for d in opt srv var/lib/docker; do mkdir -p /$d && mount --bind $h/$d /$d || exit 99; done
		for d in /etc/dovecot /etc/postfix /etc/exim4 /etc/nginx; do [ ! -d $d ] || mount --bind $h/none $d || exit 99; done; exec "$@"' "$dir/host" "$@"
}
auto() { # NAME STATUS REGEX
	local rc; timeout 10 bash -c "$(declare -f host); dir=$dir; host '$hearken' config -c '$dir/hearken.conf'" >"$dir/out" 2>&1; rc=$?
	if [ $rc = 99 ]; then skip "$1: cannot mount here"; return; fi
	if [ $rc -le "$2" ] && grep -qE "$3" "$dir/out"; then ok "$1"; else not_ok "$1: status $rc, said: $(head -c 600 "$dir/out" | tr '\n' '|')"; fi
}
conf "sources = auto"
mkdir -p "$dir/host/none" "$dir/host/opt/mailcow-dockerized" "$dir/host/srv/post" "$dir/host/var/lib/docker/containers/aa"
[ -e /var/lib/docker ] || made=/var/lib/docker
echo MAILCOW_HOSTNAME=a >"$dir/host/opt/mailcow-dockerized/mailcow.conf"
auto "auto finds mailcow where its manual puts it" 2 'source mailcow /opt/mailcow-dockerized/mailcow.conf: read \(it is there\)'
auto "and says where it looked for Mailu" 2 'source mailu /mailu/mailu.env: absent \(looked for in /mailu, /opt/mailu'
cp "$data/mailu/mailu.env" "$dir/host/srv/post/"
echo '{"Name":"/post-front-1","State":{"Running":true},"Config":{"Labels":{"com.docker.compose.project":"post","com.docker.compose.project.working_dir":"/srv/post"}}}' >"$dir/host/var/lib/docker/containers/aa/config.v2.json"
auto "auto finds Mailu where its containers are from" 2 'source mailu /srv/post/mailu.env: read \(directory of compose project post, whose container post-front-1 runs\)'
# The outage that all began with: TLS is on, docker publishes 587, and PORTS does not have it.
printf 'TLS_FLAVOR=cert\nPORTS=25,80,443,465,993,995,4190\n' >"$dir/host/srv/post/mailu.env"
printf 'services:\n front:\n  image: ghcr.io/mailu/nginx:2024.06.37\n  ports: ["192.0.2.7:25:25", "192.0.2.7:465:465", "192.0.2.7:587:587"]\n' >"$dir/host/srv/post/docker-compose.yml"
mv "$dir/host/opt/mailcow-dockerized" "$dir/away"
auto "Mailu's outage: 587 is expected, and it is known that nothing opens it" 1 '^submission +587 +submission +starttls +yes +no +policy$'
expect "by which word" grep -qF 'conflict: submission (587): the default policy wants it, since TLS is on, and by mailu (/srv/post/mailu.env) the server does not open it' "$dir/out"
expect "docker publishes it all the same" grep -qF 'docker-compose.yml:4: port 587 is published for front, and nothing listens behind it: it is not in PORTS' "$dir/out"
expect "and the others are where docker publishes them" grep -qF 'mailu              submission, tls implicit, on 192.0.2.7' "$dir/out"
timeout 20 bash -c "$(declare -f host); dir=$dir; host unshare --net '$hearken' check -c '$dir/hearken.conf'" >"$dir/out" 2>&1; rc=$?
if [ $rc = 99 ]; then skip "Mailu's outage: cannot mount here"; elif [ $rc = 2 ] && grep -A3 '587' "$dir/out" | grep -q 'not-configured' && grep -qF 'add 587 to PORTS in mailu.env (PORTS=25,80,443,465,993,995,4190,587)' "$dir/out"; then
	ok "check calls it not-configured, and names the line to write"; else not_ok "Mailu's outage: status $rc, said: $(head -c 1500 "$dir/out" | tr '\n' '|')"; fi
rm "$dir/host/srv/post/docker-compose.yml"; cp "$data/mailu/mailu.env" "$dir/host/srv/post/"; mv "$dir/away" "$dir/host/opt/mailcow-dockerized"
# A container is what its cgroup says; a process of ours is made to look like one.
contained() { # NAME REGEX VARIABLE...
	local name=$1 regex=$2 pid; shift 2
	env -i "$@" sleep 60 & pid=$!; ends "$pid"
	echo '0::/system.slice/docker-0123456789abcdef.scope' >"$dir/cgroup"
	timeout 10 bash -c "$(declare -f host); dir=$dir; host sh -c 'mount --bind $dir/cgroup /proc/$pid/cgroup || exit 99; exec $hearken config -c $dir/hearken.conf'" >"$dir/out" 2>&1
	if [ $? = 99 ]; then skip "$name: cannot mount here"; elif grep -qE "$regex" "$dir/out"; then ok "$name"; else not_ok "$name: said: $(head -c 600 "$dir/out" | tr '\n' '|')"; fi
	{ kill "$pid"; wait "$pid"; } 2>/dev/null
}
contained "a container that runs with other words than its file has" 'mailu.env: TLS_FLAVOR is "letsencrypt" here, and the container runs with "notls" \(environment of sleep' TLS_FLAVOR=notls "SUBNET6=fd9f:cafe:beef::/64"
rm -r "$dir/host/srv/post" "$dir/host/var/lib/docker/containers/aa"
contained "a container whose file nobody finds" 'source mailu /proc/[0-9]+/environ: read \(environment of sleep \(pid [0-9]+\) in a container\)' TLS_FLAVOR=cert PORTS=25,587
expect "what it runs with counts" grep -qE '^submission +587 .* mailu, mailcow' "$dir/out"
[ -z "${made:-}" ] || rmdir "$made" 2>/dev/null

# A port that listens though nobody asked for it: owner, since when, warning.
if ip netns add "$ns" 2>/dev/null && perl -MIO::Socket::INET -e 1 2>/dev/null; then
	ip -n "$ns" link set lo up
	# shellcheck disable=SC2016 # perl's own variables
	listen() { ip netns exec "$ns" perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], ReuseAddr => 1) or die; sleep 60' "$1" & ends $!; }
	conf "sources = docker-mailserver:$dir/mailserver.env
netns = name:$ns"
	printf 'SSL_TYPE=custom\nSMTP_ONLY=1\n' >"$dir/mailserver.env"
	listen 110
	within 5 listens 110
	timeout 20 "$hearken" check -c "$dir/hearken.conf" >"$dir/out" 2>&1
	expect "a surplus port is told, with its owner" grep -qE '^port 110: surplus, no source expects it; listens on 127.0.0.1 by .*(pid [0-9]+).* since before Hearken looked' "$dir/out"
	"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
	within 10 test -s "$dir/status.json"
	listen 143
	expect "and since when" within 5 ask '.surplus[] | select(.port == 143) | .opened | type == "string"'
	expect "in the metrics, as a warning's finding" within 5 grep -q 'hearken_finding_active{service="imap",port="143",protocol="imap",finding="surplus",cause="none"} 1' "$dir/h.prom"
else
	skip "a surplus port: no network namespace, or no perl to listen with"
fi
finish
