#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A certificate is renewed on disk, and the real Dovecot goes on serving the old one: seen, told with both
# dates, mended by one reload, and proven. And what is no reason for a reload.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_stage

live=$dir/certs/live.pem key=$dir/certs/live.key
put() { # KIND [AGE]: as certbot does, by another inode; it is there since AGE
	cp "$dir/certs/$1-chain.pem" "$live.new"; cp "$dir/certs/$1.key" "$key.new"
	touch -d "${2:-10 minutes} ago" "$live.new" "$key.new"
	mv "$key.new" "$key"; mv "$live.new" "$live"
}
cat >"$dir/reload" <<SH
#!/bin/bash
echo reloaded >>$dir/reloads
kill -HUP \$(cat $dir/dovecot/run/master.pid)
SH
chmod 755 "$dir/reload"
configure() { # REPAIR
	{
		stage_conf
		printf 'sources = dovecot:%s\nrepair = %s\nrepair-limit = 20 per 1h\nprobe-interval = 1s\n' "$dir/dovecot/dovecot.conf" "$1"
		local s; for s in submission submissions imaps pop3s sieve; do
			printf '[listener %s]\nrestart-command = %s\n' "$s" "$dir/reload"
		done
		# Whose certificate is of no interest here, or comes by another way.
		printf '[listener imaps]\ncertificate-file = %s\n' "$live"
		for s in lmtp-2525 imap-webmail-10143 submission-webmail-10025 sieve-webmail-14190; do
			printf '[listener %s]\nexpected = no\n' "$s"
		done
	} >"$dir/hearken.conf"
}
start() { "$hearken" run -c "$dir/hearken.conf" 2>>"$dir/log" & daemon=$!; }
stop() { end_daemon; : >"$dir/log"; }
is() { [ "$(service "$1" "$2")" = "$3" ]; }
all_are() { [ "$(ask '[.services[].verdict] | unique | join(" ")')" = "$1" ]; }
: >"$dir/reloads"
reloads() { grep -c . "$dir/reloads"; }
check() { "$hearken" check -c "$dir/hearken.conf" 2>&1; }

put old
dovecot_config "$dir/dovecot" "$live" "$key" tls 587
stage_dovecot
configure off
start
if within 10 all_are up; then ok "the file is what is served: up"; else not_ok "up: $(ask .services | head -c 600)"; fi

put good '0 seconds'
sleep 1.5
if all_are up; then ok "renewed just now: a reload is given its time"; else not_ok "just now: $(cat "$dir/log")"; fi
touch -d '10 minutes ago' "$live"
if within 10 is 465 '.findings[0].name' certificate-stale; then ok "renewed ten minutes ago: certificate-stale"; else not_ok "stale: $(service 465 .)"; fi
service 465 '.findings[0].detail' >"$dir/detail"
print() { openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f | cut -c 1-16; }
expect "with the file, both dates and both fingerprints" grep -q "$live has a newer certificate, from $(date -u -d '-1 day' +%F) .*$(print "$dir/certs/good.pem").* from $(date -u -d '-60 days' +%F) .*$(print "$dir/certs/old.pem")" "$dir/detail"
expect "the status file has it too" is 465 '.probes[0] | .certificate_file + " " + .ocsp' 'newer none'
expect "it serves, and something is wrong" is 465 .verdict degraded
expect "check is WARNING, and says what helps" sh -c "'$hearken' check -c '$dir/hearken.conf'; [ \$? = 1 ]"
if check | grep -q 'a newer certificate lies on disk'; then ok "the remedy is a reload"; else not_ok "remedy: $(check | head -c 600)"; fi
if [ "$(reloads)" = 0 ]; then ok "repair is off: nothing is done"; else not_ok "it reloaded"; fi
stop

configure restart
start
if within 15 test -s "$dir/reloads" && within 15 all_are up; then ok "with repair on: reloaded, and proven"; else not_ok "repair: $(cat "$dir/log")"; fi
if [ "$(reloads)" = 1 ]; then ok "one reload for all ports"; else not_ok "$(reloads) reloads: $(cat "$dir/log")"; fi
# The one that was opened before we were stopped, with repair off.
if within 10 grep -q incident-closed "$dir/log" && [ "$(grep -c incident-closed "$dir/log")" = 1 ] && ! grep -q 'incident-opened\|incident-changed' "$dir/log"; then
	ok "the incident of before goes on, and is closed"; else not_ok "incidents: $(cat "$dir/log")"; fi

# From here on a reload would do harm.
: >"$dir/reloads"
put old
if within 10 is 465 '.findings[0].name' certificate-stale && service 465 '.findings[0].detail' | grep -q 'has an older certificate'; then ok "an older one was put there: told"; else not_ok "older: $(service 465 .findings)"; fi
rm "$live"
if within 10 sh -c "jq -r '.services[] | select(.port == 465) | .findings[0].detail' '$dir/status.json' | grep -q 'No such file or directory): the next reload or restart would fail'"; then ok "the file is gone: told"; else not_ok "gone: $(service 465 .findings)"; fi
put good; within 10 all_are up
echo nonsense >"$live"; touch -d '10 minutes ago' "$live"
if within 10 sh -c "jq -r '.services[] | select(.port == 465) | .findings[0].detail' '$dir/status.json' | grep -q 'no certificate that can be read'"; then ok "nonsense in it: told"; else not_ok "nonsense: $(service 465 .findings)"; fi
put good; within 10 all_are up
cp "$dir/certs/old.key" "$key"
if within 10 sh -c "jq -r '.services[] | select(.port == 465) | .findings[0].detail' '$dir/status.json' | grep -q 'could not be loaded'"; then ok "the key is of another: told"; else not_ok "key: $(service 465 .findings)"; fi
put good; within 10 all_are up
cp "$dir/certs/wronghost.pem" "$live.new"; touch -d '10 minutes ago' "$live.new"; mv "$live.new" "$live"
sleep 1.5
if all_are up; then ok "a certificate for other names is no later one"; else not_ok "other names: $(service 465 .findings)"; fi
if [ "$(reloads)" = 0 ]; then ok "no reload for any of these"; else not_ok "$(reloads) reloads"; fi

# The prober converses; the daemon has read some certificates, and goes back to being small.
code() { awk '/-/ { ours = /r-xp.*libcrypto/ } ours && /^Rss:/ { n += $2 } END { print n + 0 }' "/proc/$daemon/smaps"; }
expect "OpenSSL's code does not stay in memory" test "$(code)" -lt 256
expect "which is less than 10 MB in all" test "$(awk '/^Rss:/ { print $2 }' "/proc/$daemon/smaps_rollup")" -lt 10240

# It has ended in memory: now clients notice. Row G of the truth table. Another daemon, since the first waits
# between two repairs of one server.
stop
rm -rf "$dir/state"
put expired; kill -HUP "$(stage_master)"; sleep 0.5
start
if within 15 is 465 '.findings[0].name' certificate-expired; then ok "expired, on disk too"; else not_ok "expired: $(service 465 .findings)"; fi
expect "which a renewal mends, and no reload" sh -c "jq -r '.services[] | select(.port == 465) | .findings[0].remedy' '$dir/status.json' | grep -q 'renew the certificate'"
if [ "$(reloads)" = 0 ]; then ok "so there is none"; else not_ok "$(reloads) reloads: $(cat "$dir/log")"; fi
put good
if within 15 test -s "$dir/reloads" && within 15 all_are up; then ok "renewed: reloaded, and proven"; else not_ok "renewed: $(cat "$dir/log")"; fi
finish
