# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# servers.sh - to be sourced: real mail servers, each in a network namespace of its own, that serve the
# certificate in $live and $live_key. For each SERVER of dovecot postfix nginx haproxy:
#
#   interop_open NAME    sets $dir, with $dir/certs, every kind
#   interop_pick WHOSE   sets $live and $live_key, with a good certificate in them: who picks an own WHOSE can
#                        run beside others
#   start SERVER         makes its namespace, $(netns_of SERVER), and starts it; options in the environment:
#                        NGINX_TLS (lines of its mail section), NGINX_STARTTLS (on, only), POSTFIX_TLS (of main.cf), POSTSCREEN=1,
#                        LEVEL=0 (OpenSSL's security level, for what it refuses to serve otherwise)
#   stop SERVER          ends whoever lives there, and removes it
#   use KIND             puts that certificate and key in their place
#   reload SERVER        has it loaded; fails where the server does
#   interop_close        ends and removes everything
#
# haproxy has implicit TLS alone; behind it is a Dovecot without.
interop_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$interop_dir/../system/dovecot-config.sh"

interop_open() { # NAME
	interop_name=$1
	dir=$(mktemp -d "/var/tmp/hearken-$1.XXXXXX")
	chmod 755 "$dir"
	"$interop_dir/../system/certs.sh" "$dir/certs" mail.example.test all >/dev/null
	printf '%s\n' 'openssl_conf = a' '[a]' 'ssl_conf = b' '[b]' 'system_default = c' '[c]' 'CipherString = DEFAULT@SECLEVEL=0' 'MinProtocol = None' >"$dir/openssl0.cnf"
}
interop_pick() { # WHOSE
	live=$dir/$1-live.pem live_key=$dir/$1-live.key live_both=$dir/$1-both.pem
	use good
}
netns_of() { echo "hearken-$interop_name-$1-$$"; }
in_netns() { local n; n=$(netns_of "$1"); shift; ip netns exec "$n" env ${LEVEL:+OPENSSL_CONF="$dir/openssl$LEVEL.cnf"} "$@"; }
listens() { ip netns exec "$(netns_of "$1")" ss -Hlnt "sport = :$2" | grep -q .; }
has() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null; }

use() { # KIND
	cp "$dir/certs/$1-chain.pem" "$live"
	cp "$dir/certs/$1.key" "$live_key"
	cat "$live" "$live_key" >"$live_both"
	chmod 644 "$live" "$live_key" "$live_both"
}

config_dovecot() { dovecot_config "$dir/dovecot" "$live" "$live_key" tls 587 143 110; }
run_dovecot() { in_netns dovecot dovecot -c "$dir/dovecot/dovecot.conf"; }
reload_dovecot() { kill -HUP "$(cat "$dir/dovecot/run/master.pid")" && sleep 0.4; }

config_haproxy() {
	mkdir -p "$dir/haproxy"
	DOVECOT=$dir/haproxy/dovecot
	dovecot_config "$DOVECOT" "$live" "$live_key" notls
	cat >"$dir/haproxy/haproxy.cfg" <<-END
	global
	  pidfile $dir/haproxy/pid
	defaults
	  mode tcp
	  timeout connect 2s
	  timeout client 30s
	  timeout server 30s
	listen submissions
	  bind :465 ssl crt $live_both
	  server dovecot 127.0.0.1:10025
	listen imaps
	  bind :993 ssl crt $live_both
	  server dovecot 127.0.0.1:10143
	listen dead
	  bind :995 ssl crt $live_both
	  server nobody 127.0.0.1:9
	END
}
run_haproxy() {
	in_netns haproxy dovecot -c "$dir/haproxy/dovecot/dovecot.conf" &&
		in_netns haproxy /usr/sbin/haproxy -W -D -f "$dir/haproxy/haproxy.cfg"
}
# renew SIGNAL PIDFILE: tells a master, and waits until none of the workers from before is there, and others are.
renew() {
	local master before now i
	for ((i = 0; i < 200; i++)); do
		master=$(head -n 1 "$2" 2>/dev/null) # it is written anew at each reload
		[ -n "$master" ] && before=$(pgrep -P "$master") && break
		sleep 0.05
	done
	kill "-$1" "$master" || return 1
	for ((i = 0; i < 200; i++)); do
		now=$(pgrep -P "$master")
		[ -n "$now" ] && ! grep -qxF "$before" <<<"$now" && { sleep 0.2; return 0; }
		sleep 0.05
	done
	return 1
}
reload_haproxy() { renew USR2 "$dir/haproxy/pid"; }

config_nginx() {
	mkdir -p "$dir/nginx"
	cat >"$dir/nginx/nginx.conf" <<-END
	load_module $(find /usr/lib/nginx/modules /usr/share/nginx/modules -name ngx_mail_module.so 2>/dev/null | head -n 1);
	worker_processes 1;
	pid $dir/nginx/pid;
	error_log $dir/nginx/error.log info;
	events { worker_connections 256; }
	mail {
	  server_name mail.example.test;
	  auth_http 127.0.0.1:9/;
	  ssl_certificate $live;
	  ssl_certificate_key $live_key;
	  smtp_auth plain login; imap_auth plain; pop3_auth plain;
	  smtp_capabilities "SIZE 10240000" 8BITMIME ENHANCEDSTATUSCODES;
	  ${NGINX_TLS:-ssl_protocols TLSv1.2 TLSv1.3;}
	  server { listen 587;     protocol smtp; starttls ${NGINX_STARTTLS:-only}; }
	  server { listen 465 ssl; protocol smtp; }
	  server { listen 143;     protocol imap; starttls ${NGINX_STARTTLS:-only}; }
	  server { listen 993 ssl; protocol imap; }
	  server { listen 110;     protocol pop3; starttls ${NGINX_STARTTLS:-only}; }
	  server { listen 995 ssl; protocol pop3; }
	}
	END
}
run_nginx() { in_netns nginx /usr/sbin/nginx -e "$dir/nginx/error.log" -c "$dir/nginx/nginx.conf"; }
reload_nginx() { renew HUP "$dir/nginx/pid"; }

config_postfix() {
	local c=$dir/postfix/etc smtp='smtp inet n - n - - smtpd'
	mkdir -p "$c" "$dir/postfix/spool" "$dir/postfix/data"
	chown postfix: "$dir/postfix/data"
	cp /usr/share/postfix/postfix-files "$c/" 2>/dev/null || cp /etc/postfix/postfix-files "$c/"
	cp -r /etc/postfix/postfix-files.d /etc/postfix/dynamicmaps.cf "$c/" 2>/dev/null
	cat >"$c/main.cf" <<-END
	compatibility_level = 3.6
	queue_directory = $dir/postfix/spool
	data_directory = $dir/postfix/data
	daemon_directory = /usr/lib/postfix/sbin
	command_directory = /usr/sbin
	shlib_directory = /usr/lib/postfix
	mail_owner = postfix
	setgid_group = postdrop
	myhostname = mail.example.test
	inet_interfaces = all
	mydestination =
	alias_maps =
	local_recipient_maps =
	maillog_file = $dir/postfix/log
	maillog_file_prefixes = $dir
	smtputf8_enable = no
	${POSTFIX_TLS:-smtpd_tls_cert_file = $live
	smtpd_tls_key_file = $live_key}
	smtpd_tls_security_level = may
	END
	if [ -n "${POSTSCREEN:-}" ]; then
		smtp='smtp inet n - n - 1 postscreen
smtpd pass - - n - - smtpd
tlsproxy unix - - n - 0 tlsproxy
dnsblog unix - - n - 0 dnsblog'
		# Clients of the loopback must not be exempt, or nobody would see the greeting in two parts.
		printf '%s\n' 'postscreen_access_list =' 'postscreen_greet_wait = 2s' 'postscreen_greet_action = enforce' \
			'postscreen_greet_banner = please wait a little' "postscreen_cache_map = btree:\$data_directory/ps" >>"$c/main.cf"
	fi
	cat >"$c/master.cf" <<-END
	$smtp
	submission inet n - n - - smtpd
	  -o smtpd_tls_security_level=encrypt
	submissions inet n - n - - smtpd
	  -o smtpd_tls_wrappermode=yes
	tlsmgr unix - - n 1000? 1 tlsmgr
	cleanup unix n - n - 0 cleanup
	rewrite unix - - n - - trivial-rewrite
	anvil unix - - n - 1 anvil
	proxymap unix - - n - - proxymap
	postlog unix-dgram n - n - 1 postlogd
	END
}
run_postfix() { in_netns postfix /usr/sbin/postfix -c "$dir/postfix/etc" start; }
reload_postfix() { kill -HUP "$(tr -d ' ' <"$dir/postfix/spool/pid/master.pid")" && sleep 0.4; }

start() { # SERVER
	local port=465 n
	n=$(netns_of "$1")
	ip netns add "$n" && ip -n "$n" link set lo up || return 1
	"config_$1"
	"run_$1" </dev/null >"$dir/$1.out" 2>&1 || { sed "s/^/# $1: /" "$dir/$1.out"; return 1; }
	for _ in {1..100}; do listens "$1" $port && return 0; sleep 0.05; done
	return 1
}
reload() { "reload_$1"; }
stop() { # SERVER
	local n p
	n=$(netns_of "$1")
	for p in $(ip netns pids "$n" 2>/dev/null); do kill -KILL "$p" 2>/dev/null; done
	ip netns del "$n" 2>/dev/null
	rm -rf "${dir:?}/$1"
}
interop_close() {
	local server
	for server in dovecot postfix nginx haproxy; do stop $server; done
	rm -rf "$dir"
}
