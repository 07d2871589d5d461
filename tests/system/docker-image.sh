#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# docker-image.sh OUT.tar [PACKAGE...] - an image of packages that are installed on this machine, with all they depend on:
# what "docker import" and "podman import" take. No download, a few seconds. Conffiles come as they are on the machine.
set -euo pipefail
out=$1; shift
[ $# -gt 0 ] || set -- dovecot-core dovecot-imapd dovecot-pop3d dovecot-submissiond dovecot-managesieved dovecot-lmtpd \
	dovecot-auth-lua postfix nginx libnginx-mod-mail bash coreutils dash procps iproute2 sed grep findutils netbase \
	base-files base-passwd libc-bin curl openssl psmisc
stage=$(mktemp -d /var/tmp/image.XXXXXX); trap 'rm -rf "$stage"' EXIT
# The closure of Depends and Pre-Depends over what is installed; the first installed alternative.
dpkg-query -W -f='${db:Status-Abbrev}|${Package}|${Provides}|${Pre-Depends}, ${Depends}\n' | perl -e '
	my (%dep, %real, %seen); my @want = @ARGV;
	while (<STDIN>) { chomp; my ($st, $p, $prov, $d) = split /\|/, $_, 4; next unless $st =~ /^ii/;
		$dep{$p} = $d; push @{$real{$p}}, $p; for (split /,/, $prov) { s/\(.*//; s/[\s:].*$//r; s/\s//g; push @{$real{$_}}, $p if $_ } }
	while (my $p = shift @want) { my $r = $real{$p} ? $real{$p}[0] : undef; next unless $r; next if $seen{$r}++;
		next if $r =~ /^(systemd|udev|dbus|init|perl-modules)/;
		for (split /,/, $dep{$r}) { for my $a (split /\|/) { $a =~ s/\(.*//; $a =~ s/[\s]//g; $a =~ s/:any//; if ($real{$a}) { push @want, $a; last } } } }
	print "$_\n" for sort keys %seen' "$@" >"$stage/packages"
while read -r p; do dpkg -L "$p" 2>/dev/null || true; done <"$stage/packages" | sort -u |
	grep -vE '^/usr/share/(doc|man|locale|info|lintian|bug)/|^/(proc|sys|dev|run)/|__pycache__' |
	while read -r f; do [ -e "$f" ] || [ -L "$f" ] || continue; [ -d "$f" ] && [ ! -L "$f" ] && continue; echo "$f"; done >"$stage/files"
mkdir "$stage/root"; cd "$stage/root"
mkdir -p usr/bin usr/sbin usr/lib usr/lib64 etc proc sys dev run tmp var/lib var/log var/tmp var/mail var/spool/postfix root
ln -s usr/bin bin; ln -s usr/sbin sbin; ln -s usr/lib lib; ln -s usr/lib64 lib64; ln -s /run var/run; chmod 1777 tmp var/tmp
# /bin, /sbin, /lib are links on a merged machine: one name each
sed -E 's,^/(bin|sbin|lib|lib64)/,/usr/\1/,' "$stage/files" | sort -u | sed 's,^/,,' | tar -C / --no-recursion -T - -cf - 2>/dev/null | tar -xf - -C "$stage/root"
for f in passwd group shadow nsswitch.conf ssl/openssl.cnf ld.so.cache; do mkdir -p "etc/$(dirname $f)"; cp -a "/etc/$f" "etc/$f" 2>/dev/null || true; done
for l in sh awk; do [ -e "usr/bin/$l" ] || cp -a "/usr/bin/$l" "usr/bin/" 2>/dev/null || true; done
mkdir -p etc/alternatives; cp -a /etc/alternatives/. etc/alternatives/
mkdir -p var/lib/dovecot var/log/nginx var/lib/nginx; rm -f etc/nginx/sites-enabled/*
ldconfig -r "$stage/root" || true
tar --numeric-owner -cf "$out" .
