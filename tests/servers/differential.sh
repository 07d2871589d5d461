#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# differential.sh HEARKEN NETNS SERVER COUNT SEED - within the network namespace NETNS, where nothing else
# may run, as root: makes configurations of SERVER by chance, and compares the set that Hearken reads in each
# with the one that the started server opens, by the kernel's account. Where the server cannot start, Hearken
# must have called the configuration wrong, and must not where it can. Each difference is told in full, with
# the seed that makes it again (with COUNT 1).
set -u
hearken=$1 netns=$2 server=$3 count=$4 seed=$5
here=$(dirname "$(readlink -f "$0")")
[ "$(ip netns identify $$)" = "$netns" ] || { echo "not in the network namespace $netns" >&2; exit 2; }
work=$(mktemp -d /var/tmp/hearken-differential.XXXXXX)
chmod 755 "$work"
# All that lives in this namespace, but us: it was made for this test.
end_server() {
	local p
	for p in $(ip netns pids "$netns"); do
		case $p in "$$" | "$BASHPID" | "$PPID") ;; *) kill -KILL "$p" 2>/dev/null ;; esac
	done
}
trap 'end_server; rm -rf "$work"' EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key.pem" -subj /CN=x \
	-days 2 -out "$work/cert.pem" 2>/dev/null
ip link set lo up
# Postfix refuses inet_interfaces that no interface has.
for address in 192.0.2.2 192.0.2.3; do ip address add "$address/32" dev lo 2>/dev/null; done

dovecot_prepare() { source=dovecot:$1/dovecot.conf files="$1/dovecot.conf"; }
dovecot_start() { dovecot -c "$1/dovecot.conf" </dev/null >"$1/start.out" 2>&1; }
dovecot24_prepare() { dovecot_prepare "$@"; }
dovecot24_start() { dovecot_start "$@"; }
postfix_prepare() {
	local d
	mkdir -p "$1/etc" "$1/data" "$1/spool"
	for d in active bounce corrupt defer deferred flush hold incoming maildrop private public pid saved trace; do
		mkdir "$1/spool/$d"
	done
	chown postfix: "$1/data" "$1"/spool/[!p]* "$1/spool/public" "$1/spool/private"
	source=postfix:$1/etc files="$1/etc/main.cf $1/etc/master.cf"
}
# Not with -w, which takes ten seconds to see that it failed.
postfix_start() {
	local n
	{
		/usr/lib/postfix/sbin/master -c "$1/etc"
		: >"$1/ended"
	} </dev/null >"$1/start.out" 2>&1 &
	disown
	for ((n = 0; n < 500; n++)); do
		grep -qs 'daemon started' "$1/log" && return 0
		[ ! -e "$1/ended" ] || return 1
		sleep 0.01
	done
	return 1
}

settled() { local before; before=$(ss -Hlnt | wc -l); sleep 0.3; [ "$(ss -Hlnt | wc -l)" = "$before" ]; }
listening() { [ -n "$(ss -Hlnt)" ]; }
ends_or() { # DIR COMMAND...: waits until COMMAND is so, or DIR/ended is there
	local n dir=$1
	shift
	for ((n = 0; n < 2000; n++)); do
		"$@" && return 0
		[ ! -e "$dir/ended" ] || return 1
		sleep 0.01
	done
	return 1
}
# By both ways in which Debian starts it: 12's init script, 13's unit, which is in tests/data as it comes with 4.98.2.
# What they read lies in a /etc/default and a directory of units of our own.
exim_prepare() {
	mkdir -p "$1/spool" "$work/units" "$work/defaults"
	mountpoint -q /etc/default || mount --bind "$work/defaults" /etc/default
	mountpoint -q /usr/lib/systemd/system || mount --bind "$work/units" /usr/lib/systemd/system
	rm -f "$work"/units/* "$work"/defaults/*
	if [ $((i % 2)) = 1 ]; then
		: >"$1/native"
		cp "$here/../data/exim4-4.98.2-debian13.service" /usr/lib/systemd/system/exim4.service
	fi
	source=exim:$1/exim.conf files="$1/exim.conf $1/default"
}
exim_ready() { cp "$1/default" /etc/default/exim4; }
exim_start() {
	local command
	# shellcheck source=/dev/null
	if [ -e "$1/native" ]; then
		command=$(EXIMSERVICE='-bdf -q30m'; . "$1/default"; echo "$EXIMSERVICE")
	else
		command=$(SMTPLISTENEROPTIONS=''; . "$1/default"; echo "-bdf -q30m $SMTPLISTENEROPTIONS")
	fi
	{
		# shellcheck disable=SC2086 # words, as the unit and the script have it
		exim4 -C "$1/exim.conf" ${command/-bd /-bdf }
		: >"$1/ended"
	} </dev/null >"$1/start.out" 2>&1 &
	disown
	ends_or "$1" grep -qs 'daemon started' "$1/mainlog"
}
nginx_prepare() { source=nginx:$1/nginx.conf files="$1/nginx.conf"; }
nginx_start() { nginx -e "$1/log" -c "$1/nginx.conf" </dev/null >"$1/start.out" 2>&1; }
opensmtpd_prepare() {
	# It keeps its queue and its socket in fixed places.
	mountpoint -q /var/spool || mount -t tmpfs -o mode=755 hearken-test /var/spool
	mountpoint -q /var/lib || { mount -t tmpfs -o mode=755 hearken-test /var/lib && mkdir -p /var/lib/opensmtpd/empty; }
	rm -f /run/smtpd.sock
	source=opensmtpd:$1/smtpd.conf files="$1/smtpd.conf"
}
opensmtpd_start() {
	smtpd -n -f "$1/smtpd.conf" >"$1/start.out" 2>&1 || return 1
	{
		smtpd -d -f "$1/smtpd.conf"
		: >"$1/ended"
	} </dev/null >>"$1/start.out" 2>&1 &
	disown
	# It says that it starts before it listens, and not when it does; one with "socket" alone never will.
	if sed "/^include/r $1/more.conf" "$1/smtpd.conf" | grep -q '^listen on [^s]'; then ends_or "$1" listening || return 1; fi
	until settled; do :; done
	[ ! -e "$1/ended" ]
}

# "ADDRESS PORT" a line, as the kernel has them.
observed() {
	ss -Hlnt | awk '{ n = split($4, part, ":"); port = part[n]
		address = substr($4, 1, length($4) - length(port) - 1); gsub(/[][]|%.*/, "", address)
		if (port < 40000) print address, port }' | sort -u
}
# The same, as Hearken reads it; "any PORT" where it can only know the port.
expected() {
	jq -r '.services[] | select(.expected) | .port as $port | if (.addresses | length) > 0
		then .addresses[] | "\(.) \($port)" else "any \($port)" end' "$1" | sort -u
}
# Forgets the addresses of ports that are "any" on the other side.
blur() { awk 'NR == FNR { if ($1 == "any") any[$2] = 1; next } $2 in any { $1 = "any" } { print }' "$1" "$2" | sort -u; }
gone() { [ -z "$(ss -Hlnt)" ]; }

compare() { # DIR: sets $difference
	local dir=$1 wrong='' n
	difference=
	! declare -F "${server}_ready" >/dev/null || "${server}_ready" "$dir"
	"$hearken" config --json -c "$dir/hearken.conf" >"$dir/json" 2>"$dir/config.err"
	[ $? != 2 ] || wrong=$(jq -c '[.sources[].warnings[]]' "$dir/json")
	expected "$dir/json" >"$dir/expected"
	if "${server}_start" "$dir"; then
		started=$((started + 1))
		observed >"$dir/observed"
		blur "$dir/expected" "$dir/observed" >"$dir/blurred"
		difference=$(diff "$dir/expected" "$dir/blurred" 2>&1)
		[ -z "$wrong" ] || difference+=$'\n'"it starts, and Hearken says that it cannot: $wrong"
	else
		refused=$((refused + 1))
		# Where it can only know the port, it cannot know of a collision.
		[ -n "$wrong" ] || grep -q '^any' "$dir/expected" ||
			difference="it does not start, and Hearken sees no error: $(tail -n 2 "$dir/start.out" "$dir/log" 2>/dev/null)"
	fi
	end_server
	for ((n = 0; n < 300; n++)); do gone && return; sleep 0.01; done
	difference="it cannot be ended"
}

failed=0 started=0 refused=0
for ((i = seed; i < seed + count; i++)); do
	dir=$work/$i
	mkdir -p "$dir"
	"${server}_prepare" "$dir"
	"$here/random-config.pl" "$server" "$dir" "$i" || exit 2
	# Postfix sleeps until a file that it reads is older than a second or two.
	# shellcheck disable=SC2086 # a list of paths
	touch -d '10 seconds ago' $files
	printf '[hearken]\nsources = %s\npolicy = off\n' "$source" >"$dir/hearken.conf"
	compare "$dir"
	if [ -n "$difference" ]; then
		failed=$((failed + 1))
		echo "# $server, seed $i: < read by Hearken, > opened by the server"
		echo "#   ${difference//$'\n'/$'\n#   '}"
		# shellcheck disable=SC2086 # a list of paths
		sed 's/^/#   | /' $files "$dir/config.err"
	fi
	rm -rf "$dir"
done
echo "# $server: seed $seed, $count configurations: $started started, $refused refused, $failed differ"
[ $failed = 0 ] && { [ $started -gt 0 ] || [ "$count" -lt 5 ]; } # a few start, or it tests nothing
