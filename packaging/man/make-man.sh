#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# make-man.sh PAGE HEARKEN - write the man page hearken.8, hearken.conf.5 or hearken-events.7 to stdout, as scdoc
# reads it. What a page lists is taken from where it is kept: options from the program's own help (HEARKEN is the
# binary), keys from packaging/hearken.conf, events and findings from docs/events.md.
set -eu
cd "$(dirname "$0")/../.."
page=$1 hearken=$2
version=$("$hearken" --version | sed 's/^hearken //')

# In scdoc, * and _ and a backslash mean something.
subcommands() {
	"$hearken" --help | sed -nE 's/^  hearken ([a-z-]+) .*/\1/p' | while read -r name; do
		"$hearken" "$name" --help | awk -v name="$name" '
			function plain(s) { gsub(/[\\*_]/, "\\\\&", s); return s }
			NR == 1 { sub(/^Usage: hearken [a-z-]+ */, ""); printf "## hearken %s %s\n", name, plain($0) }
			NR == 3 { printf "\n%s\n\n```\n", plain($0) }
			NR > 4 { sub(/^  /, ""); print }
			END { print "```\n" }'
	done
}

case $page in
hearken.8)
	sed "s/@VERSION@/$version/" packaging/man/hearken.8.scd | while IFS= read -r line; do
		if [ "$line" = @SUBCOMMANDS@ ]; then subcommands; else printf '%s\n' "$line"; fi
	done
	;;
hearken.conf.5)
	awk -v version="$version" -f packaging/man/conf.awk packaging/hearken.conf
	;;
hearken-events.7)
	awk -v version="$version" -f packaging/man/events.awk docs/events.md
	;;
*)
	sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
