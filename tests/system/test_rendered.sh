#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is read of servers' configurations against what the started servers open, and against programs that hang,
# flood or fail. $HEARKEN_DIFFERENTIAL (10): how many random configurations of each; $HEARKEN_SEED: the first.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
. "$here/../servers/lib.sh"
need root jq
open_dir
netns=hearken-rendered-$$
jobs=()
end_all() { for p in $(ip netns pids "${1:-$netns}" 2>/dev/null); do kill -KILL "$p" 2>/dev/null; done; }
end_differentials() { # PID...
	[ $# = 0 ] || { kill -TERM "$@"; wait "$@"; } 2>/dev/null
	for server in "${!job_of[@]}"; do end_all "$netns-$server"; ip netns del "$netns-$server" 2>/dev/null; done
}
at_end ip netns del "$netns"
at_end end_all
declare -A job_of=()
# shellcheck disable=SC2016 # the inner shell's own variables
at_end eval 'end_differentials "${jobs[@]}"'
ip netns add "$netns" 2>/dev/null || skip_all "no network namespaces"
ip netns exec "$netns" ip link set lo up

# ---- the differential test: beside all others, each server in a namespace of its own ----
count=${HEARKEN_DIFFERENTIAL:-10}
seed=${HEARKEN_SEED:-$((RANDOM * 32768 + RANDOM))}
differential() { # SERVER COMMAND...: begins it
	local server=$1
	shift
	ip netns add "$netns-$server"
	"$@" "$here/../servers/differential.sh" "$hearken" "$netns-$server" "$server" "${n:-$count}" "$seed" >"$dir/$server.out" 2>&1 &
	jobs+=("$!")
	job_of[$server]=$!
}
judge_differential() { # SERVER: waits for its end
	local server=$1
	if wait "${job_of[$server]}"; then
		ok "$(sed -n "s/^# $server: /$server: /p" "$dir/$server.out")"
	else
		not_ok "$server, seed $seed: what is read is not what is opened"
		cat "$dir/$server.out"
	fi
}
case $(dovecot --version 2>/dev/null) in
2.3.*) differential dovecot ip netns exec "$netns-dovecot" ;;
*) skip "Dovecot against what it opens: no Dovecot 2.3 here" ;;
esac
# Debian 13's, in a root of its own; to make that takes a minute, so only a slow check does.
trixie=$here/../servers/trixie.sh
in_trixie() { "$trixie" run "$netns-dovecot24" "$hearken" "$1" /usr/bin/hearken "${@:3}"; }
if [ -e "${HEARKEN_TRIXIE:-/var/tmp/hearken-test-trixie}/.done" ] || [ -n "${HEARKEN_DIFFERENTIAL:-}" ]; then
	if why=$("$trixie" root); then differential dovecot24 in_trixie; else skip "Dovecot 2.4 against what it opens: ${why#\# SKIP }"; fi
else
	skip "Dovecot 2.4 against what it opens: there is no Debian 13 root yet; check-slow makes it"
fi
few=$((count > 40 ? 40 : count))
if servers_exim; then differential exim servers_run "$netns-exim" exim; else skip "Exim against what it opens: it cannot be fetched"; fi
if servers_nginx; then n=$few differential nginx servers_run "$netns-nginx" nginx-mail; else skip "nginx against what it opens: it cannot be fetched"; fi
if servers_opensmtpd; then n=$few differential opensmtpd servers_run "$netns-opensmtpd" opensmtpd; else skip "OpenSMTPD against what it opens: it cannot be fetched"; fi
if servers_postfix; then differential postfix servers_run "$netns-postfix" postfix; else skip "Postfix against what it opens: it cannot be fetched"; fi
# What Postfix refuses, by asking it as a client would: a minute of little work, so only a slow check does.
if servers_postfix && [ -n "${HEARKEN_DIFFERENTIAL:-}" ]; then
	ip netns add "$netns-refusals"
	servers_run "$netns-refusals" postfix "$here/../servers/refusals.sh" "$hearken" "$netns-refusals" >"$dir/refusals.out" 2>&1 &
	jobs+=("$!")
	job_of[refusals]=$!
fi

# ---- the others, each with one configuration ----
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/key.pem" -subj /CN=x -days 2 \
	-out "$dir/cert.pem" 2>/dev/null
chmod 644 "$dir/key.pem"
opened() { ip netns exec "$netns" ss -Hlnt | awk '{ print $4 }' | sort | tr '\n' ' '; }
# The same, as Hearken reads it: kernel's way of writing addresses.
read_of() { # SOURCE COMMAND...
	printf '[hearken]\nsources = %s\npolicy = off\n' "$1" >"$dir/hearken.conf"
	shift
	"$@" "$hearken" config --json -c "$dir/hearken.conf" >"$dir/json" 2>"$dir/err"
	jq -r '.services[] | .port as $port | .addresses[] | if test(":") then "[\(.)]:\($port)" else "\(.):\($port)" end' "$dir/json" |
		sort | tr '\n' ' '
}
same() { # NAME WANTED: what was opened is what was read, and is not nothing
	if [ "$1" = "$2" ] && [ -n "$1" ]; then return 0; fi
	echo "# opened: $1"
	echo "# read:   $2"
	head -c 1000 "$dir/json" "$dir/err"
	return 1
}

if servers_nginx; then
	mkdir -p "$dir/nginx/mail.d" "$dir/nginx/logs"
	cat >"$dir/nginx/nginx.conf" <<-END
	load_module /usr/lib/nginx/modules/ngx_mail_module.so;
	pid $dir/nginx/pid;
	error_log $dir/nginx/error.log;
	events { }
	mail {
	  server_name mail.example.test;
	  auth_http 127.0.0.1:9/;
	  ssl_certificate $dir/cert.pem;
	  ssl_certificate_key $dir/key.pem;
	  include mail.d/*.conf;
	  server { listen 587; listen [::]:587; protocol smtp; starttls on; }
	}
	END
	echo 'server { listen 127.0.0.1:993 ssl; listen [::1]:993 ssl; protocol imap; }' >"$dir/nginx/mail.d/imap.conf"
	echo 'server { listen [::]:143 ipv6only=off; protocol imap; starttls only; }' >"$dir/nginx/mail.d/plain.conf"
	servers_run "$netns" nginx-mail nginx -p "$dir/nginx" -e "$dir/nginx/error.log" -c "$dir/nginx/nginx.conf" </dev/null >"$dir/start" 2>&1
	within 5 test -s "$dir/nginx/pid"
	o=$(opened) r=$(read_of "nginx:$dir/nginx/nginx.conf" env)
	if same "$o" "$r"; then ok "nginx: what is read is what it opens"; else not_ok "nginx: what is read is what it opens"; fi
	end_all
	within 5 sh -c "[ -z \"\$(ip netns exec $netns ss -Hlnt)\" ]"
	r2=$(read_of "nginx:$dir/nginx/nginx.conf" env)
	expect "and is read the same when it is down, without opening anything" test "$r2" = "$r" -a -z "$(opened)"
else
	skip "nginx against what it opens: it cannot be fetched"
fi

if servers_exim; then
	mkdir -p "$dir/exim/spool" "$dir/exim/log"
	cat >"$dir/exim/exim.conf" <<-END
	spool_directory = $dir/exim/spool
	log_file_path = $dir/exim/log/%slog
	pid_file_path = $dir/exim/pid
	exim_user = root
	exim_group = root
	never_users =
	daemon_smtp_ports = 25 : submission : 465
	tls_on_connect_ports = 465
	local_interfaces = <; 127.0.0.1 ; ::1 ; [127.0.0.2]:2525 ; 127.0.0.3.2526
	tls_certificate = $dir/cert.pem
	tls_privatekey = $dir/key.pem
	END
	servers_run "$netns" exim exim4 -C "$dir/exim/exim.conf" -bd </dev/null >"$dir/start" 2>&1
	within 5 sh -c "[ \$(ip netns exec $netns ss -Hlnt | wc -l) = 8 ]"
	o=$(opened) r=$(read_of "exim:$dir/exim/exim.conf" servers_run "$netns" exim)
	if same "$o" "$r"; then ok "Exim: what is read is what it opens"; else not_ok "Exim: what is read is what it opens: $(head -c 200 "$dir/start")"; fi
	end_all
else
	skip "Exim against what it opens: it cannot be fetched"
fi

# ---- programs that mean harm: one sentence, in time, and the other sources still count ----
printf 'TLS_FLAVOR=cert\n' >"$dir/mailu.env"
printf '[hearken]\nsources = postfix mailu:%s/mailu.env\n' "$dir" >"$dir/bad.conf"
fake() { # with $dir/fake in the place of postconf
	# shellcheck disable=SC2016 # the inner shell expands
	servers_run "$netns" postfix sh -c 'mount --bind "$0" /usr/sbin/postconf && exec "$@"' "$dir/fake" "$@"
}
bad() { # NAME SECONDS SENTENCE: the program on stdin
	local t=$SECONDS rc
	cat >"$dir/fake"
	chmod 755 "$dir/fake"
	fake prlimit --as=200000000 timeout 30 "$hearken" config --json -c "$dir/bad.conf" >"$dir/json" 2>"$dir/err"
	rc=$?
	if [ $rc = 2 ] && [ $((SECONDS - t)) -le "$2" ] &&
		jq -e --arg s "$3" '(.sources[] | select(.kind == "postfix") | .state == "broken" and (.warnings | length == 1) and (.warnings[0] | test($s)))
			and any(.services[]; .port == 993 and .expected)' "$dir/json" >/dev/null; then
		ok "$1"
	else
		not_ok "$1: status $rc, $((SECONDS - t)) s: $(jq -c .sources "$dir/json" 2>&1 | head -c 400) $(head -c 200 "$dir/err")"
	fi
}
if servers_postfix; then
	bad "a program that hangs, its outputs closed" 14 'postconf did not end in time' <<<$'#!/bin/sh\nexec >&- 2>&-\nsleep 60'
	bad "one that prints without end" 13 'postconf printed more than 4 MiB' <<<$'#!/bin/sh\nexec yes'
	bad "one that says why it fails" 10 'postconf exited with status 1: postconf: fatal: no main.cf' \
		<<<$'#!/bin/sh\necho "x\npostconf: fatal: no main.cf" >&2\nexit 1'
	bad "one that is killed" 10 'postconf was killed by signal 9' <<<$'#!/bin/sh\nkill -KILL $$'
	bad "one that says nothing" 10 'did not print inet_interfaces' <<<$'#!/bin/sh\n:'
	bad "one that is no program" 10 'postconf could not be run: Exec format error' <<<'nonsense'
	bad "one that prints zeros" 10 'did not print inet_interfaces' <<<$'#!/bin/sh\nhead -c 1000000 /dev/zero'
	# Without its master.cf, Postfix's own words.
	mkdir -p "$dir/empty"
	printf '[hearken]\nsources = postfix:%s/empty mailu:%s/mailu.env\n' "$dir" "$dir" >"$dir/hearken.conf"
	servers_run "$netns" postfix "$hearken" config -c "$dir/hearken.conf" >"$dir/out" 2>&1
	expect "a directory without a configuration: postconf's own words" grep -q 'postconf exited with status 1: .*No such file' "$dir/out"
else
	skip "programs that mean harm: Postfix cannot be fetched"
fi

if servers_opensmtpd; then
	printf 'pki m cert "%s"\npki m key "%s"\nlisten on lo port 587 tls-require pki m auth\naction "a" mbox\nmatch for local action "a"\n' \
		"$dir/cert.pem" "$dir/smtpd.key" >"$dir/smtpd.conf"
	install -m 600 "$dir/key.pem" "$dir/smtpd.key"
	printf '[hearken]\nsources = opensmtpd:%s/smtpd.conf\npolicy = off\n' "$dir" >"$dir/hearken.conf"
	checked() { servers_run "$netns" opensmtpd "$hearken" preflight --json -c "$dir/hearken.conf" 2>&1; }
	expect "what smtpd -n takes is taken" jq -e '.items | all(.outcome == "comes")' <<<"$(checked)"
	sed -i 's/action "a"$/action "b"/' "$dir/smtpd.conf"
	expect "what it refuses is critical, in its first words" jq -e '.verdict == "critical" and
		any(.items[]; .outcome == "source" and (.text | test("no such dispatcher: b; OpenSMTPD cannot start so")))' <<<"$(checked)"
else
	skip "OpenSMTPD's own checker: it cannot be fetched"
fi

# ---- in a container: its files, its processes, its user, and no capability ----
# container USER COMMAND...: one with Postfix in it, that runs COMMAND once and then sleeps; sets $inmate
container() {
	local user=$1 i
	shift
	rm -f "$dir/ready"
	# shellcheck disable=SC2016 # the inner shells expand
	servers_run "$netns" postfix unshare --pid --fork --mount-proc --ipc --uts sh -c '
		mount -t tmpfs none /srv && cp -r "$0/etc" /srv/postfix && sh -c "$1" && : >"$0/ready" &&
		exec setpriv --reuid="$2" --regid="$2" --clear-groups ${3:-} sleep 1000' "$dir" "$1" "$user" "${2:-}" </dev/null >/dev/null 2>&1 &
	disown
	within 5 test -e "$dir/ready"
	within 5 sh -c "for p in \$(ip netns pids $netns); do read -r c <\"/proc/\$p/comm\"; [ \"\$c\" != sleep ] || exit 0; done; exit 1"
	for i in $(ip netns pids "$netns"); do [ "$(cat "/proc/$i/comm")" != sleep ] || inmate=$i; done
	printf '[hearken]\nsources = postfix:/srv/postfix\nnetns = path:/proc/%s/ns/net\npolicy = off\n' "$inmate" >"$dir/inside.conf"
}
says() { # NAME STATUS SENTENCE
	"$hearken" config -c "$dir/inside.conf" >"$dir/out" 2>&1
	if [ $? = "$2" ] && grep -qE "$3" "$dir/out"; then ok "$1"; else not_ok "$1: $(head -c 400 "$dir/out")"; fi
}
if servers_postfix; then
	mkdir -p "$dir/etc"
	printf 'compatibility_level = 3.6\nqueue_directory = /\ninet_protocols = ipv4\n' >"$dir/etc/main.cf"
	printf 'submission inet n - n - - smtpd\n2525 inet n - n - - smtpd\n' >"$dir/etc/master.cf"
	container 0 true
	"$hearken" config --json -c "$dir/inside.conf" >"$dir/json" 2>"$dir/err"
	expect "a container's Postfix is read by its own postconf, from its own files" \
		test "$(jq -c '[.services[] | [.port, .addresses[0], .unit]]' "$dir/json")" = '[[587,"0.0.0.0",""],[2525,"0.0.0.0",""]]'
	expect "which the host does not have" test ! -e /srv/postfix
	"$hearken" preflight -c "$dir/inside.conf" >"$dir/out" 2>"$dir/err"
	expect "preflight asks in there, too" grep -qE '^OK - .*: 2 ports$' "$dir/out"
	expect "where nothing listens yet" grep -qE '^  587 \(submission\) does not listen now; the configuration on disk opens it' "$dir/out"
	end_all

	: >"$dir/fake" && chmod 755 "$dir/fake"
	tells() { # KEY VALUE: of what the program inside saw; a failing program's last words are kept
		local line
		line=$(setpriv --groups=4,20 "$hearken" config --json -c "$dir/inside.conf" 2>/dev/null | jq -r '.sources[0].warnings[0]')
		[ "${line##*: }" = "$1" ] || { echo "$line"; return 1; }
	}
	for row in 'CapEff|sed -n "s/^CapEff:.//p" /proc/self/status|0000000000000000' 'CapPrm|sed -n "s/^CapPrm:.//p" /proc/self/status|0000000000000000' \
		'no new privileges|sed -n "s/^NoNewPrivs:.//p" /proc/self/status|1' 'its user|id -u|4911' 'its group, and no other|id -G|4911' \
		'its pid 1, which is none of the container|cat /proc/1/comm|hearken-inside' 'a bare environment|env | grep -c HEARKEN_TEST|0' 'no descriptor of ours|ls /proc/self/fd | wc -l|4'; do
		name=${row%%|*} wanted=${row##*|} command=${row#*|} command=${command%|*}
		printf '#!/bin/sh\n%s >&2\nexit 1\n' "$command" >"$dir/fake"
		# Root, where only what we take away is away.
		case $name in its*) container 4911 "mount --bind $dir/fake /usr/sbin/postconf" ;; *) container 0 "mount --bind $dir/fake /usr/sbin/postconf" ;; esac
		export HEARKEN_TEST=1
		if tells "$wanted" >"$dir/out"; then ok "what runs in there: $name"; else not_ok "what runs in there: $name: $(cat "$dir/out")"; fi
		end_all
	done
	if [ "$count" -ge 100 ]; then # another five seconds, for check-slow
		printf '#!/bin/sh\nsleep 999\n' >"$dir/fake"
		container 0 "mount --bind $dir/fake /usr/sbin/postconf"
		says "one that hangs in there" 2 'postconf did not end in time'
		expect "is gone, with what it started" within 2 sh -c "! grep -qsz '^999' /proc/[0-9]*/cmdline"
		end_all
	else
		container 0 true
		end_all
	fi
	within 5 sh -c "! kill -0 $inmate"
	says "a container that is gone" 2 'postconf could not be run: No such process'
	container 0 true "unshare --user"
	says "one with a user namespace of its own is entered as its user here" 0 '^submission +587 .* postfix$'
	end_all
else
	skip "a container: Postfix cannot be fetched"
fi
if ! [ -e /usr/sbin/postconf ] && ! [ -e /usr/local/sbin/postconf ] && ! [ -e /usr/bin/postconf ]; then
	"$hearken" config -c "$dir/bad.conf" >"$dir/out" 2>&1
	expect "one that is not there" grep -q 'there is no postconf to read it with' "$dir/out"
fi
for server in dovecot dovecot24 postfix refusals exim nginx opensmtpd; do
	[ -z "${job_of[$server]:-}" ] || judge_differential $server
done
finish
