#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whether real servers obey inside TLS what was said outside, and what they offer to whom before TLS. On each
# port that has STARTTLS of Dovecot, Postfix and nginx.
set -u
. "$(dirname "$(readlink -f "$0")")/../system/prologue.sh"
. "$here/servers.sh"
need root jq
interop_open dialogue
interop_pick dialogue
at_end interop_close

declare -A ports=(
	[dovecot]="587:submission 143:imap 110:pop3 4190:sieve"
	[postfix]="25:smtp 587:smtp"
	[nginx]="587:submission 143:imap 110:pop3"
)
# expect_at NAME SERVER HOST FILTER [OPTION...]: of each port's JSON, FILTER holds
expect_at() {
	local name=$1 server=$2 host=$3 filter=$4 at bad=
	shift 4
	for at in ${ports[$server]}; do
		ip netns exec "$(netns_of "$server")" timeout 20 "$hearken" probe "$host:${at%%:*}" --protocol "${at#*:}" \
			--server-name mail.example.test --ca-file "$dir/certs/ca.pem" --json "$@" >"$dir/said" 2>&1
		jq -e "$filter" "$dir/said" >/dev/null 2>&1 ||
			bad="$bad $at: $(jq -c '[.verdict, .findings, .injected_command, .error]' "$dir/said" 2>/dev/null || head -c 300 "$dir/said")"
	done
	if [ -z "$bad" ]; then ok "$server, $name"; else not_ok "$server, $name:$bad"; fi
}

for server in dovecot postfix nginx; do
	has $server || { skip "$server is not installed"; continue; }
	start $server || { not_ok "$server does not start"; continue; }
	expect_at "obeys nothing that was said before TLS" $server 127.0.0.1 '.injected_command == "not obeyed" and .verdict == "up"' --injection-check
	[ $server = dovecot ] || stop $server
done
if has dovecot; then
	# As it comes, it wants TLS first, but not of its own host: who asks from there cannot know.
	expect_at "offers strangers no passwords before TLS" dovecot 127.0.0.1 '.verdict == "up"'
	sed -i 's/^ssl = required/ssl = yes/; s/^\(auth_allow_cleartext\|disable_plaintext_auth\).*//' "$dir/dovecot/dovecot.conf"
	case $(dovecot --version) in 2.[0-3].*) echo 'disable_plaintext_auth = no' ;; *) echo 'auth_allow_cleartext = yes' ;; esac >>"$dir/dovecot/dovecot.conf"
	reload dovecot
	expect_at "or does, and is told" dovecot 127.0.0.1 '.findings[0].name == "auth-before-tls"'
	stop dovecot
fi
finish
