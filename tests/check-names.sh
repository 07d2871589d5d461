#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-names.sh - fails on a name that an object file exports and its own header does not declare: who has
# the name of a function finds it in the manual of that file. And on a file that is too long to be read.
set -u
cd "$(dirname "$0")/.." || exit
# shellcheck source=tests/tap.sh
. tests/tap.sh
out=${OUT:-build}
longest=500 # lines, as people see them: with comments and blank ones


# FILE NAME, one a line, of each source that was compiled
exported() {
	find userspace agent -name '*.c' | sed "s,\.c$,.o,; s,^,$out/," | while read -r object; do
		[ ! -e "$object" ] || echo "$object"
	done | xargs -r nm -A --defined-only --extern-only --format=posix |
		sed -E "s,^$out/(.*)\.o: ([^ ]*) .*,\1 \2,"
}
# FILE NAME, one a line, of all that headers declare: what stands before a bracket or the end
declared() {
	find userspace agent -name '*.h' -exec awk '
		/^[A-Za-z_]/ {
			line = $0; sub(/\/\*.*/, "", line)
			while (match(line, /[A-Za-z_][A-Za-z0-9_]*[][(;]/)) {
				print substr(FILENAME, 1, length(FILENAME) - 2), substr(line, RSTART, RLENGTH - 1)
				line = substr(line, RSTART + RLENGTH)
			}
		}' {} +
}

names=$(exported | sort -u)
total=$(grep -c . <<<"$names")
wrong=$(comm -23 <(echo "$names") <({ declared; echo agent/main main; } | sort -u) | grep .)
if [ "$total" = 0 ]; then
	skip "nothing is compiled in $out/"
elif [ -z "$wrong" ]; then
	ok "$total exported names are declared in their own headers"
else
	echo "$wrong" | sed -E 's|^(.*/)([^ /]*) (.*)|# \1\2.c: \3 is exported, and \2.h does not declare it|'
	not_ok "$(echo "$wrong" | wc -l) of $total exported names are not declared in their own headers"
fi

long=$(find userspace agent bpf tests -name '*.[ch]' -exec wc -l {} + |
	awk -v most=$longest '$1 > most && $2 != "total" { printf " %s (%d)", $2, $1 }')
if [ -z "$long" ]; then ok "no file has more than $longest lines"; else
	not_ok "too long for a file (more than $longest lines):$long"; fi

# What the judge knows is asked by its functions, or seen in its view.
inside=$(grep -rnE --include='*.[ch]' '\bjudge->|judge/(state|watch)\.h"' agent userspace | grep -v '^userspace/judge/')
if [ -z "$inside" ]; then ok "nobody looks into the judge"; else
	echo "# ${inside//$'\n'/$'\n# '}"
	not_ok "somebody looks into the judge"; fi
finish
