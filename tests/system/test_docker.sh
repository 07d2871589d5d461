#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real docker: a container that serves mail as Mailu's front does, found and judged with nothing configured but a
# CA: what is not configured, a crash inside, docker stop, kill, pause, a container made anew, a repair, and
# ports that are published with nothing behind them.
# alone: /proc shows the containers of all
set -u
here=$(dirname "$(readlink -f "$0")")
. "$here/../tap.sh"
hearken=$(readlink -f build/hearken)
skip_all() { echo "# SKIP docker: $*"; exit 77; }
[ "$(id -u)" = 0 ] || skip_all "must be root"
for tool in dockerd containerd runc iptables jq dovecot /lib/systemd/systemd-journald; do
	[ -n "$(command -v "$tool")" ] || skip_all "there is no $tool"
done
exec 9>/var/tmp/hearken-docker.lock
flock -w 300 9 || skip_all "another docker host of tests is there"
dir=$(mktemp -d /var/tmp/hearken-docker.XXXXXX)
chmod 755 "$dir"
daemon=
clean_up() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null
	[ ! -s "$dir/journald.pid" ] || kill "$(cat "$dir/journald.pid")" 2>/dev/null
	"$here/docker-host.sh" stop "$dir/host" >/dev/null 2>&1 9>&-
	wait
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
on() { "$here/docker-host.sh" exec "$dir/host" "$@" </dev/null 9>&-; }
docker() { on timeout 60 docker "$@"; }

"$here/certs.sh" "$dir/certs" >/dev/null
"$here/docker-host.sh" start "$dir/host" >"$dir/log" 2>&1 9>&- || skip_all "no dockerd can be had here: $(tail -n 1 "$dir/log")"
"$here/docker-image.sh" "$dir/image.tar" dovecot-core dovecot-imapd dovecot-submissiond bash coreutils dash procps \
	iproute2 sed grep base-files base-passwd libc-bin netbase >"$dir/log" 2>&1 ||
	skip_all "no image of this machine's packages: $(tail -n 1 "$dir/log")"

# Its first process starts Dovecot, which it neither watches nor ends, and ends by itself at SIGTERM.
mkdir "$dir/image"
cat >"$dir/image/start" <<'END'
#!/bin/bash
trap 'exit 143' TERM
listener() { printf 'inet_listener %s {\n port = %s\n ssl = %s\n}\n' "$1" "$2" "$3"; }
port() { case ",${PORTS:-25,465,993}," in *",$1,"*) echo "$1" ;; *) echo 0 ;; esac; }
mkdir -p /run/dovecot /etc/dovecot
rm -f /run/dovecot/master.pid # as Mailu's own start does
{
	printf 'protocols = imap submission\nlisten = *\nlog_path = /var/log/dovecot.log\nssl = required\n'
	printf 'ssl_cert = </certs/good-chain.pem\nssl_key = </certs/good.key\nsubmission_relay_host = 127.0.0.1\n'
	printf 'mail_location = maildir:~/Maildir\nfirst_valid_uid = 1\n'
	printf 'passdb {\n driver = static\n args = password=secret\n}\n'
	printf 'userdb {\n driver = static\n args = uid=dovenull gid=dovenull home=/tmp/%%u\n}\n'
	echo 'service imap-login {'
	listener imap "$(port 143)" no
	listener imaps 993 yes
	printf '}\nservice submission-login {\n'
	listener submission "$(port 587)" no
	listener submissions 465 yes
	echo '}'
} >/etc/dovecot/dovecot.conf
dovecot
while :; do sleep 3600 & wait $!; done
END
chmod 755 "$dir/image/start"
tar --numeric-owner --owner 0 --group 0 -rf "$dir/image.tar" -C "$dir/image" start
docker import -c 'CMD ["/start"]' "$dir/image.tar" example/front:1 >"$dir/log" 2>&1 ||
	skip_all "docker does not take the image: $(tail -n 1 "$dir/log")"
on sh -c 'rm -rf /etc/dovecot /etc/postfix /etc/exim4 /etc/nginx /etc/hearken /run/hearken /var/lib/hearken /mailu /var/log/journal &&
	hostname mail.example.test && mkdir -p /mailu /run/hearken /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal &&
	printf "[Journal]\nStorage=volatile\nAudit=no\nReadKMsg=no\n" >/run/systemd/journald.conf.d/test.conf'
# shellcheck disable=SC2016 # for the inner shell
on setsid sh -c 'echo $$ >"$1"; exec env SYSTEMD_LOG_TARGET=null /lib/systemd/systemd-journald' sh "$dir/journald.pid" >/dev/null 2>&1 &
within 5 on test -S /run/systemd/journal/io.systemd.journal || skip_all "journald does not start there"

front() { # [DOCKER-OPTION...]: as compose makes it
	local l=com.docker.compose
	docker run -d --name mailu-front-1 --restart always --env-file /mailu/mailu.env -v "$dir/certs:/certs:ro" \
		-p 110:110 -p 143:143 -p 465:465 -p 587:587 -p 993:993 -l $l.project=mailu -l $l.service=front \
		-l $l.project.working_dir=/mailu -l $l.project.config_files=/mailu/docker-compose.yml "$@" example/front:1 >"$dir/log" 2>&1
}
watch() { # [LINE...] of hearken.conf
	[ -z "$daemon" ] || { kill "$daemon"; wait "$hearken_job" 2>/dev/null; }
	printf '%s\n' '[hearken]' "ca-file = $dir/certs/ca.pem" "state = $dir/state" "$@" >"$dir/hearken.conf"
	# What the stage does not serve, and Mailu would.
	for port in 25 443 995 4190; do printf '[listener p%s]\nport = %s\nexpected = no\n' $port $port; done >>"$dir/hearken.conf"
	# shellcheck disable=SC2016 # for the shell inside
	on setsid sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$dir/pid" "$hearken" run -c "$dir/hearken.conf" >"$dir/daemon.log" 2>&1 &
	hearken_job=$!
	within 20 on test -s /run/hearken/status.json
	daemon=$(cat "$dir/pid")
	mark=$(date +%s)
}
ask() { on cat /run/hearken/status.json | jq -er "$1"; }
service() { ask ".services[] | select(.port == $1) | $2"; }
is() { [ "$(service "$1" "$2")" = "$3" ]; } # PORT FILTER VALUE
shows() { is "$1" '.findings[0] | "\(.name)/\(.cause)"' "$2"; }
is_up() { is "$1" .verdict up; }
all_up() { for port in 465 587 993; do is_up $port || return 1; done; }
records() { on journalctl -q --no-pager -o json "--since=@$mark" _COMM=hearken | jq -c "select($1)"; }
told() { [ -n "$(records "$1")" ]; }
quiet() { [ -z "$(records '(.PRIORITY | tonumber) <= 3')" ]; } # nobody was paged
holds_in_container() { # PORT: by name, or by (the beginning of) its id
	local id
	id=$(docker inspect -f '{{.Id}}' mailu-front-1)
	service "$1" '.listeners[0].container' | grep -qE "^\"?(mailu-front-1|${id:0:12}.*)\"?$"
}
inside() { on nsenter -t "$(docker inspect -f '{{.State.Pid}}' mailu-front-1)" -n ss -Hlnt "sport = :$1" | grep -q LISTEN; }
start_time() { docker inspect -f '{{.State.StartedAt}}' mailu-front-1; }
restarted() { [ "$(start_time)" != "$before" ]; }
kill_master() { kill -KILL "$(docker top mailu-front-1 -eo pid,comm | awk '$2 == "dovecot" { print $1; exit }')"; }
mailu() { printf 'DOMAIN=example.test\nHOSTNAMES=mail.example.test\nTLS_FLAVOR=cert\n%s\n' "${1:+PORTS=$1}" >"$dir/mailu.env"; on cp "$dir/mailu.env" /mailu/mailu.env; }

# ---- nobody asked for 587 ----
mailu
front
within 10 inside 993
watch 'repair = restart'
expect "587 is not configured, without a word of configuration" within 5 shows 587 missing/not-configured
expect "what helps names PORTS" service 587 '.findings[0].remedy | test("PORTS")'
expect "no restart follows, and that is told" within 10 told '.HEARKEN_EVENT == "repair-withheld" and .HEARKEN_PORT == "587"'
expect "the others are up" within 15 is_up 993
expect "in the container" holds_in_container 993 || service 993 .listeners | sed "s/^/# /"
docker rm -f mailu-front-1 >/dev/null
front
within 10 inside 993
expect "a container made anew: still not configured" within 8 shows 587 missing/not-configured
expect "and never for another reason" [ -z "$(records '.HEARKEN_PORT == "587" and .HEARKEN_CAUSE == "container-gone"')" ]

# ---- all is well ----
mailu 25,465,587,993
docker rm -f mailu-front-1 >/dev/null
front
within 10 inside 587
watch
expect "with 587 in PORTS all is up" within 20 all_up
on "$hearken" check -c "$dir/hearken.conf" >"$dir/out" 2>&1
rc=$?
expect "published ports with nothing behind are no warning" [ $rc = 0 ]
expect "but a notice" grep -q 110 "$dir/out"
mark=$(date +%s)
for turn in 1 2; do
	docker rm -f mailu-front-1 >/dev/null
	front
	within 10 inside 993
	expect "made anew, $turn: followed" within 15 all_up
	sleep 1
done
expect "and nobody is paged" quiet

# ---- the operator, and the end of the first process ----
docker pause mailu-front-1 >/dev/null
expect "paused: told within seconds" within 3 is 993 '.findings[0] | "\(.name) \(.detail | test("paused"))"' "not-accepting true"
docker unpause mailu-front-1 >/dev/null
expect "and over" within 10 all_up
mark=$(date +%s)
docker stop -t 2 mailu-front-1 >/dev/null
expect "docker stop: container-stopped" within 35 shows 993 missing/container-stopped
expect "which is told when it was not made anew" within 40 told '.HEARKEN_EVENT == "incident-opened" and .HEARKEN_CAUSE == "container-stopped"'
expect "what helps is to start it" service 993 '.findings[0].remedy | test("up -d front")'
expect "no crash is told" [ -z "$(records '.HEARKEN_CAUSE == "owner-crashed" or .HEARKEN_CAUSE == "closed-by-owner"')" ]
docker start mailu-front-1 >/dev/null
expect "started: up" within 20 all_up
expect "it was one incident for all ports" [ "$(records '.HEARKEN_EVENT == "incident-opened"' | wc -l)" = 1 ]
docker rm -f mailu-front-1 >/dev/null
front --restart no
within 10 inside 993
expect "up" within 20 all_up
kill -KILL "$(docker inspect -f '{{.State.Pid}}' mailu-front-1)"
expect "the first process dies: container-exited, by signal 9" within 10 is 993 \
	'.findings[0] | "\(.cause) \(.detail | test("SIGKILL"))"' "container-exited true"
docker start mailu-front-1 >/dev/null
expect "up" within 20 all_up

# ---- a crash inside, and its repair ----
watch 'repair = restart'
expect "up" within 20 all_up
mark=$(date +%s)
before=$(start_time)
kill_master
expect "a crash inside: told at once" within 3 told '.HEARKEN_EVENT == "incident-opened" and .HEARKEN_CAUSE == "owner-crashed"'
expect "the container is restarted by its runtime" within 30 restarted
expect "all is proven" within 30 all_up
expect "and told" within 5 told '.HEARKEN_EVENT == "incident-closed"'
finish
