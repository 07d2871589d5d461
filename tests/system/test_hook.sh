#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# "hook =": run for each event in its order, again until it takes it, across a restart of the daemon; and the history
# that is kept beside it.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq perl
open_stage

cat >"$dir/hook" <<-HOOK
	#!/bin/sh
	[ ! -e "$dir/closed" ] || { echo "nobody is there" >&2; exit 7; }
	echo "\$1 \$HEARKEN_EVENT \$HEARKEN_PORT \$HEARKEN_CAUSE \$HEARKEN_INCIDENT" >>"$dir/heard"
	echo "\$HEARKEN_JSON" >>"$dir/heard.json"
HOOK
chmod 755 "$dir/hook"
{
	stage_conf
	printf 'sources = none\nprobe-interval = 1h\nhook = %s/hook word\n' "$dir"
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
heard() { grep -q "$1" "$dir/heard" 2>/dev/null; }
waits() { find "$dir/state/spool" -name '*.json' 2>/dev/null | grep -q .; }
none_waits() { ! waits; }
# story REGEX WORD...: what is explained, as one line
story() { local regex=$1; shift; "$hearken" explain "$@" -c "$dir/hearken.conf" 2>&1 | tr '\n' '|' | grep -qE "$regex"; }

serve
run
within 10 port '.verdict == "up"' || not_ok "587 is not up"
kill -KILL "$server"; wait "$server" 2>/dev/null
expect "the hook hears of an outage, with its argument" within 10 heard '^word incident-opened 587 owner-crashed [0-9a-f]\{32\}$'
touch "$dir/closed"
serve
expect "what it does not take waits" within 10 waits
end_daemon
expect "across a restart" waits
run
sleep 2 # it is tried, and refused
expect "and is not forgotten" waits
rm "$dir/closed"
expect "until it is taken" within 30 heard '^word incident-closed 587 '
expect "nothing waits any more" within 10 none_waits
expect "in its order, each once" test "$(awk '{ print $2 }' "$dir/heard" | paste -sd ' ')" = "incident-opened incident-closed"
expect "all of it as an object" sh -c "jq -se '.[1] | .event == \"incident-closed\" and .port == 587 and .downtime_usec > 0 and (.message | length > 0)' '$dir/heard.json'"

says "the history has it" 0 'submission 587 +owner-crashed' "$hearken" history -c "$dir/hearken.conf"
says "as an object too" 0 '"cause": "owner-crashed"' "$hearken" history --json --since 1h -c "$dir/hearken.conf"
expect "of one incident, which is over" sh -c "'$hearken' history --json -c '$dir/hearken.conf' | jq -e '(.incidents | length) == 1 and .incidents[0].closed != null and .incidents[0].downtime_seconds > 0 and .services[0].incidents == 1'"
says "a duration is asked for" 3 'is no duration' "$hearken" history --since yesterday

# The whole story of it, while it is so, afterwards, and when nobody runs.
expect "well: all four truths" story 'submission is up since .*declared +yes .*rendered +unknown.*observed +yes +0\.0\.0\.0.*working +yes ' 587
says "by its name; a service that there is not" 3 'no service "imaps".*submission \(587\)' "$hearken" explain imaps -c "$dir/hearken.conf"
incident=$(awk 'NR == 1 { print $5 }' "$dir/heard")
expect "the incident that is over" story "$incident.*it was +missing \(owner-crashed\): (signal 9|SIGKILL).*Port 587" submission --incident "$incident"

# Another that delivers meanwhile does not overtake.
printf '#!/bin/sh\nsleep 3\necho slow >>"%s/heard"\n' "$dir" >"$dir/hook"
kill -KILL "$server"; wait "$server" 2>/dev/null
expect "it is being delivered" within 10 pgrep -f "$dir/hook word"
expect "a second one leaves it alone" timeout 2 "$hearken" deliver -c "$dir/hearken.conf"
expect "down: why, and since when" story '587 submission is down since .*incident .*observed +no .*why +missing \(owner-crashed\).*helps +restart the server' 587
expect "once" within 15 heard '^slow$'
sed -i '/^hook/d' "$dir/hearken.conf"
end_daemon
expect "without a hook nothing waits" timeout 10 "$hearken" deliver -c "$dir/hearken.conf"
expect "and what waited is gone" none_waits
expect "without the daemon: what was known last" story 'is unknown.*no daemon keeps.*owner-crashed' 587
expect "as an object" sh -c "'$hearken' explain 587 --json -c '$dir/hearken.conf' | jq -e '.truths.observed.value == \"unknown\" and (.timeline | length) > 0'"
finish
