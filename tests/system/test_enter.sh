#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hearken runs a container's own doveconf inside of it, and the container is hostile. It is made by hand as docker makes
# them: cgroups by docker's name, namespaces, an overlay over this machine's root; but its init has all capabilities, as
# those of "docker run --cap-add ALL" have. Each attack is a script in doveconf's place, or a process that waits for us.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
unit=${HEARKEN_UNIT:-} # test_enter_unit.sh: ask in the sandbox of this one, whose private /tmp and /var/tmp are others
[ -z "$unit" ] || hearken=/usr/bin/hearken
need root doveconf
hierarchy() { # CONTROLLER ("": version 2): where it is mounted
	awk -v c="$1" '{ for (i = 7; i < NF; i++) if ($i == "-" && ((c == "" && $(i + 1) == "cgroup2") ||
		(c != "" && $(i + 1) == "cgroup" && ("," $NF ",") ~ ("," c ",")))) { print $5; exit } }' /proc/self/mountinfo
}
below=${unit:+/srv} open_dir
id=$(printf '%s' "enter $$ $RANDOM" | sha256sum | cut -c1-64)
init='' cgroups=()
close_container() {
	local c p
	[ -z "$init" ] || kill -KILL "$init" 2>/dev/null
	for c in "${cgroups[@]}"; do while read -r p; do kill -KILL "$p"; done <"$c/cgroup.procs"; done 2>/dev/null
	wait
	for c in "${cgroups[@]}"; do within 2 rmdir "$c"; rmdir "${c%/*}"; done 2>/dev/null
}
at_end close_container

# ---- the container ----
declare -A cgroup=() # by controller, those that could be made
for controller in "" devices memory pids; do
	at=$(hierarchy "$controller")
	if [ -z "$at" ] || ! mkdir -p "$at/hearken-enter-$$/docker-$id.scope" 2>/dev/null; then continue; fi
	cgroups+=("$at/hearken-enter-$$/docker-$id.scope")
	cgroup[${controller:-unified}]=${cgroups[-1]}
done
[ ${#cgroups[@]} -gt 0 ] || skip_all "no cgroup can be made"
if [ -n "${cgroup[devices]:-}" ]; then
	echo a >"${cgroup[devices]}/devices.deny"
	for rule in 'c *:* m' 'b *:* m' 'c 1:3 rwm' 'c 1:8 rwm' 'c 1:9 rwm' 'c 5:0 rwm'; do
		echo "$rule" >"${cgroup[devices]}/devices.allow"
	done
fi
mkdir -p "$dir/fs"
cat >"$dir/init.sh" <<'END'
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$1/fs"
cd "$1/fs"
mkdir up work root
mount -t overlay -o lowerdir=/,upperdir=up,workdir=work overlay root
cd root
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/tty c 5 0
mount -t tmpfs -o mode=1777 tmpfs run
mkdir run/.old
pivot_root . run/.old
umount -l /run/.old
rmdir /run/.old
mount --make-rshared / # as systemd leaves it
mkdir -p /etc/dovecot
printf 'protocols = imap\nssl = no\n' >/etc/dovecot/dovecot.conf
cp /usr/bin/doveconf /usr/bin/doveconf.real
touch /run/ready
exec sleep 600
END
# shellcheck disable=SC2016 # the inner shell expands
unshare --mount --pid --net --uts --ipc --fork sh -c '
	read -r pid _ </proc/self/stat && echo "$pid" >"$1/pid"
	at=$1; shift
	for c; do echo 0 >"$c/cgroup.procs"; done
	exec bash "$at/init.sh" "$at"' sh "$dir" "${cgroups[@]}" </dev/null >"$dir/out" 2>&1 &
within 5 test -s "$dir/pid"
init=$(cat "$dir/pid")
root=/proc/$init/root
if ! within 5 test -e "$root/run/ready"; then
	skip_all "no container can be made: $(tail -n 1 "$dir/out")"
fi
in_container() ( # COMMAND...: as its own processes run
	for c in "${cgroups[@]}"; do echo 0 >"$c/cgroup.procs"; done
	exec nsenter -t "$init" -m -p -n -u -i "$@"
)
doveconf_is() { # TEXT
	printf '%s\n' "$1" | in_container sh -c 'cd /usr/bin; cat >doveconf.new; chmod 755 doveconf.new
		mv doveconf.new doveconf; rm -f /run/saw /run/ran'
}
cat >"$dir/hearken.conf" <<-CONF
	[hearken]
	netns = container:$id
	published = none
	sources = dovecot
CONF
rc=0 took=0
ask() { # [COMMAND...]: hearken config, under that command
	local began
	began=$(date +%s%N)
	if [ -n "$unit" ]; then
		ask_unit
	else
		timeout -k 5 40 "$@" "$hearken" config -c "$dir/hearken.conf" --json >"$dir/answer" 2>"$dir/errors" </dev/null
	fi
	rc=$? took=$((($(date +%s%N) - began) / 1000000))
}
ask_unit() { # a service with all that $unit says of a service's rights and bounds
	local rc
	rm -f "$dir/answer" "$dir/errors"
	{
		sed -n '/^\[Service\]/,/^\[Install\]/p' "$unit" |
			grep -vE '^(Exec|Type|Watchdog|Restart|StateDirectory|RuntimeDirectory|\[Install|#)'
		printf '%s\n' Type=oneshot "ExecStart=$hearken config -c $dir/hearken.conf --json" TimeoutStartSec=40 \
			"StandardOutput=file:$dir/answer" "StandardError=file:$dir/errors" Environment=SECRET=of-the-administrator
	} >/run/systemd/system/hearken-enter.service
	systemctl daemon-reload
	systemctl start hearken-enter.service 2>/dev/null
	rc=$(systemctl show -P ExecMainStatus hearken-enter.service)
	return "$rc"
}
answered() { jq -en 'input | any(.services[]; .port == 143)' "$dir/answer" >/dev/null; }
said() { cat "$dir/answer" "$dir/errors" | grep -qE "$1"; }
saw() { grep -qE "$1" "$root/run/saw"; }
end_of_script='exec /usr/bin/doveconf.real "$@"'
mark=8$$ # seconds that nobody else sleeps
none_left() { ! pgrep -fx "sleep $mark"; }

# ---- what it is when it runs there ----
doveconf_is "#!/bin/bash
[ -e /run/saw ] || { cat /proc/self/status /proc/self/cgroup
sed 's/^/limit /' /proc/self/limits
echo oom \$(cat /proc/self/oom_score_adj)
tr '\\0' '\\n' </proc/\$\$/environ | sed 's/^/environment /'
ls -l /proc/\$\$/fd | sed -n 's/.* \\([0-9]* -> .*\\)/descriptor \\1/p'
cut -d ' ' -f 5-8 /proc/self/stat | sed 's/^/ids /'
ls /proc | sed 's/^/proc /'
cat /proc/1/environ /proc/1/maps >/dev/null && echo the keeper can be read
echo >/proc/sys/kernel/nothing && echo proc can be written
} >/run/saw 2>&1
$end_of_script"
SECRET=of-the-administrator ask prlimit --core=unlimited --nofile=4000
expect "a program of the container is run, and its answer taken" answered
for set in Inh Prm Eff Bnd Amb; do expect "no capability: Cap$set" saw "^Cap$set:.0000000000000000"; done
expect "and no way to one" saw '^NoNewPrivs:.1'
expect "as its root" saw '^Uid:.0.0.0.0'
expect "without a group" saw '^Groups:[[:space:]]*$'
expect "with a filter of system calls" saw '^Seccomp:.2'
expect "no core" saw '^limit Max core file size +0 +0 '
never_saw() { ! saw "$1"; }
expect "not the administrator's environment" never_saw SECRET
expect "but one of its own" saw '^environment PATH=/usr/local/sbin:'
its_own='(0|1[0-9]) -> pipe:|[12] -> /run/saw|255 -> /usr/bin/doveconf$'
expect "its descriptors are pipes, and no others than the three" \
	sh -c "! grep ^descriptor $root/run/saw | grep -vE '^descriptor ($its_own)'"
expect "of all in the container it is the first that goes when memory is short" saw '^oom 1000'
for controller in "${!cgroup[@]}"; do
	name=$controller
	[ "$name" != unified ] || name=
	expect "in the container's cgroup: $controller" saw "^[0-9]+:$name:.*docker-$id"
done
n=$(grep -c '^proc [0-9]' "$root/run/saw")
expect "it sees no process but its own: $n" test "$n" -lt 6
expect "and of the kernel nothing" never_saw '^proc (sys|kcore|sysrq-trigger)|can be'
expect "what is mounted for it is not seen in the container" test "$(in_container grep -c ' /proc ' /proc/self/mounts)" = 1

# ---- who waits for it there ----
# With every capability, CAP_SYS_PTRACE among them: whatever it can see for a moment it can take.
cat >"$root/run/spy" <<'END'
opendir(my $proc, "/proc") or die;
my %old = map { $_ => 1 } grep { /^\d/ } readdir $proc;
open my $out, ">", "/run/seen" or die;
$| = 1; print "watching\n"; close STDOUT;
for (my $end = time + 8; time < $end;) {
	rewinddir $proc;
	for (grep { /^\d/ && !$old{$_} } readdir $proc) {
		$old{$_} = 1; kill STOP => $_;
		open my $maps, "<", "/proc/$_/maps"; syswrite $out, "$_ " . (readlink "/proc/$_/exe") . "\n";
	}
}
END
doveconf_is "#!/bin/bash
$end_of_script"
in_container perl /run/spy >"$dir/spy" & spy=$!
within 5 grep -q watching "$dir/spy"
ask
expect "a process of the container that stops and reads every newcomer: answered all the same" answered
wait "$spy"
expect "it saw none: $(wc -l <"$root/run/seen")" test ! -s "$root/run/seen"

# ---- our own program ----
if command -v cc >/dev/null; then
	cat >"$dir/report.c" <<'END'
#include <stdio.h>
#include <sys/stat.h>
__attribute__((constructor)) static void report(void)
{
	struct stat at;
	FILE *to = stat("/proc/self/exe", &at) == 0 ? fopen("/run/report", "a") : NULL;

	if (to) {
		fprintf(to, "%lu\n", (unsigned long)at.st_ino);
		fclose(to);
	}
}
END
	cc -shared -fPIC -o "$dir/report.so" "$dir/report.c"
	in_container sh -c 'cat >/usr/lib/report.so; echo /usr/lib/report.so >/etc/ld.so.preload; true' <"$dir/report.so"
	in_container true
	expect "the container's preload works" test -s "$root/run/report"
	doveconf_is '#!/proc/self/exe'
	in_container sh -c ': >/run/report'
	ask
	in_container rm /etc/ld.so.preload
	expect "a doveconf that is #!/proc/self/exe does not run the host's hearken" \
		sh -c "! grep -qx $(stat -c %i "$hearken") $root/run/report"
	expect "and is no configuration" sh -c "test $rc = 1 -o $rc = 2 -o $rc = 3"
else
	skip "no compiler for what a container would preload"
fi
doveconf_is "#!/usr/bin/perl
my \$n = 0;
for my \$p (glob('/proc/[0-9]*/exe')) { \$n++ if open my \$f, '+<', \$p; }
for my \$p (glob('/proc/self/fd/*')) { chmod 0, \$p; open my \$f, '>', \$p; chmod 0, \$f if \$f; }
for my \$fd (0 .. 64) { open my \$f, '+<&=', \$fd or next; chmod 0, \$f; chown 4711, 4711, \$f; }
open my \$out, '>', '/run/saw'; print \$out \"\$n\\n\";
exec '/usr/bin/doveconf.real', @ARGV"
modes() { stat -c '%n %a %u' "$hearken" /dev/null /dev/zero /dev/tty; }
before=$(modes)
ask
expect "nothing of the host's can be had through a descriptor: $(modes | tr '\n' ' ')" test "$(modes)" = "$before"
chmod 666 /dev/null # should it have been so
expect "nor a program be overwritten" saw '^0$'
in_container sh -c 'chown root:root /etc/dovecot/dovecot.conf; chmod 644 /etc/dovecot/dovecot.conf' # it hit its own

# ---- the administrator's terminal ----
doveconf_is "#!/usr/bin/perl
open my \$out, '>', '/run/saw';
print \$out open(my \$tty, '+<', '/dev/tty') ? \"terminal\\n\" : \"\$!\\n\";
exec '/usr/bin/doveconf.real', @ARGV"
if [ -n "$unit" ]; then
	skip "a service has no terminal"
elif command -v script >/dev/null; then
	script -qec "timeout 40 '$hearken' config -c '$dir/hearken.conf' --json" /dev/null >"$dir/typed" 2>&1 </dev/null
	expect "it has no terminal to type into: $(cat "$root/run/saw")" saw 'No such device'
else
	skip "script(1) is not installed"
fi

# ---- devices, memory, processes ----
if [ -n "${cgroup[devices]:-}" ]; then
	in_container mknod -m 666 /run/zero c 1 5
	doveconf_is "#!/bin/bash
head -c 1 /run/zero >/dev/null 2>/run/saw && echo read >/run/saw
$end_of_script"
	mount -o remount,dev "$root/run" 2>/dev/null
	ask
	expect "the container's rules for devices hold: $(tail -n 1 "$root/run/saw")" saw 'not permitted'
else
	skip "no devices hierarchy: version 2 has programs there, which docker loads"
fi
doveconf_is "#!/usr/bin/perl
my \$all = 'x' x (400 << 20);
exec '/usr/bin/doveconf.real', @ARGV"
limit=${cgroup[memory]:+${cgroup[memory]}/memory.limit_in_bytes}
[ -n "$limit" ] || limit=${cgroup[unified]:-/nonexistent}/memory.max
if [ -e "$limit" ] && echo $((96 << 20)) >"$limit"; then
	ask
	expect "the container's limit of memory holds" test "$(answered && echo 1)" != 1
	expect "its own processes are not those that go" test -e "/proc/$init"
	echo $((1 << 40)) >"$limit"
else
	skip "no memory controller here"
fi
limit=${cgroup[pids]:+${cgroup[pids]}/pids.max}
[ -n "$limit" ] || limit=${cgroup[unified]:-/nonexistent}/pids.max
if [ -e "$limit" ] && echo 24 >"$limit"; then
	doveconf_is "#!/bin/bash
for ((i = 0; i < 200; i++)); do setsid sleep $mark </dev/null >/dev/null 2>&1 & done 2>/dev/null
sleep 0.5
exec sleep $mark"
	ask & asking=$!
	most=0
	for ((i = 0; i < 20; i++)); do n=$(cat "${limit%/*}/pids.current"); [ "$n" -le "$most" ] || most=$n; sleep 0.1; done
	wait $asking
	expect "a fork bomb ends at the container's limit: $most" test "$most" -gt 10 -a "$most" -le 24
	expect "and all of it is gone" within 3 none_left
	echo max >"$limit"
else
	skip "no pids controller here"
fi

# ---- what it leaves behind ----
# Not for the doveconf that doveconf begins, which waits for the end of its output.
survivors="[ -e /run/ran ] && exec /usr/bin/doveconf.real \"\$@\"
touch /run/ran
for i in 1 2 3; do
	setsid sleep $mark </dev/null >/dev/null 2>&1 &
	( setsid sh -c 'sleep $mark & sleep $mark &' & )
	( trap '' HUP TERM INT; setsid sleep $mark & )
done
sleep 0.3"
in_container sleep 599 & own=$!
doveconf_is "#!/bin/bash
$survivors
$end_of_script"
ask
# Its deadline is five seconds, then there is no answer.
expect "children that leave its group and hold on to its output: the answer is taken all the same, $took ms" answered
expect "none of them is left" within 2 none_left
doveconf_is "#!/bin/bash
$survivors
kill -STOP \$\$"
ask
expect "one that stops itself: given up, $took ms" test $took -lt 30000
expect "and nothing is left then" within 2 none_left
doveconf_is "#!/bin/bash
$survivors
kill -STOP -1 1; kill -KILL 1 0; kill -KILL -1
$end_of_script"
ask
expect "one that kills whatever it can: Hearken ends" test $rc != 124 -a $rc != 137
expect "nothing is left" within 2 none_left
expect "what is the container's own lives" kill -0 "$init" "$own"
kill "$own"
if [ -z "$unit" ]; then
	doveconf_is "#!/bin/bash
$survivors
exec sleep $mark"
	ask & asking=$!
	within 5 sh -c "pgrep -fx 'sleep $mark'"
	pid=$(pgrep -P $asking -x timeout)
	kill -KILL "$(pgrep -P "$pid" -x hearken)"
	{ wait $asking; } 2>/dev/null
	expect "when Hearken itself is killed, nothing goes on inside" within 3 none_left
fi

# ---- how it ends ----
doveconf_is '#!/bin/bash
ulimit -c unlimited; kill -SEGV $$'
SECRET=of-the-administrator ask prlimit --core=unlimited
expect "an end by a signal is told as that" said 'signal 11'
expect "and leaves no core" sh -c "! ls $root/core* 2>/dev/null"
doveconf_is '#!/nonexistent'
ask
expect "one that cannot be run is told as that" said 'No such file'

# ---- under its feet ----
doveconf_is "#!/bin/bash
$end_of_script"
in_container sh -c 'while :; do
	mount -t tmpfs x /usr/bin; umount /usr/bin
	mv /etc/dovecot /etc/moved; ln -s / /etc/dovecot; rm /etc/dovecot; mv /etc/moved /etc/dovecot
done' >/dev/null 2>&1 & mover=$!
for ((i = 0; i < 5; i++)); do ask; [ $rc != 124 ] || break; done
expect "mounts and names that change while it is entered: it ends" test $rc != 124
{ kill -KILL $mover $(pgrep -P $mover); wait $mover; } 2>/dev/null
expect "and the host's own are as they were" sh -c "test -x /usr/bin/doveconf -a ! -e /etc/moved"
kill -KILL "$init"
ask
expect "a container that is gone is not entered" test "$(answered && echo 1)" != 1
finish
