#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# packaging/hooks: what they send, to a receiver that is away for a while; and the heartbeat.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq perl curl
open_stage
hooks=$here/../../packaging/hooks

# A receiver: what it got, a request a line, head and body; it answers 200, or 503 where $dir/refuse is.
cat >"$dir/sink.pl" <<'SINK'
use IO::Socket::INET;
my ($dir) = @ARGV;
my $s = IO::Socket::INET->new(Listen => 8, LocalAddr => "127.0.0.1", LocalPort => 0, ReuseAddr => 1) or die;
open my $p, ">", "$dir/port.new"; print $p $s->sockport; close $p; rename "$dir/port.new", "$dir/port";
while (my $c = $s->accept) {
	my ($head, $body, $n) = ("", "", 0);
	while (<$c>) { s/\r?\n//; last if $_ eq ""; $head .= "$_|"; $n = $1 if /^Content-Length: (\d+)/i }
	read $c, $body, $n if $n;
	$body =~ s/\n/|/g;
	my $refused = -e "$dir/refuse";
	open my $f, ">>", "$dir/got"; print $f ($refused ? "refused " : "taken ") . "$head$body\n"; close $f;
	print $c $refused ? "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	close $c;
}
SINK
perl "$dir/sink.pl" "$dir" & ends $!
within 5 test -s "$dir/port" || not_ok "no receiver"
port=$(cat "$dir/port")
printf 'url = "http://127.0.0.1:%s/alerts"\nheader = "Authorization: Bearer secret"\n' "$port" >"$dir/curl"
printf 'header = "Authorization: Bearer secret"\n' >"$dir/matrix.curl"
taken() { grep -c '^taken ' "$dir/got" 2>/dev/null; }
got() { tail -n 1 "$dir/got" | grep -qE "$1"; }

# By Hearken itself: an outage while the receiver is away.
{
	stage_conf
	printf 'sources = none\nprobe-interval = 1h\nhook = %s/webhook %s/curl\n' "$hooks" "$dir"
	printf '[listener submission]\nport = 587\nprotocol = submission\ntls = none\n'
} >"$dir/hearken.conf"
serve() {
	# shellcheck disable=SC2016 # perl's own variables
	ip netns exec "$ns" perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "0.0.0.0",
		LocalPort => 587, ReuseAddr => 1) or die; while ($c = $s->accept) { print $c "220 mail.example.test\r\n";
		while (<$c>) { print $c /^QUIT/ ? "221 bye\r\n" : "250 ok\r\n" } }' & server=$!; ends $server
	within 5 listens 587
}
serve
"$hearken" run -c "$dir/hearken.conf" 2>>"$dir/daemon.log" & daemon=$!
within 10 port '.verdict == "up"' || not_ok "587 is not up"
touch "$dir/refuse"
kill -KILL "$server"; wait "$server" 2>/dev/null
refused() { grep -q '^refused ' "$dir/got" 2>/dev/null; }
expect "a receiver that is away is asked again" within 10 refused
serve
within 20 port '.verdict == "up"' || not_ok "587 is not up again"
rm "$dir/refuse"
two() { [ "$(taken)" = 2 ]; }
expect "and gets all of it afterwards" within 40 two
sleep 2
expect "each once, in their order" sh -c "grep '^taken' '$dir/got' | grep -o '\"event\": *\"[a-z-]*\"' | paste -sd ' ' | grep -qx '\"event\": *\"incident-opened\" \"event\": *\"incident-closed\"'"
expect "with a name that is the event's, the same at each attempt" sh -c "test \$(grep -o 'Idempotency-Key: [0-9a-f]*' '$dir/got' | sort -u | wc -l) = 2"
expect "and what the receiver wants to hear" got '^taken POST /alerts HTTP.*Authorization: Bearer secret.*X-Hearken-Host: '
end_daemon

# The others, with what an outage says.
export HEARKEN_EVENT=incident-opened HEARKEN_PRIORITY=3 HEARKEN_SERVICE=submission HEARKEN_PORT=587 HEARKEN_JSON='{"event":"incident-opened"}' \
	HEARKEN_INCIDENT=0123456789abcdef0123456789abcdef HEARKEN_MESSAGE='587 is "down"; dovecot was killed' HEARKEN_REMEDY='restart it'
expect "ntfy is told" "$hooks/ntfy" "$dir/curl"
expect "as urgent" got 'Priority: 5.*Tags: rotating_light.*587 is "down"; dovecot was killed\|What helps: restart it'
expect "matrix is told" "$hooks/matrix" "http://127.0.0.1:$port/_matrix/client/v3/rooms/!a:example.org" "$dir/matrix.curl"
expect "once for each event" got '^taken PUT /_matrix/client/v3/rooms/!a:example.org/send/m.room.message/hearken-[0-9a-f]{32} .*"body": ".*587 is \\"down\\"'
touch "$dir/refuse"
for hook in ntfy webhook; do
	if "$hooks/$hook" "$dir/curl" 2>/dev/null; then not_ok "$hook takes a refusal for an answer"; else ok "$hook fails when it is refused"; fi
done
rm "$dir/refuse"
if command -v msmtp >/dev/null && command -v smtp-sink >/dev/null; then
	printf 'account default\nhost 127.0.0.1\nport 10025\nfrom hearken@example.test\n' >"$dir/msmtprc"
	chmod 600 "$dir/msmtprc"
	mkdir "$dir/mails"; chown nobody "$dir/mails"
	in_ns smtp-sink -u nobody -d "$dir/mails/%s." 127.0.0.1:10025 8 & ends $!
	within 5 listens 10025
	expect "a mail goes through another host" in_ns "$hooks/mail" "$dir/msmtprc" admin@elsewhere.example
	expect "with a subject, and what to ask" sh -c "grep -q '^Subject: .* incident-opened: submission (587)$' '$dir'/mails/* && grep -q 'hearken explain 587 --incident' '$dir'/mails/*"
else
	skip "a mail: no msmtp or no smtp-sink here"
fi

# The heartbeat beats for who watches, and for nobody else.
mkdir "$dir/bin"
# shellcheck disable=SC2016 # for the shell inside
printf '#!/bin/sh\nexit "$(cat "%s/status")"\n' "$dir" >"$dir/bin/hearken"
chmod 755 "$dir/bin/hearken"
for row in "0 beats" "2 beats" "3 stops" "127 stops"; do
	echo "${row% *}" >"$dir/status"
	before=$(taken)
	PATH=$dir/bin:$PATH "$hooks/heartbeat" "$dir/curl" 2>/dev/null
	expect "status ${row% *}: the heart ${row#* }" test "$(($(taken) - before))" = "$([ "${row#* }" = beats ] && echo 1 || echo 0)"
done
finish
