#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# "hearken silence": nobody is paged, what happens is kept; across a restart of the daemon; told at the end; and the
# file that a package's hook leaves.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq perl
open_stage

# shellcheck disable=SC2016 # the hook's own
printf '#!/bin/sh\necho "$HEARKEN_EVENT" >>"%s/heard"\n' "$dir" >"$dir/hook"
chmod 755 "$dir/hook"
{
	stage_conf
	printf 'sources = none\nprobe-interval = 1h\nhook = %s/hook\n' "$dir"
	printf '[listener submission]\nport = 587\nprotocol = submission\ntls = none\n'
} >"$dir/hearken.conf"
run() { "$hearken" run -c "$dir/hearken.conf" 2>>"$dir/daemon.log" & daemon=$!; }
serve() {
	# shellcheck disable=SC2016 # perl's own variables
	ip netns exec "$ns" perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "0.0.0.0",
		LocalPort => 587, ReuseAddr => 1) or die; while ($c = $s->accept) { print $c "220 mail.example.test\r\n";
		while (<$c>) { print $c /^QUIT/ ? "221 bye\r\n" : "250 ok\r\n" } }' & server=$!; ends $server
	within 5 listens 587
}
silence=("$hearken" silence -c "$dir/hearken.conf")
heard() { grep -q "$1" "$dir/heard" 2>/dev/null; }
history_has() { "$hearken" history --json -c "$dir/hearken.conf" | jq -e "$1" >/dev/null; }
silenced() { port '.silence != null'; }

serve
run
within 10 port '.verdict == "up"' || not_ok "587 is not up"
expect "nobody is silenced" test -z "$("${silence[@]}")"
says "a word that means nothing here" 1 'is no service' "${silence[@]}" dovecott 1h
says "a time that is over" 1 'Until when' "${silence[@]}" all until 2001-01-01T00:00
says "said" 0 '^Silenced: submission until .*\(new disk\)' "${silence[@]}" submission 1h --reason "new disk"
expect "the daemon sees it at once" within 5 silenced
says "it is listed" 0 'submission until .* \(new disk\)' "${silence[@]}"
expect "as a metric" within 5 grep -qE '^hearken_silenced_until_timestamp_seconds\{service="submission".*\} 1[0-9]{9}' "$dir/hearken.prom"
end_daemon
run
within 10 port '.verdict == "up"' || not_ok "587 is not up"
expect "it survives a restart" within 5 silenced
kill -KILL "$server"; wait "$server" 2>/dev/null
expect "an outage is kept" within 10 history_has '.incidents[0].cause == "owner-crashed"'
expect "and explained, with the silence" sh -c "'$hearken' explain 587 -c '$dir/hearken.conf' | grep -q 'silenced .*new disk'"
sleep 1
expect "nobody hears of it" sh -c "! grep -q incident '$dir/heard' 2>/dev/null"
says "ended" 0 'No longer silenced: submission' "${silence[@]}" submission off
expect "what still is wrong is told then" within 10 heard '^incident-changed$'
serve
expect "and its end" within 15 heard '^incident-closed$'
printf 'for = 2s\nreason = upgrade\n' >"$dir/state/silence.d/package.conf"
expect "a package's hook silences all" within 5 silenced
expect "for its time" within 10 port '.silence == null'
expect "what ended is removed" test ! -e "$dir/state/silence.d/package.conf"
finish
