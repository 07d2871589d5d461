#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The installed unit, on a real systemd with journald, D-Bus and Dovecot: ready, fields in the journal, a
# crash repaired by RestartUnit, an operator's stop left alone, reload, the watchdog, stop.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
top=$(readlink -f "$here/../..")

if [ "${1:-}" = setup ]; then # called by boot-systemd.sh with $ROOT
	set -e
	make -s -C "$top" install DESTDIR="$ROOT" OUT="$out"
	systemd-sysusers --root="$ROOT" hearken.conf
	"$here/certs.sh" "$ROOT/etc/dovecot/certs" >/dev/null
	rm -f "$ROOT/etc/dovecot/dovecot.conf"
	DOVECOT_ROOT=$ROOT DOVECOT_SERVICE=1 dovecot_config /etc/dovecot /etc/dovecot/certs/good-chain.pem \
		/etc/dovecot/certs/good.key tls 587
	mkdir -p "$ROOT/srv/mail" "$ROOT/etc/hearken" "$ROOT/etc/systemd/system/hearken.service.d" \
		"$ROOT/var/lib/prometheus/node-exporter"
	cat >"$ROOT/etc/hearken/hearken.conf" <<-CONF
	[hearken]
	server-name = mail.example.test
	ca-file = /etc/dovecot/certs/ca.pem
	repair = restart
	hook = /root/hook
	CONF
	# shellcheck disable=SC2016 # the hook's own
	printf '#!/bin/sh\necho "$HEARKEN_EVENT" >>/root/heard\n' >"$ROOT/root/hook" && chmod 755 "$ROOT/root/hook"
	printf '[Service]\nWatchdogSec=4s\n' >"$ROOT/etc/systemd/system/hearken.service.d/test.conf"
	ln -sf /usr/lib/systemd/system/hearken.service "$ROOT/etc/systemd/system/multi-user.target.wants/hearken.service"
	exit 0
fi

if [ "${1:-}" != inside ]; then
	boot_guest --dovecot
	in_guest bash "$here/test_unit.sh" inside
	exit $?
fi

# ---------------------------------------------------------------------------------------- in the guest
cd "$top" || exit 1
journal() { journalctl -q --no-pager -o json -t hearken "$@"; }
# field NAME MATCH...: the newest entry's
field() { local name=$1; shift; journal "$@" | tail -n 1 | jq -r ".$name // empty"; }
events() { journal "HEARKEN_EVENT=$1" | wc -l; }
status() { jq -er "$1" /run/hearken/status.json; }
all_up() { [ "$(status '[.services[] | select(.verdict != "up")] | length')" = 0 ] && [ "$(status '.services | length')" -gt 5 ]; }
pid_of() { systemctl show -P MainPID "$1"; }
newer() { [ "$(pid_of hearken)" != "$1" ] && [ "$(pid_of hearken)" != 0 ]; }
many() { [ "$(events "$1")" -ge "$2" ]; }

expect "the unit is active, after READY=1" systemctl is-active hearken
expect "every port of Dovecot is up" within 10 all_up
expect "Dovecot's unit is named as the owner" test "$(status '.services[] | select(.port == 587) | .listeners[0].unit')" = dovecot.service
expect "pids are those of this pid namespace" test "$(status '.services[] | select(.port == 587) | .listeners[0].pids[0]')" = "$(pid_of dovecot)"
expect "the textfile is there for the collector" grep -q '^hearken_service_up{.*port="587".*} 1' /var/lib/prometheus/node-exporter/hearken.prom
expect "promtool accepts it" sh -c 'promtool check metrics </var/lib/prometheus/node-exporter/hearken.prom'
expect "the sandbox leaves it every hook" status '[.hooks[]] | index("none") == null'
expect "hearken status says OK" hearken status

# The real collector reads it.
prometheus-node-exporter --collector.disable-defaults --collector.textfile --web.listen-address=127.0.0.1:9199 \
	--collector.textfile.directory=/var/lib/prometheus/node-exporter >/dev/null 2>&1 &
exporter=$!
scrape() { exec 3<>/dev/tcp/127.0.0.1/9199 && printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3 && cat <&3; }
scraped() { scrape 2>/dev/null | grep -qE "$1"; }
expect "node_exporter serves it" within 5 scraped '^hearken_service_up\{.*port="587".*\} 1'
expect "without an error" scraped '^node_textfile_scrape_error 0'
kill $exporter

# The process that talks to the network.
prober() { pgrep -P "$(pid_of hearken)" -u hearken-prober; }
expect "the prober is a user of its own" prober
expect "with a filter of system calls" grep -q '^Seccomp:.2' "/proc/$(prober)/status"
expect "and no way to more" grep -q '^NoNewPrivs:.1' "/proc/$(prober)/status"
expect "without a capability" sh -c "grep -E '^Cap(Prm|Eff|Inh|Amb)' /proc/$(prober)/status | grep -vq '0000000000000000' && exit 1 || exit 0"
expect "and may not get any" grep -q '^NoNewPrivs:.1' "/proc/$(prober)/status"
first=$(prober)
kill -KILL "$first"
another() { [ -n "$(prober)" ] && [ "$(prober)" != "$first" ]; }
expect "a killed prober is started again" within 5 another
expect "and no service is called down for it" all_up

# A crash, repaired through systemd.
kill -KILL "$(pid_of dovecot)"
expect "the crash is told" within 5 many incident-opened 1
expect "HEARKEN_CAUSE" test "$(field HEARKEN_CAUSE HEARKEN_EVENT=incident-opened)" = owner-crashed
expect "HEARKEN_FINDING" test "$(field HEARKEN_FINDING HEARKEN_EVENT=incident-opened)" = missing
expect "PRIORITY" test "$(field PRIORITY HEARKEN_EVENT=incident-opened)" = 3
expect "MESSAGE_ID has a catalog entry" grep -q "^-- $(field MESSAGE_ID HEARKEN_EVENT=incident-opened)" /usr/lib/systemd/catalog/hearken.catalog
expect "journalctl -u dovecot shows it" sh -c 'journalctl -q --no-pager -u dovecot -o json | grep -q HEARKEN_INCIDENT'
expect "the restart is told" within 5 many repair-started 1
expect "every port is up again" within 20 all_up
expect "the incident is closed" within 5 many incident-closed 1
expect "one crash is one incident" test "$(events incident-opened)" = 1
expect "opened and closed carry the same id" test "$(field HEARKEN_INCIDENT HEARKEN_EVENT=incident-opened)" = "$(field HEARKEN_INCIDENT HEARKEN_EVENT=incident-closed)"
expect "HEARKEN_DOWNTIME_USEC is of this outage" test "$(field HEARKEN_DOWNTIME_USEC HEARKEN_EVENT=incident-closed)" -gt 100000
expect "the job was followed to its end" within 5 many repair-finished 1
expect "what was spent is on disk" grep -q dovecot.service /var/lib/hearken/repairs.json

# Planned work.
systemctl restart dovecot
expect "up after a planned restart" within 15 all_up
sleep 1
expect "a planned restart is no incident" test "$(events incident-opened)" = 1
systemctl stop dovecot
expect "an operator's stop is told" within 10 many incident-opened 2
expect "as unit-stopped" test "$(field HEARKEN_CAUSE HEARKEN_EVENT=incident-opened)" = unit-stopped
expect "and not repaired" within 5 many repair-withheld 1
sleep 2
expect "Dovecot stays stopped" test "$(systemctl is-active dovecot)" = inactive
systemctl start dovecot
expect "up after the operator's start" within 15 all_up

# The hook writes where the daemon may not.
expect "the hook has heard of it, outside of the sandbox" within 20 grep -q '^incident-opened$' /root/heard
expect "and of the end" within 20 grep -q '^incident-closed$' /root/heard

# A reload that opens the same ports, otherwise: no listener closes, and it is asked all the same.
finds_at_587() { [ "$(status '.services[] | select(.port == 587) | .findings[0].name // "nothing"')" = "$1" ]; }
expect "587 is as it should be" finds_at_587 nothing
cp /etc/dovecot/dovecot.conf /etc/dovecot/before.conf
printf 'service submission-login {\n inet_listener submission {\n  ssl = yes\n }\n}\n' >>/etc/dovecot/dovecot.conf && systemctl reload dovecot
# Who waits for TLS is silent, for as long as a server may be: probe-timeout, 10 s.
expect "what a reload of Dovecot changed is found by one conversation" within 20 finds_at_587 wrong-tls-mode
mv /etc/dovecot/before.conf /etc/dovecot/dovecot.conf && systemctl reload dovecot
expect "and the end of it, too" within 10 finds_at_587 nothing

# The daemon itself.
before=$(pid_of hearken)
cp /etc/hearken/hearken.conf /tmp/hearken.conf && printf '[hearken]\nprobe-interval = banana\n' >>/etc/hearken/hearken.conf
expect "a typo makes the reload fail" [ "$(systemctl reload hearken 2>/dev/null; echo $?)" != 0 ]
expect "and nobody is blinded" hearken status
mv /tmp/hearken.conf /etc/hearken/hearken.conf
expect "systemctl reload" systemctl reload hearken
expect "is done by the same process" test "$(pid_of hearken)" = "$before"
echo 'nonsense = [' >>/etc/hearken/hearken.conf
printf '[hearken]\nrepair = perhaps\n' >/etc/hearken/hearken.conf.broken
mkdir -p /etc/hearken/hearken.conf.d && mv /etc/hearken/hearken.conf.broken /etc/hearken/hearken.conf.d/broken.conf
systemctl reload hearken
expect "a broken configuration is said, with file and line" within 5 sh -c "journalctl -q --no-pager -u hearken -o cat | grep -q 'broken.conf:2'"
expect "and the old one kept" within 5 all_up
rm -r /etc/hearken/hearken.conf.d
sed -i '/nonsense/d' /etc/hearken/hearken.conf
kill -STOP "$before"
expect "a hung daemon is started anew by the watchdog" within 20 newer "$before"
expect "and all is up again" within 15 all_up
systemctl stop hearken
expect "a stop leaves no status that looks alive" test ! -e /run/hearken/status.json
expect "the textfile stays, so that no alert seems to be resolved" grep -q '^hearken_last_update_timestamp_seconds ' /var/lib/prometheus/node-exporter/hearken.prom
expect "and ended well" test "$(systemctl show -P Result hearken)" = success

# Within the unit's limits it asks a container's own Dovecot. As every container, this one has a cgroup of its own:
# we ourselves were put here from outside, into one that nothing in here can name, and so nothing could join.
systemd-run -q --scope --unit=container unshare --mount --propagation private --net --pid --ipc --uts --fork \
	--mount-proc sh -c 'mount -t tmpfs none /srv
	printf "protocols = imap\nlisten = *\nssl = no\nservice imap-login {\n  inet_listener imap {\n    port = 1143\n  }\n}\n" >/srv/dovecot.conf
	exec sleep 100' </dev/null >/dev/null 2>&1 &
inmate() { pgrep -xf 'sleep 100'; }
within 5 inmate >/dev/null
printf '[hearken]\nsources = dovecot:/srv/dovecot.conf\nnetns = path:/proc/%s/ns/net\npolicy = off\n' "$(inmate)" >/etc/hearken/inside.conf
sed -e 's,^ExecStart=.*,ExecStart=/usr/bin/hearken config -c /etc/hearken/inside.conf,; s/^Type=.*/Type=oneshot/' \
	-e '/^ExecReload=\|^WatchdogSec=\|^Restart\|^StateDirectory\|^RuntimeDirectory/d' \
	/usr/lib/systemd/system/hearken.service >/run/systemd/system/hearken-inside.service
systemctl daemon-reload
systemctl start hearken-inside
inside() { journalctl -q --no-pager -o cat -u hearken-inside | grep -q "$1"; }
expect "within the unit's limits, a container's Dovecot is asked in there" within 5 inside 'dovecot /srv/dovecot.conf: read'
expect "and says what it opens" inside '1143 .*imap'
kill -KILL "$(inmate)"
finish
