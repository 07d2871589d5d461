#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What Hearken tells people to write is done as it is told, on the real server: its own checker takes it, and the ports
# that were missing are opened, with their TLS mode.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
. "$here/../servers/lib.sh"
need root jq openssl
open_dir
open_ns
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/key.pem" -subj /CN=x -days 2 \
	-out "$dir/cert.pem" 2>/dev/null

# expects SOURCE: 587, and 465 and 993 where it serves such, are wanted of it
expects() {
	printf '[hearken]\nsources = %s\npolicy = off\nserver-name = x\n[listener submission]\nport = 587\n' "$1" >"$dir/hearken.conf"
	case $1 in nginx:*) printf '[listener imaps]\nport = 993\n' ;; *) printf '[listener submissions]\nport = 465\n' ;; esac >>"$dir/hearken.conf"
}
# of SERVER PORT: what helps there
remedy() { run "$1" "$hearken" check -c "$dir/hearken.conf" --json 2>/dev/null |
	jq -r --argjson p "$2" '.services[] | select(.port == $p) | .findings[] | select(.name == "missing") | .remedy'; }
# opens SERVER PORT: 587 and the port that speaks TLS at once, by what is read of it
opens() { run "$1" "$hearken" config -c "$dir/hearken.conf" --json 2>"$dir/err" | tee "$dir/json" |
	jq -e --argjson p "$2" '[.services[] | select(.port == $p or .port == 587) | "\(.port) \(.tls)"] | sort ==
		(["\($p) implicit", "587 starttls"] | sort)' &&
	jq -e --arg s "${1%-mail}" --argjson p "$2" '[.services[] | select((.port == $p or .port == 587) and (.sources | index($s)))] | length == 2' "$dir/json"; }

run() { if [ "$1" = dovecot ]; then shift && in_ns "$@"; else servers_run "$ns" "$@"; fi; }

if command -v doveconf >/dev/null; then
	{
		! dovecot_is_24 || printf 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n'
		printf 'base_dir = %s/run\nlisten = 127.0.0.1\nprotocols = imap submission\n' "$dir"
		dovecot_tls "$dir/cert.pem" "$dir/key.pem" tls
		printf 'service submission-login {\n  inet_listener %s {\n    port = 0\n  }\n}\n' submission
	} >"$dir/dovecot.conf"
	expects "dovecot:$dir/dovecot.conf"
	for port in 465 587; do [ -n "$(remedy dovecot $port)" ] && remedy dovecot $port >>"$dir/dovecot.conf"; done
	expect "Dovecot takes what it was told" doveconf -n -c "$dir/dovecot.conf"
	expect "and opens both" opens dovecot 465
else
	skip "Dovecot: it is not installed"
fi

if servers_postfix; then
	mkdir "$dir/postfix"
	printf 'compatibility_level = 3.6\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = x\nsmtpd_tls_security_level = may\nsmtpd_tls_chain_files = %s/key.pem, %s/cert.pem\n' \
		"$dir" "$dir" >"$dir/postfix/main.cf"
	printf 'smtp inet n - y - - smtpd\n' >"$dir/postfix/master.cf"
	expects "postfix:$dir/postfix"
	for port in 465 587; do remedy postfix $port | sed 1d >>"$dir/postfix/master.cf"; done
	touch -d '1 minute ago' "$dir"/postfix/m*
	expect "Postfix takes what it was told" servers_run "$ns" postfix postconf -c "$dir/postfix" -M submission/inet 587/inet 465/inet
	expect "and opens both" opens postfix 465
else
	skip "Postfix: it cannot be fetched"
fi

if servers_exim; then
	mkdir -p "$dir/spool" "$dir/log"
	cat >"$dir/exim.conf" <<-END
		spool_directory = $dir/spool
		log_file_path = $dir/log/%slog
		exim_user = root
		exim_group = root
		never_users =
		daemon_smtp_ports = 25
		tls_on_connect_ports = 2465
		tls_advertise_hosts = *
		tls_certificate = $dir/cert.pem
		tls_privatekey = $dir/key.pem
	END
	expects "exim:$dir/exim.conf"
	for port in 465 587; do
		text=$(remedy exim $port)
		for option in daemon_smtp_ports tls_on_connect_ports; do
			[[ $text != *$option* ]] || sed -i "s/^$option = .*/& : $port/" "$dir/exim.conf"
		done
	done
	expect "Exim: 587 is not to speak TLS at once" test "$(grep -c 587 "$dir/exim.conf")" = 1
	expect "Exim takes what it was told" servers_run "$ns" exim exim4 -C "$dir/exim.conf" -bV
	expect "and opens both" opens exim 465
else
	skip "Exim: it cannot be fetched"
fi

if servers_opensmtpd; then
	for pki in yes no; do
		{
			[ $pki = no ] || printf 'pki mail.example.test cert "%s/cert.pem"\npki mail.example.test key "%s/key.pem"\n' "$dir" "$dir"
			printf 'listen on lo port 25\naction "a" mbox\nmatch for local action "a"\n'
		} >"$dir/smtpd.conf"
		chmod 600 "$dir/key.pem"
		expects "opensmtpd:$dir/smtpd.conf"
		# Where it has no certificate yet, a name and two files are the administrator's to choose.
		{ remedy opensmtpd 465 | sed 1d; remedy opensmtpd 587 | sed '1d; /^pki/d'; } |
			sed "s,NAME,mine,; s,/its/certificate.pem,$dir/cert.pem,; s,/its/key.pem,$dir/key.pem," >>"$dir/smtpd.conf"
		expect "OpenSMTPD, with a certificate: $pki: it takes what it was told" servers_run "$ns" opensmtpd smtpd -n -f "$dir/smtpd.conf"
		expect "and opens both" opens opensmtpd 465
	done
else
	skip "OpenSMTPD: it cannot be fetched"
fi

if servers_nginx; then
	cat >"$dir/nginx.conf" <<-END
		load_module /usr/lib/nginx/modules/ngx_mail_module.so;
		pid $dir/nginx.pid;
		error_log $dir/nginx.log;
		events { }
		mail {
			auth_http 127.0.0.1:9/auth;
			server { listen 143; protocol imap; ssl_certificate $dir/cert.pem; ssl_certificate_key $dir/key.pem; starttls on; }
			server { listen 465 ssl; protocol smtp; ssl_certificate $dir/cert.pem; ssl_certificate_key $dir/key.pem; }
		}
	END
	expects "nginx:$dir/nginx.conf"
	for port in 993 587; do
		remedy nginx-mail $port | sed -n "s/^in nginx's mail { }: //p" >"$dir/line"
		sed -i "/auth_http/r $dir/line" "$dir/nginx.conf"
	done
	expect "nginx takes what it was told" servers_run "$ns" nginx-mail nginx -t -c "$dir/nginx.conf"
	expect "and opens both" opens nginx-mail 993
else
	skip "nginx: it cannot be fetched"
fi
finish
