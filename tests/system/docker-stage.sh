# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# docker-stage.sh - sourced behind prologue.sh: a docker host of its own, with an image whose front serves mail by the
# rules of Mailu's, and Hearken on it. One at a time on a machine: /proc shows the containers of all.
#
#   docker_stage [DOCKERD-OPTION...]   opens it, or skips the test; $dir, $conf
#   on COMMAND...                      on the docker host; docker WORD...: of its docker
#   mailu [PORTS]                      /mailu/mailu.env, with that PORTS line or none
#   front [DOCKER-OPTION...]           docker run, as compose makes it; the ports of $publish ("[ADDRESS:]PORT ...");
#                                      made_by=create: is never started
#   watch [LINE...]                    a Hearken begins anew, with these lines in its configuration
#
# Then: ask FILTER, service PORT FILTER, is PORT FILTER VALUE, shows PORT FINDING/CAUSE, is_up PORT, all_up, serves PORT
# (inside), records FILTER, told FILTER, quiet; all records since the last "mark=$(moment)".
# shellcheck disable=SC2154 # $dir and $hearken are the prologue's
stage_of_docker=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
front=mailu-front-1
publish="110 143 465 587 993"

on() { "$stage_of_docker/docker-host.sh" exec "$dir/host" "$@" </dev/null 9>&-; }
docker() { on timeout 60 docker "$@"; }
docker_stage() {
	local tool
	need root
	for tool in dockerd containerd runc iptables jq dovecot /lib/systemd/systemd-journald; do need $tool; done
	exec 9>/var/tmp/hearken-docker.lock
	flock -w 300 9 || skip_all "another docker host of tests is there"
	open_dir
	at_end end_docker_stage
	"$stage_of_docker/certs.sh" "$dir/certs" >/dev/null
	"$stage_of_docker/docker-host.sh" start "$dir/host" "$@" >"$dir/log" 2>&1 9>&- ||
		skip_all "no dockerd can be had here: $(tail -n 1 "$dir/log")"
	make_image
	# The machine's root is seen there, but for its mail servers and its journal.
	on sh -c 'rm -rf /etc/dovecot /etc/postfix /etc/exim4 /etc/nginx /etc/hearken /run/hearken /var/lib/hearken /mailu /var/log/journal &&
		hostname mail.example.test && mkdir -p /mailu /run/hearken /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal &&
		printf "[Journal]\nStorage=volatile\nAudit=no\nReadKMsg=no\n" >/run/systemd/journald.conf.d/test.conf'
	begin journald env SYSTEMD_LOG_TARGET=null /lib/systemd/systemd-journald
	within 5 on test -S /run/systemd/journal/io.systemd.journal || skip_all "journald does not start there"
}
end_docker_stage() {
	end hearken
	"$stage_of_docker/docker-host.sh" stop "$dir/host" >/dev/null 2>&1 9>&-
	end journald
}
begin() { # NAME COMMAND...: on the docker host, with its pid in $dir/NAME.pid and its words in $dir/NAME.log
	local name=$1; shift
	# shellcheck disable=SC2016 # for the shell inside
	on setsid sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$dir/$name.pid" "$@" >"$dir/$name.log" 2>&1 &
	disown
}
is_gone() { ! kill -0 "$1" 2>/dev/null; }
end() { # NAME
	local pid
	pid=$(cat "$dir/$1.pid" 2>/dev/null) || return 0
	rm -f "$dir/$1.pid"
	kill "$pid" 2>/dev/null
	within 5 is_gone "$pid" || kill -KILL "$pid" 2>/dev/null
}

# Debian's packages as they are on this machine, and a first process that starts Dovecot, neither watches nor ends it, and
# ends by itself at SIGTERM: what else lives there is then killed by the kernel.
make_image() {
	"$stage_of_docker/docker-image.sh" "$dir/image.tar" dovecot-core dovecot-imapd dovecot-submissiond bash coreutils dash procps \
		iproute2 sed grep base-files base-passwd libc-bin netbase >"$dir/log" 2>&1 ||
		skip_all "no image of this machine's packages: $(tail -n 1 "$dir/log")"
	mkdir "$dir/image"
	first_process >"$dir/image/start"
	chmod 755 "$dir/image/start"
	tar --numeric-owner --owner 0 --group 0 -rf "$dir/image.tar" -C "$dir/image" start
	docker import -c 'CMD ["/start"]' "$dir/image.tar" example/front:1 >"$dir/log" 2>&1 ||
		skip_all "docker does not take the image: $(tail -n 1 "$dir/log")"
	rm -f "$dir/image.tar"
}
first_process() {
	cat <<'END'
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
}

mailu() { # [PORTS]
	printf 'DOMAIN=example.test\nHOSTNAMES=mail.example.test\nTLS_FLAVOR=cert\n%s\n' "${1:+PORTS=$1}" >"$dir/mailu.env"
	on cp "$dir/mailu.env" /mailu/mailu.env
}
# shellcheck disable=SC2120 # most need no option
front() { # [DOCKER-OPTION...]
	local p l=com.docker.compose ports=()
	for p in $publish; do ports+=(-p "$p:${p##*:}"); done
	# shellcheck disable=SC2086 # words
	docker ${made_by:-run -d} --name $front --restart always --env-file /mailu/mailu.env -v "$dir/certs:/certs:ro" "${ports[@]}" \
		-l $l.project=mailu -l $l.service=front -l $l.project.working_dir=/mailu \
		-l $l.project.config_files=/mailu/docker-compose.yml "$@" example/front:1 >"$dir/log" 2>&1
}
remove() { docker rm -f $front >/dev/null; }
moment() { date +%s.%N | cut -c 1-14; }
# shellcheck disable=SC2120 # most need no line
watch() { # [LINE...]
	local port
	end hearken
	conf=$dir/hearken.conf
	printf '%s\n' '[hearken]' "ca-file = $dir/certs/ca.pem" "state = $dir/state" "$@" >"$conf"
	# What the front does not serve, and Mailu's would.
	for port in 25 443 995 4190; do printf '[listener p%s]\nport = %s\nexpected = no\n' $port $port; done >>"$conf"
	on rm -rf /run/hearken/status.json "$dir/state" # it remembers no fall of before
	mark=$(moment)
	begin hearken "$hearken" run -c "$conf"
	within 20 on test -s /run/hearken/status.json
}
ask() { on cat /run/hearken/status.json | jq -er "$1"; }
service() { ask ".services[] | select(.port == $1) | $2"; }
is() { [ "$(service "$1" "$2")" = "$3" ]; } # PORT FILTER VALUE
shows() { is "$1" '.findings[0] | "\(.name)/\(.cause)"' "$2"; }
is_up() { is "$1" .verdict up; }
all_up() { local port; for port in 465 587 993; do is_up $port || return 1; done; }
records() { on journalctl -q --no-pager -o json "--since=@$mark" _COMM=hearken | jq -c "select($1)"; }
told() { [ -n "$(records "$1")" ]; }
quiet() { [ -z "$(records '(.PRIORITY | tonumber) <= 3')" ]; } # nobody was paged
first_pid() { docker inspect -f '{{.State.Pid}}' $front; }
serves() { on nsenter -t "$(first_pid)" -n ss -Hlnt "sport = :$1" | grep -q LISTEN; }
start_time() { docker inspect -f '{{.State.StartedAt}}' $front; }
master() { docker top $front -eo pid,comm | awk '$2 == "dovecot" { print $1; exit }'; }
kill_master() { kill -KILL "$(master)"; }
