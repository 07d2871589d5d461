#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every port of real Dovecot, Postfix (with postscreen), nginx and haproxy, with every kind of certificate
# that they serve, and the ways in which they fail to. HEARKEN_INTEROP=whole: all kinds; else a few.
set -u
. "$(dirname "$(readlink -f "$0")")/../system/prologue.sh"
. "$here/servers.sh"
need root jq
interop_open interop
at_end interop_close
whole=${HEARKEN_INTEROP:-}

# By the daemon's prober, in its sandbox: checked NAME KIND FINDING [LINE...]; LINEs of [listener submission].
checked() {
	local name=$1 kind=$2 finding=$3 said
	shift 3
	use "$kind"; reload dovecot
	printf '%s\n' '[hearken]' 'sources = none' 'policy = off' "netns = name:$(netns_of dovecot)" 'server-name = mail.example.test' \
		"ca-file = $dir/certs/ca.pem" "state = $dir/state" "status = $dir/status.json" 'textfile =' \
		'[listener submission]' 'port = 587' "$@" >"$dir/hearken.conf"
	said=$("$hearken" check -c "$dir/hearken.conf" --json 2>&1 | jq -r '.services[0] | .findings[0].name // .verdict' 2>&1)
	if [ "$said" = "$finding" ]; then ok "in the sandbox, $name"; else not_ok "in the sandbox, $name: $said: $("$hearken" check -c "$dir/hearken.conf" 2>&1 | head -c 500)"; fi
}

# PORT PROTOCOL TLS of each server
declare -A ports=(
	[dovecot]="587:submission:starttls 465:submission:implicit 143:imap:starttls 993:imap:implicit 110:pop3:starttls 995:pop3:implicit 4190:sieve:starttls"
	[postfix]="25:smtp:starttls-optional 587:smtp:starttls 465:smtp:implicit"
	[nginx]="587:submission:starttls 465:submission:implicit 143:imap:starttls 993:imap:implicit 110:pop3:starttls 995:pop3:implicit"
	[haproxy]="465:submission:implicit 993:imap:implicit"
)
probe() { # SERVER PORT:PROTOCOL:TLS [OPTION...]: the JSON
	local server=$1 port protocol tls
	IFS=: read -r port protocol tls <<<"$2"
	shift 2
	ip netns exec "$(netns_of "$server")" timeout 20 "$hearken" probe "127.0.0.1:$port" --protocol "$protocol" --tls "$tls" \
		--server-name mail.example.test --ca-file "$dir/certs/ca.pem" --timeout 10s --json "$@"
}
# told_at PORT:PROTOCOL:TLS FINDING FILE: FILE has that finding; where TLS is an option between servers, it is
# no more than a notice, or a warning where more is asked, and never down.
told_at() {
	case $1 in
	*:starttls-optional)
		jq -e --arg f "$2" '.verdict != "down" and
			(.findings[0].name // .notices[0].name // "none" | . == $f or . == "certificate-unverified")' "$3" >/dev/null 2>&1
		;;
	*) [ "$(jq -r '.findings[0].name // "none"' "$3" 2>/dev/null)" = "$2" ] ;;
	esac
}
# expect_at NAME SERVER "PORTS" FINDINGS REGEX [OPTION...]: at each port the first finding is FINDING (or
# "none"), and the whole answer matches.
expect_at() {
	local name=$1 server=$2 where=$3 finding=$4 regex=$5 at said bad=
	shift 5
	for at in $where; do probe "$server" "$at" "$@" >"$live.said.${at%%:*}" 2>&1 & done
	wait
	for at in $where; do
		said=$live.said.${at%%:*}
		told_at "$at" "$finding" "$said" && tr '\n' ' ' <"$said" | grep -qE -- "$regex" ||
			bad="$bad $at: $(jq -c '[.verdict, .findings, .tls_version, .cipher]' "$said" 2>/dev/null || head -c 300 "$said")"
	done
	if [ -z "$bad" ]; then ok "$server, $name"; else not_ok "$server, $name:$bad"; fi
}

kinds='good:none: expired:certificate-expired:valid.from selfsigned:certificate-untrusted:self-signed wronghost:certificate-name-mismatch:not.for.mail.example.test.but.for.other.example.test'
more='rsa:none:RSA.2048 ed25519:none:Ed25519 wildcard:none: soon:certificate-expiring: notyet:certificate-not-yet-valid: incomplete:certificate-untrusted:sends.no.intermediate cnonly:certificate-name-mismatch:RFC.9525 muststaple:ocsp-staple-missing:must-staple old:none:'
[ "$whole" = whole ] && kinds="$kinds $more"

every_kind() { # SERVER
	local kind finding regex
	for kind in $kinds; do
		IFS=: read -r kind finding regex <<<"$kind"
		use "$kind"
		reload "$1" || { not_ok "$1 cannot load $kind"; continue; }
		expect_at "$kind" "$1" "${ports[$1]}" "$finding" "$regex"
	done
	use good
}
pinned() { # SERVER: what a CA has not signed, and its administrator has
	local print spki
	print=$(openssl x509 -in "$dir/certs/selfsigned.pem" -noout -fingerprint -sha256 | sed 's/.*=//')
	spki=$(openssl x509 -in "$dir/certs/selfsigned.pem" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)
	use selfsigned; reload "$1"
	expect_at "self-signed and pinned, as openssl prints it" "$1" "${ports[$1]}" none '"chain_length": 1' --certificate-pin "sha256:$print"
	expect_at "self-signed, its key pinned" "$1" "${ports[$1]}" none . --certificate-pin "spki-sha256:$spki"
	expect_at "self-signed, on port 25 by DANE" "$1" 25:smtp:starttls none '"dane": "match"' --tlsa "3 1 1 $spki"
	use good; reload "$1"
	expect_at "not the pinned one" "$1" "${ports[$1]}" certificate-untrusted 'not the pinned certificate' --certificate-pin "sha256:$print"
	expect_at "not that of the TLSA record" "$1" 25:smtp:starttls dane-mismatch 'none of 1 TLSA record' --tlsa "3 1 1 $spki"
}

test_dovecot() {
	if ! { has dovecot; }; then
		skip "dovecot is not installed"
		return
	fi
	start dovecot || not_ok "dovecot does not start"
	every_kind dovecot
	reload dovecot
	expect_at "version, cipher, key exchange and the chain are told" dovecot "587:submission:starttls" none '"tls_version": "TLSv1.3".*"cipher": "TLS_AES_256_GCM_SHA384".*"key_exchange": "X25519".*"sans": \[ *"mail.example.test", *"localhost", *"127.0.0.1" *\].*"fingerprint": "sha256:([0-9A-F]{2}:){31}[0-9A-F]{2}".*"key": "EC P-256".*"chain_length": 2'
	expect_at "by address" dovecot "${ports[dovecot]}" none . --server-name 127.0.0.1
	expect_at "by another address" dovecot "${ports[dovecot]}" certificate-name-mismatch 'not for ::1' --server-name ::1
	local pin
	pin=$(openssl x509 -in "$dir/certs/selfsigned.pem" -noout -fingerprint -sha256 | sed 's/.*=//')
	checked "RSA" rsa up
	checked "Ed25519" ed25519 up
	checked "pinned" selfsigned up "certificate-pin = sha256:$pin"
	checked "TLSA of another" good dane-mismatch "tlsa = 3 1 1 ${pin//:/}"
	touch -d '10 minutes ago' "$dir/certs/old.pem"
	checked "TLS 1.3 demanded, and more than the file on disk" good certificate-stale 'tls-minimum = 1.3' "certificate-file = $dir/certs/old.pem"
	use mismatch; reload dovecot
	expect_at "key of another: its own words" dovecot "587:submission:starttls 143:imap:starttls 110:pop3:starttls 4190:sieve:starttls" tls-handshake-failed 'TLS initialization failed'
	expect_at "key of another, implicit TLS" dovecot "465:submission:implicit 993:imap:implicit 995:pop3:implicit" tls-handshake-failed 'closed by the server|reset|unexpected eof'
	stop dovecot; use good
}

test_postfix() {
	if ! { has postfix && [ -d /etc/postfix ]; }; then
		skip "postfix is not installed"
		return
	fi
	start postfix || not_ok "postfix does not start"
	every_kind postfix
	reload postfix
	pinned postfix
	expect_at "submission without AUTH" postfix 587:submission:starttls auth-not-offered .
	stop postfix
	use mismatch; start postfix
	expect_at "key of another: 454" postfix 587:smtp:starttls starttls-refused '454 4.7.0 TLS not available'
	stop postfix; use good
	# With a file that is not there Postfix offers TLS all the same, without any certificate: only a
	# client that takes anonymous ciphers gets through.
	POSTFIX_TLS="smtpd_tls_chain_files = $dir/none.pem" start postfix
	expect_at "no certificate, anonymous ciphers" postfix 25:smtp:starttls tls-handshake-failed 'handshake failure'
	expect_at "not by old versions either" postfix 25:smtp:starttls tls-handshake-failed 'handshake failure' --tls-minimum 1.0
	stop postfix
	POSTSCREEN=1 start postfix
	expect_at "behind postscreen, greeting in two parts" postfix 25:smtp:starttls none '"greeting": [2-9]'
	stop postfix
}

test_nginx() {
	if ! { has nginx && find /usr/lib/nginx/modules -name ngx_mail_module.so 2>/dev/null | grep -q .; }; then
		skip "nginx's mail module is not installed"
		return
	fi
	start nginx || not_ok "nginx does not start"
	every_kind nginx
	stop nginx; use good
	nginx_with() { # LINES NAME FINDING REGEX [OPTION...]
		local lines=$1 name=$2
		shift 2
		NGINX_TLS=$lines start nginx || not_ok "nginx does not start with $lines"
		expect_at "$name" nginx "${where:-${ports[nginx]}}" "$@"
		stop nginx
	}
	NGINX_STARTTLS=on where='587:submission:starttls 143:imap:starttls 110:pop3:starttls' nginx_with 'ssl_protocols TLSv1.3;' "STARTTLS offered, and passwords without it too" auth-before-tls 'before TLS, lists'
	nginx_with 'ssl_protocols TLSv1.2;' "TLS 1.2 alone" none '"tls_version": "TLSv1.2".*"key_exchange": "X25519"'
	nginx_with 'ssl_protocols TLSv1.3;' "TLS 1.3 alone" none '"tls_version": "TLSv1.3"' --tls-minimum 1.3
	nginx_with 'ssl_protocols TLSv1.2;' "TLS 1.2 under tls-minimum 1.3" tls-too-old 'neither TLSv1.3 nor later' --tls-minimum 1.3
	nginx_with 'ssl_protocols TLSv1 TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;' "TLS 1.1 alone" tls-too-old 'neither TLSv1.2 nor later'
	nginx_with 'ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;' "TLS 1.0 where it is allowed" none '"tls_version": "TLSv1"' --tls-minimum 1.0
	nginx_with "ssl_verify_client optional; ssl_client_certificate $dir/certs/ca.pem;" "a client certificate asked" none '"client_certificate_asked": true'
	where="587:submission:starttls 465:submission:implicit" nginx_with "ssl_verify_client on; ssl_client_certificate $dir/certs/ca.pem;" "and required, TLS 1.3" refused '421 4.7.1 No required SSL certificate.*"client_certificate_asked": true'
	if [ "$whole" = whole ]; then
		use rsa
		openssl dhparam -out "$dir/dh1024.pem" 1024 2>/dev/null
		nginx_with "ssl_protocols TLSv1.2; ssl_ciphers DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0; ssl_dhparam $dir/dh1024.pem;" "a weak Diffie-Hellman group" tls-handshake-failed 'dh key too small'
		nginx_with 'ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA;' "no forward secrecy" none '"cipher": "AES128-SHA".*"key_exchange": ""'
		for kind in rsa1024 sha1; do
			use $kind
			LEVEL=0 nginx_with 'ssl_protocols TLSv1.2 TLSv1.3;' "$kind" certificate-weak 'weak'
		done
		use good
	fi
}

test_haproxy() {
	if ! { has haproxy && has dovecot; }; then
		skip "haproxy is not installed"
		return
	fi
	start haproxy || not_ok "haproxy does not start"
	every_kind haproxy
	reload haproxy
	expect_at "a dead backend behind good TLS" haproxy 995:pop3:implicit closed-early 'waiting for the greeting'
	stop haproxy
}

# All four at a time: most of it is waiting.
servers='dovecot postfix nginx haproxy'
for server in $servers; do
	(interop_pick "$server" && "test_$server") >"$dir/$server.tap" 2>&1 &
done
wait
for server in $servers; do
	while IFS= read -r line; do
		case $line in
		"ok "*" # SKIP "*) skip "${line#*# SKIP }" ;;
		"ok "*) ok "${line#ok * - }" ;;
		"not ok "*) not_ok "${line#not ok * - }" ;;
		*) echo "# $line" ;;
		esac
	done <"$dir/$server.tap"
done
finish
