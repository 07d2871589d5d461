#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# refusals.sh HEARKEN NETNS - within the network namespace NETNS, where nothing else may run, as root: starts the
# installed Postfix with one setting after the other, as a client asks it to take a mail, and compares: who is turned
# away must have been told by "hearken preflight", with the name of the setting, and nobody else.
set -u
hearken=$1 netns=$2
[ "$(ip netns identify $$)" = "$netns" ] || { echo "not in the network namespace $netns" >&2; exit 2; }
work=$(mktemp -d /var/tmp/hearken-refusals.XXXXXX)
chmod 755 "$work"
end_server() {
	local p
	for p in $(ip netns pids "$netns"); do
		case $p in "$$" | "$BASHPID" | "$PPID") ;; *) kill -KILL "$p" 2>/dev/null ;; esac
	done
}
trap 'end_server; rm -rf "$work"' EXIT
ip link set lo up
mkdir -p "$work/etc" "$work/data" "$work/spool"
for folder in active bounce corrupt defer deferred flush hold incoming maildrop private public pid saved trace; do
	mkdir "$work/spool/$folder"
done
chown postfix: "$work/data" "$work"/spool/[!p]* "$work/spool/public" "$work/spool/private"
printf '[hearken]\nsources = postfix:%s/etc\npolicy = off\n' "$work" >"$work/hearken.conf"

configure() { # LINE OPTIONS: of main.cf, and of master.cf's smtpd
	# The last of two lines for one setting counts, and Postfix says so.
	cat >"$work/etc/main.cf" <<-END
		compatibility_level = 3.6
		queue_directory = $work/spool
		data_directory = $work/data
		maillog_file = $work/log
		maillog_file_prefixes = $work
		mail_owner = postfix
		myhostname = mx.example.test
		mydestination = mx.example.test
		inet_interfaces = 127.0.0.1
		inet_protocols = ipv4
		local_recipient_maps =
		alias_maps =
	END
	printf '%b\n' "$1" >>"$work/etc/main.cf"
	cat >"$work/etc/master.cf" <<-END
		2525 inet n - n - - smtpd $2
		cleanup unix n - n - 0 cleanup
		rewrite unix - - n - - trivial-rewrite
		anvil unix - - n - 1 anvil
		tlsmgr unix - - n 1000? 1 tlsmgr
		proxymap unix - - n - - proxymap
		qmgr unix n - n 300 1 qmgr
		bounce unix - - n - 0 bounce
		postlog unix-dgram n - n - 1 postlogd
	END
	touch -d '1 minute ago' "$work"/etc/m*.cf # it waits before it reads what is younger
}

# The first of its replies that is not a yes; "" when it would take the mail, "silence" where it says nothing.
ask() {
	local line command
	for command in '' 'EHLO client.example.test' 'MAIL FROM:<a@example.test>' 'RCPT TO:<postmaster@mx.example.test>'; do
		[ -z "$command" ] || printf '%s\r\n' "$command" >&3
		line=-
		while [ "${line:3:1}" != ' ' ]; do IFS= read -r -t 2 -u 3 line || { echo silence; return; }; done
		case $line in 2*) ;; *) echo "${line%$'\r'}"; return ;; esac
	done
}
told() { "$hearken" preflight -c "$work/hearken.conf" --json | jq -r '.items[] | select(.outcome == "source") | .text'; }

failed=0 n=0
try() { # LINE OPTIONS WORD: the word of the complaint, - where there is to be none
	local answer='' said start=0
	configure "$1" "$2"
	rm -f "$work/ended"
	{
		/usr/lib/postfix/sbin/master -c "$work/etc"
		: >"$work/ended"
	} </dev/null >"$work/start.out" 2>&1 &
	disown
	until [ -n "$(ss -Hlnt)" ] || [ -e "$work/ended" ] || [ $start = 200 ]; do start=$((start + 1)) && sleep 0.05; done
	if { exec 3<>/dev/tcp/127.0.0.1/2525; } 2>/dev/null; then answer=$(ask) && exec 3>&-; else answer="no listener"; fi
	said=$(told)
	case ${answer:+away}/$3 in
	/-) [ -z "$said" ] ;;
	away/[!-]*) [[ $said == *"$3"* ]] ;;
	*) false ;;
	esac || { failed=$((failed + 1)) && echo "# $1 ${2:+($2)}: a client gets \"${answer:-yes}\"; Hearken says \"$said\""; }
	n=$((n + 1))
	end_server
	until [ -z "$(ss -Hlnt)" ]; do sleep 0.01; done
	rm -f "$work"/spool/pid/* "$work"/spool/p[ru]*/*
}
try '' '' -
try 'smtpd_client_connection_count_limit =' '' smtpd_client_connection_count_limit
try '' '-o smtpd_client_connection_count_limit=' smtpd_client_connection_count_limit
try 'smtpd_timeout = 1h30' '' -
try 'smtpd_timeout = 5x' '' smtpd_timeout
try 'smtpd_helo_required = on' '' smtpd_helo_required
try 'message_size_limit = 1e9' '' message_size_limit
try 'myhostname =' '' myhostname
try 'inet_interfaces =' '' inet_interfaces
try 'smtpd_sasl_type =' '' smtpd_sasl_type
try 'smtpd_tls_security_level = dane' '' smtpd_tls_security_level
try 'smtpd_upstream_proxy_protocol = proxy' '' smtpd_upstream_proxy_protocol
try 'smtpd_relay_restrictions =' '' 'reject nobody'
try '' '-o smtpd_relay_restrictions=permit_mynetworks,permit' 'reject nobody'
try 'smtpd_restriction_classes = c\nc = reject_unauth_destination\nsmtpd_relay_restrictions = c' '' -
try 'smtpd_relay_restrictions = warn_if_reject Reject_Unauth_Destination' '' 'reject nobody'
try 'smtpd_client_restrictions = reject_unknwon_client' '' reject_unknwon_client
try 'smtpd_recipient_restrictions = Permit_MyNetworks, sleep 0 reject' '' -
try 'smtpd_milters =\nlmtp_connect_timeout = soon' '' -
echo "# refusals: $n settings of Postfix $(postconf -dh mail_version), $failed differ"
[ $failed = 0 ]
