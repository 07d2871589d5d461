#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The configuration of a real Dovecot is changed for the worse, on disk: "hearken preflight" says so before a
# reload, and the daemon does not restart into it.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
. "$here/../servers/lib.sh"
need root jq
open_stage

render() { dovecot_config "$dir/dovecot" "$dir/certs/good-chain.pem" "${key:-$dir/certs/good.key}" tls "$@"; }
# preflight NAME STATUS REGEX: its first line
preflight() {
	local rc; "$hearken" preflight -c "$dir/hearken.conf" >"$dir/out" 2>"$dir/err"; rc=$?
	if [ $rc = "$2" ] && head -n 1 "$dir/out" | grep -qE "$3"; then ok "$1"; else
		not_ok "$1: status $rc: $(head -n 2 "$dir/out" | tr '\n' '|') $(head -c 300 "$dir/err")"; fi
}
up() { [ "$(jq -er '[.services[] | .verdict == "up"] | all' "$dir/status.json" 2>/dev/null)" = true ]; }

cat >"$dir/restart" <<SH
#!/bin/bash
echo restarted >>$dir/restarts
rm -f $dir/dovecot/run/master.pid
exec ip netns exec $ns dovecot -c $dir/dovecot/dovecot.conf </dev/null >$dir/dovecot.out 2>&1
SH
chmod 755 "$dir/restart"
{
	stage_conf
	printf 'sources = dovecot:%s\nrepair = restart\n' "$dir/dovecot/dovecot.conf"
	for s in submission submissions imaps pop3s sieve; do
		printf '[listener %s]\nrestart-command = %s\n' "$s" "$dir/restart"
	done
} >"$dir/hearken.conf"
render 587
stage_dovecot

preflight "all is well" 0 '^OK - the configuration on disk opens what is expected: [0-9]+ ports'
cp "$hearken" "$dir/hearken" # the checkout may lie where nobody may not go
setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/hearken" preflight -c "$dir/hearken.conf" >"$dir/out" 2>"$dir/err"
expect "nobody is told that root would see: status 3, and why" test "$? $(head -n 1 "$dir/out")" = "3 UNKNOWN - Hearken could not look: the listeners cannot be seen, but by root: Operation not permitted"
render
preflight "587 is no longer in it" 2 '^CRITICAL - 587 \(submission\) listens now, and a reload or restart drops it'
expect "JSON says the same" sh -c "'$hearken' preflight -c '$dir/hearken.conf' --json | jq -e '.verdict == \"critical\" and (.items[] | select(.port == 587) | .outcome == \"loses\")'"
key=$dir/certs/ca.key
[ -f "$key" ] || key=$(find "$dir/certs" -name '*.key' ! -name good.key | head -n 1)
render 587
preflight "the key is another's" 2 "^CRITICAL - .* the key in $key does not belong to the certificate in $dir/certs/good-chain.pem"
key=$dir/certs/gone.key
render 587
preflight "the key is not there" 2 "^CRITICAL - .*gone.key cannot be read"
key=$dir/certs/expired.key
dovecot_config "$dir/dovecot" "$dir/certs/expired-chain.pem" "$key" tls 587
preflight "it has expired, and is served all the same" 1 "^WARNING - .*certificate in $dir/certs/expired-chain.pem has expired"
unset key
render 587
echo 'service nonsense {' >>"$dir/dovecot/dovecot.conf"
preflight "it does not parse" 2 '^CRITICAL - .*dovecot.conf: .*doveconf|^CRITICAL - .*dovecot.conf: dovecot exited'
render 587
preflight "all is well again" 0 '^OK'

printf 'protocols = imap lmtp\n' >>"$dir/dovecot/dovecot.conf"
preflight "three protocols fewer" 2 '^CRITICAL - .* drops it.*; and [0-9]+ more'
render 587
printf 'service submission-login {\n inet_listener twice {\n  port = 587\n }\n}\n' >>"$dir/dovecot/dovecot.conf"
preflight "it parses, and Dovecot cannot start with it" 2 '^CRITICAL - .*duplicate listener'
render 587
printf '[listener pop3]\nexpected = no\n' >>"$dir/hearken.conf"
# shellcheck disable=SC2016 # perl's own variables
ip netns exec "$ns" perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 25) or die; sleep 60' 2>/dev/null & surplus=$!
if within 5 sh -c "ip netns exec $ns ss -Hlnt 'sport = :25' | grep -q ."; then
	preflight "a surplus port is no reason not to reload" 0 '^OK'
	expect "but told" grep -qE '^  port 25 is open at 127.0.0.1, held by perl, and no source expects it' "$dir/out"
else
	skip "a surplus port: no perl to listen with"
fi
{ kill -KILL $surplus; wait $surplus; } 2>/dev/null
sed -i '/listener pop3/,$d' "$dir/hearken.conf"

"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
expect "the daemon sees all up" within 15 up
echo 'service nonsense {' >>"$dir/dovecot/dovecot.conf"
kill -KILL "$(stage_master)"
for p in $(stage_pids); do [ "$p" = "$daemon" ] || kill -KILL "$p" 2>/dev/null; done
expect "a crash is told" within 5 told incident-opened 'owner-crashed'
expect "it is not restarted into a broken configuration, and why" within 5 told repair-withheld 'no repair \(configuration\): with the configuration on disk the server would not come back\. .*dovecot.conf'
expect "nothing was restarted" test ! -e "$dir/restarts"
expect "what was expected still is" sh -c "jq -e '[.services[].port] | contains([465, 587, 993])' '$dir/status.json'"
render 587
kill -HUP "$daemon"
expect "mended and told: it is restarted" within 10 test -e "$dir/restarts"
expect "and all is up" within 15 up
end_daemon

# A daemon that never could read it: only hearken.conf says what is expected.
rm -rf "$dir/restarts" "$dir/status.json" "$dir/state" # and with it the memory of the last repair
echo 'service nonsense {' >>"$dir/dovecot/dovecot.conf"
"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
expect "it was broken before the daemon came: all is up" within 15 up
kill -KILL "$(stage_master)"
for p in $(stage_pids); do [ "$p" = "$daemon" ] || kill -KILL "$p" 2>/dev/null; done
expect "a crash: not restarted into what was never read, and why" within 5 told repair-withheld 'no repair \(configuration\): .*dovecot.conf'
expect "nothing was restarted this time either" test ! -e "$dir/restarts"
end_daemon
for p in $(stage_pids); do kill -KILL "$p" 2>/dev/null; done

# ---- Postfix: a service commented out in master.cf, its certificate gone, a name that no port has ----
if servers_postfix; then
	pf=$dir/postfix
	mkdir -p "$pf/etc" "$pf/data" "$pf/spool"
	for d in active bounce corrupt defer deferred flush hold incoming maildrop private public pid saved trace; do mkdir "$pf/spool/$d"; done
	servers_run "$ns" postfix sh -c "chown postfix: $pf/data $pf/spool/[!p]* $pf/spool/public $pf/spool/private"
	cat >"$pf/etc/main.cf" <<-END
	compatibility_level = 3.6
	queue_directory = $pf/spool
	data_directory = $pf/data
	myhostname = mail.example.test
	inet_interfaces = 127.0.0.1
	maillog_file = $pf/log
	maillog_file_prefixes = $pf
	smtpd_tls_security_level = may
	smtpd_tls_cert_file = $dir/certs/good-chain.pem
	smtpd_tls_key_file = $dir/certs/good.key
	END
	master_cf() { printf '%s\n' "$@" 'postlog unix-dgram n - n - 1 postlogd' 'pickup unix n - n 60 1 pickup' 'cleanup unix n - n - 0 cleanup' \
		'qmgr unix n - n 300 1 qmgr' 'rewrite unix - - n - - trivial-rewrite' >"$pf/etc/master.cf"; }
	submission=$'submission inet n - n - - smtpd\n  -o smtpd_tls_security_level=encrypt'
	master_cf 'smtp inet n - n - - smtpd' "$submission"
	{ stage_conf; printf 'sources = postfix:%s\n[listener submissions]\nexpected = no\n' "$pf/etc"; } >"$dir/hearken.conf"
	servers_run "$ns" postfix /usr/lib/postfix/sbin/master -c "$pf/etc" </dev/null >"$dir/postfix.out" 2>&1 & disown
	within 10 grep -qs 'daemon started' "$pf/log"
	# Postfix sleeps until a file that it reads is older than a second or two.
	dovecots=$hearken hearken=$dir/as-postfix
	printf '#!/bin/bash\n. %q\ntouch -d "10 seconds ago" '"$pf"'/etc/*\nservers_run %q postfix %q "$@"\n' "$here/../servers/lib.sh" "$ns" "$dovecots" >"$hearken"
	chmod 755 "$hearken"
	preflight "Postfix: all is well" 0 '^OK - the configuration on disk opens what is expected: 2 ports'
	master_cf 'smtp inet n - n - - smtpd' '#submission inet n - n - - smtpd'
	preflight "Postfix: nothing else asks for 587, and a reload drops it" 1 '^WARNING - port 587 listens now, and a reload or restart drops it: .*nothing else asks for it'
	expect "JSON says the same" sh -c "'$hearken' preflight -c '$dir/hearken.conf' --json | jq -e '.verdict == \"warning\" and (.items[] | select(.port == 587) | .outcome == \"drops\")'"
	printf '[listener submission]\n' >>"$dir/hearken.conf"
	preflight "Postfix: hearken.conf asks for it, and a reload drops it" 2 '^CRITICAL - 587 \(submission\) listens now, and a reload or restart drops it'
	master_cf 'smtp inet n - n - - smtpd' "$submission"
	sed -i "s|^smtpd_tls_cert_file.*|smtpd_tls_cert_file = $dir/certs/gone.pem|" "$pf/etc/main.cf"
	preflight "Postfix: the certificate is not there" 2 '^CRITICAL - .*gone.pem cannot be read: No such file'
	sed -i "s|^smtpd_tls_cert_file.*|smtpd_tls_cert_file = $dir/certs/good-chain.pem|; s|^smtpd_tls_key_file.*|smtpd_tls_key_file = $dir/certs/ca.key|" "$pf/etc/main.cf"
	[ ! -f "$dir/certs/ca.key" ] || preflight "Postfix: the key is another's" 2 '^CRITICAL - .*ca.key does not belong to the certificate'
	sed -i "s|^smtpd_tls_key_file.*|smtpd_tls_key_file = $dir/certs/good.key|" "$pf/etc/main.cf"
	master_cf 'smtp inet n - n - - smtpd' "$submission" 'no-such-port inet n - n - - smtpd'
	preflight "Postfix: a name that no port has" 2 '^CRITICAL - .*"no-such-port"; Postfix cannot start so'
	master_cf 'smtp inet n - n - - smtpd' "$submission"
	preflight "Postfix: all is well again" 0 '^OK'
else
	skip "Postfix: it cannot be fetched"
fi
finish
