#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is expected changes while the daemon runs: files that are written, replaced, linked elsewhere, and
# broken; each without a restart or a reload by hand.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root jq
open_stage

# expected PORT...: exactly these ports are expected
expected() { [ "$(ask '[.services[].port] | sort | map(tostring) | join(" ")')" = "$(printf '%s\n' "$@" | sort -n | paste -sd ' ')" ]; }
becomes() { # NAME PORT...
	local name=$1; shift
	if within 5 expected "$@"; then ok "$name"; else
		not_ok "$name: not $* but $(ask '[.services[].port] | tostring'); $(tail -n 3 "$dir/daemon.log" | tr '\n' '|' | head -c 600)"; fi
}

tls=(25 443 465 993 995 4190) # what Mailu opens with TLS on, whatever PORTS says
mkdir "$dir/v1" "$dir/v2"
printf 'TLS_FLAVOR=cert\nPORTS=587\n' >"$dir/v1/mailu.env"
printf 'TLS_FLAVOR=cert\nPORTS=587,143\n' >"$dir/v2/mailu.env"
ln -s v1 "$dir/data"
ln -s data/mailu.env "$dir/mailu.env"
{ stage_conf; printf 'sources = mailu:%s\npolicy = off\n' "$dir/mailu.env"; } >"$dir/hearken.conf"
"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
within 10 test -s "$dir/status.json"
becomes "as it was at the start" "${tls[@]}" 587

ln -s v2 "$dir/new"; mv -T "$dir/new" "$dir/data"
becomes "a directory on the way is another now, as Kubernetes does it" "${tls[@]}" 587 143
expect "and that is told, with who says so" within 5 told expectation-changed 'Port 143 \(imap\): what is expected has changed: expected from now on \(mailu\), tls starttls'
sed -i 's/143/110/' "$dir/v2/mailu.env"
becomes "replaced by rename, as editors do it" "${tls[@]}" 587 110
expect "the one that went is told too" within 5 told expectation-changed 'Port 143 \(imap\): .*not expected any more: no source has it now, before: mailu'
printf 'TLS_FLAVOR=cert\nPORTS=587\n' >"$dir/v2/mailu.env"
becomes "written in place" "${tls[@]}" 587

printf 'services:\n front:\n  image: ghcr.io/mailu/nginx:2.0\n' >"$dir/docker-compose.yml"
becomes "a compose file appears beside it, of a Mailu that needs no opt-in" 25 443 465 587 993 995 143 110
rm "$dir/docker-compose.yml"
becomes "and goes again" "${tls[@]}" 587

n=$(events expectation-changed | wc -l)
touch "$dir/v2/mailu.env" "$dir/v2/other.env"; sleep 1
expect "what says the same is no news" test "$(events expectation-changed | wc -l)" = "$n"

mkdir "$dir/hearken.conf.d"
printf '[listener extra]\nport = 2525\nprotocol = smtp\ntls = none\n' >"$dir/hearken.conf.d/10-extra.conf"
becomes "a new file in hearken.conf.d" "${tls[@]}" 587 2525
printf '[listener extra]\nport = 2525x\n' >"$dir/hearken.conf.d/10-extra.conf"
expect "a bad value in it: file and line" within 5 grep -q '10-extra.conf:2' "$dir/daemon.log"
becomes "and what was expected still is" "${tls[@]}" 587 2525
rm "$dir/hearken.conf.d/10-extra.conf"
becomes "removed" "${tls[@]}" 587

printf 'TLS_FLAVOR=certt\n' >"$dir/v2/mailu.env"
expect "a broken mailu.env: file and line" within 5 grep -q 'mailu.env:1: .*TLS_FLAVOR' "$dir/daemon.log"
expect "and that its last good word still holds" within 5 grep -q 'mailu.env: what it said before still holds' "$dir/daemon.log"
becomes "so all is expected that was" "${tls[@]}" 587
sleep 1
expect "which is said once" test "$(grep -c 'still holds, until' "$dir/daemon.log")" = 1
printf 'TLS_FLAVOR=cert\nPORTS=143\n' >"$dir/v2/mailu.env"
becomes "until it is mended" "${tls[@]}" 143

expect "the daemon is the one that was started" kill -0 "$daemon"
end_daemon

# A source whose directory is not there yet.
rm -f "$dir/status.json"
{ stage_conf; printf 'sources = mailu:%s\npolicy = off\n' "$dir/later/deep/mailu.env"; } >"$dir/hearken.conf"
"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
within 10 test -s "$dir/status.json"
expect "a directory that is not there is said" grep -q 'later/deep/mailu.env: cannot be read: No such file' "$dir/daemon.log"
mkdir -p "$dir/later/deep"; sleep 0.5
printf 'TLS_FLAVOR=cert\nPORTS=143\n' >"$dir/later/deep/mailu.env"
becomes "and seen when it comes" "${tls[@]}" 143
mv "$dir/later" "$dir/away"; mkdir -p "$dir/later/deep"
expect "gone again: its last good word holds" within 5 grep -q 'what it said before still holds' "$dir/daemon.log"
printf 'TLS_FLAVOR=cert\nPORTS=587\n' >"$dir/later/deep/mailu.env"
becomes "until there is another in its place" "${tls[@]}" 587
end_daemon

# A host that has no inotify left, of a user namespace's own counting; where BPF is refused, too, and units are not seen.
blind() { # instances|watches SENTENCE
	rm -f "$dir/status.json"
	printf 'TLS_FLAVOR=cert\nPORTS=587\n' >"$dir/v2/mailu.env"
	{ stage_conf; printf 'netns = host\nsources = mailu:%s\npolicy = off\n' "$dir/mailu.env"; } >"$dir/hearken.conf"
	# shellcheck disable=SC2016 # the inner shell expands
	unshare --user --map-root-user --net sh -c 'echo 0 >"/proc/sys/user/max_inotify_$0" || exit 99; exec "$@"' "$1" \
		"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
	if ! within 10 test -s "$dir/status.json"; then
		skip "no $1: no user namespace here with a limit of its own"; kill -KILL "$daemon" 2>/dev/null; daemon=; return
	fi
	expect "no $1 left: it is said" within 5 grep -qE "$2" "$dir/daemon.log"
	printf 'TLS_FLAVOR=cert\nPORTS=143\n' >"$dir/v2/mailu.env"
	sleep 1
	expect "no $1 left: so a change is not seen" expected "${tls[@]}" 587
	kill -HUP "$daemon"
	becomes "no $1 left: until a reload" "${tls[@]}" 143
	end_daemon
}
blind instances 'Cannot watch files for changes \(fs.inotify.max_user_instances\?\); reload Hearken after'
blind watches 'Some files cannot be watched for changes \(fs.inotify.max_user_watches\?\); reload Hearken after'
finish
