#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real Postfix that has a certificate for each of several names (tls_server_sni_maps): each name is asked for with its
# own SNI, and the one whose certificate is wrong, or was renewed and not loaded, is told by its name.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
. "$here/../servers/lib.sh"
need root jq openssl
open_dir
open_ns
servers_postfix || skip_all "Postfix cannot be fetched"
end_all() { for p in $(ip netns pids "$ns" 2>/dev/null); do kill -KILL "$p" 2>/dev/null; done; }
at_end end_all

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/ca.key" -subj /CN=CA -days 99 -out "$dir/ca.pem" 2>/dev/null
certify() { # FILE NAME: a key and a certificate for NAME
	[ -e "$dir/$1.key" ] || openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/$1.key" 2>/dev/null
	openssl req -new -key "$dir/$1.key" -subj "/CN=$2" 2>/dev/null |
		openssl x509 -req -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -days "${3:-60}" -set_serial "$RANDOM" \
			-extfile <(echo "subjectAltName=DNS:$2") -out "$dir/$1.pem" 2>/dev/null
}
certify main mx.example.test
certify first first.example.test
certify second wrong.example.test
mkdir -p "$dir/etc" "$dir/data" "$dir/spool"
for folder in active bounce corrupt defer deferred flush hold incoming maildrop private public pid saved trace; do mkdir "$dir/spool/$folder"; done
cat >"$dir/etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/data
mail_owner = postfix
myhostname = mx.example.test
inet_interfaces = all
inet_protocols = ipv4
smtpd_tls_security_level = may
smtpd_tls_chain_files = $dir/main.key, $dir/main.pem
tls_server_sni_maps = inline:{ { first.example.test = $dir/first.key, $dir/first.pem } } hash:$dir/names
END
printf '# a table\n.example.org %s/main.key\nsecond.example.test\n  %s/second.key %s/second.pem\n' "$dir" "$dir" "$dir" >"$dir/names"
printf '2587 inet n - n - - smtpd -o smtpd_sasl_auth_enable=no\ntlsmgr unix - - n 1000? 1 tlsmgr\nanvil unix - - n - 1 anvil\n' >"$dir/etc/master.cf"
printf 'proxymap unix - - n - - proxymap\nrewrite unix - - n - - trivial-rewrite\n' >>"$dir/etc/master.cf"
touch -d '1 minute ago' "$dir"/etc/m* "$dir"/*.pem "$dir"/*.key
chmod 755 "$dir"
in_postfix() { servers_run "$ns" postfix "$@"; }
in_postfix sh -c "chown postfix: '$dir/data' '$dir'/spool/[!p]* '$dir/spool/public' '$dir/spool/private' && postmap -F '$dir/names'" 2>"$dir/postmap" ||
	skip_all "postmap: $(head -c 200 "$dir/postmap")"
in_postfix /usr/lib/postfix/sbin/master -c "$dir/etc" </dev/null >"$dir/start" 2>&1 &
disown
within 10 listens 2587
printf '[hearken]\nsources = postfix:%s/etc\npolicy = off\nca-file = %s/ca.pem\nnetns = name:%s\n[listener submission-2587]\nport = 2587\nprotocol = submission\ntls = starttls\n' "$dir" "$dir" "$ns" >"$dir/hearken.conf"
findings() { in_postfix "$hearken" check -c "$dir/hearken.conf" --json 2>"$dir/err" | tee "$dir/json" |
	jq -c '[.services[] | select(.port == 2587) | .findings[] | "\(.name) \(.detail)"]'; }
said=$(findings)
expect "each name is one that clients use" in_postfix sh -c "'$hearken' config -c '$dir/hearken.conf' --json |
	jq -e '[.names[].name] == [\"mx.example.test\", \"first.example.test\", \"second.example.test\"]'"
if grep -q 'certificate-name-mismatch[^"]*second.example.test' <<<"$said" && ! grep -q first.example <<<"$said"; then
	ok "the wrong certificate is told by its name, and no other"
else
	not_ok "the wrong certificate is told by its name: $said $(head -c 300 "$dir/err")"
fi
certify second second.example.test
in_postfix sh -c "postmap -F '$dir/names' && kill -HUP $(cat "$dir/spool/pid/master.pid")"
said=$(findings)
if grep -q mismatch <<<"$said"; then not_ok "and when it is right again: $said"; else ok "and when it is right again, it is not"; fi
certify first first.example.test 90
touch -d '1 hour ago' "$dir/first.pem" # who renews it may be about to load it
said=$(findings)
if grep -q 'certificate-stale[^"]*first.example.test' <<<"$said"; then ok "one that was renewed and not loaded, too"; else not_ok "one that was renewed: $said"; fi
finish
