#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The configuration of a real Dovecot is changed for the worse, on disk: "hearken preflight" says so before a
# reload, and the daemon does not restart into it.
set -u
here=$(dirname "$(readlink -f "$0")")
. "$here/../tap.sh"
. "$here/stage.sh"
hearken=$(readlink -f build/hearken)
[ "$(id -u)" = 0 ] || { echo "# SKIP preflight: must be root"; exit 77; }
stage_open preflight
daemon=
clean_up() {
	[ -z "$daemon" ] || { kill -TERM "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null; }
	stage_close
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

render() { dovecot_config "$dir/dovecot" "$dir/certs/good-chain.pem" "${key:-$dir/certs/good.key}" tls "$@"; }
# preflight NAME STATUS REGEX: its first line
preflight() {
	local rc; "$hearken" preflight -c "$dir/hearken.conf" >"$dir/out" 2>"$dir/err"; rc=$?
	if [ $rc = "$2" ] && head -n 1 "$dir/out" | grep -qE "$3"; then ok "$1"; else
		not_ok "$1: status $rc: $(head -n 2 "$dir/out" | tr '\n' '|') $(head -c 300 "$dir/err")"; fi
}
up() { [ "$(jq -er '[.services[] | .verdict == "up"] | all' "$dir/status.json" 2>/dev/null)" = true ]; }
# Events, one a line, from the journal where there is one.
events() {
	if [ -S /run/systemd/journal/socket ]; then
		journalctl -q --no-pager -o cat "_PID=$daemon" "HEARKEN_EVENT=$1" 2>/dev/null
	else
		grep -E "^hearken: $1" "$dir/daemon.log"
	fi
}
told() { events "$1" | grep -qE "$2"; } # KIND REGEX

cat >"$dir/restart" <<SH
#!/bin/bash
echo restarted >>$dir/restarts
rm -f $dir/dovecot/run/master.pid
exec ip netns exec $ns dovecot -c $dir/dovecot/dovecot.conf </dev/null >$dir/dovecot.out 2>&1
SH
chmod 755 "$dir/restart"
{
	stage_conf
	printf 'sources = dovecot:%s\nrepair = restart\n' "$dir/dovecot/dovecot.conf"
	for s in submission submissions imaps pop3s sieve; do
		printf '[listener %s]\nrestart-command = %s\n' "$s" "$dir/restart"
	done
} >"$dir/hearken.conf"
render 587
stage_dovecot

preflight "all is well" 0 '^OK - the configuration on disk opens what is expected: [0-9]+ ports'
render
preflight "587 is no longer in it" 2 '^CRITICAL - 587 \(submission\) listens now, and a reload or restart drops it'
expect "JSON says the same" sh -c "'$hearken' preflight -c '$dir/hearken.conf' --json | jq -e '.verdict == \"critical\" and (.items[] | select(.port == 587) | .outcome == \"loses\")'"
key=$dir/certs/ca.key
[ -f "$key" ] || key=$(find "$dir/certs" -name '*.key' ! -name good.key | head -n 1)
render 587
preflight "the key is another's" 2 "^CRITICAL - .* the key in $key does not belong to the certificate in $dir/certs/good-chain.pem"
key=$dir/certs/gone.key
render 587
preflight "the key is not there" 2 "^CRITICAL - .*gone.key cannot be read: No such file"
unset key
render 587
echo 'service nonsense {' >>"$dir/dovecot/dovecot.conf"
preflight "it does not parse" 2 '^CRITICAL - .*dovecot.conf: .*doveconf|^CRITICAL - .*dovecot.conf: dovecot exited'
render 587
preflight "all is well again" 0 '^OK'

"$hearken" run -c "$dir/hearken.conf" 2>"$dir/daemon.log" & daemon=$!
expect "the daemon sees all up" within 15 up
echo 'service nonsense {' >>"$dir/dovecot/dovecot.conf"
kill -KILL "$(stage_master)"
for p in $(stage_pids); do [ "$p" = "$daemon" ] || kill -KILL "$p" 2>/dev/null; done
expect "a crash is told" within 5 told incident-opened 'owner-crashed'
expect "it is not restarted into a broken configuration, and why" within 5 told repair-withheld 'no repair \(configuration\): with the configuration on disk the server would not come back\. .*dovecot.conf'
expect "nothing was restarted" test ! -e "$dir/restarts"
expect "what was expected still is" sh -c "jq -e '[.services[].port] | contains([465, 587, 993])' '$dir/status.json'"
render 587
kill -HUP "$daemon"
expect "mended and told: it is restarted" within 10 test -e "$dir/restarts"
expect "and all is up" within 15 up
finish
