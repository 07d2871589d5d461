#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-man.sh - the man pages: man has nothing to say against them, and each key and each option is in them.
# shellcheck disable=SC2016 # backquotes of Markdown
set -u
cd "$(dirname "$0")/.." || exit
# shellcheck source=tests/tap.sh
. tests/tap.sh
hearken=${OUT:-build}/hearken
for program in scdoc man; do
	command -v $program >/dev/null || { echo "ok 1 # SKIP there is no $program here"; exit 0; }
done
[ -x "$hearken" ] || { echo "ok 1 # SKIP there is no $hearken"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for page in hearken.8 hearken.conf.5 hearken-events.7; do
	packaging/man/make-man.sh $page "$hearken" >"$work/$page.scd" && scdoc <"$work/$page.scd" >"$work/$page" 2>"$work/err"
	[ -s "$work/$page" ] || { not_ok "$page: $(cat "$work/err")"; continue; }
	said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$work/$page" 2>&1 >/dev/null)
	if [ -z "$said" ]; then ok "$page: no warning"; else not_ok "$page: $said"; fi
	LC_ALL=C.UTF-8 MANWIDTH=80 man -l "$work/$page" 2>/dev/null | sed 's/.\x08//g' >"$work/$page.txt"
done
# lacking PAGE: each line of stdin that it does not have
lacking() { awk 'NR == FNR { page = page $0 "|"; next } !index(page, $0) { printf "%s ", $0 }' "$work/$1.txt" -; }
said=$(sed -nE 's/^#?([a-z-]+) =.*/\1 =/p' packaging/hearken.conf | sort -u | lacking hearken.conf.5)
if [ -z "$said" ]; then ok "every key is explained"; else not_ok "hearken.conf(5) lacks $said"; fi
said=$(sed -nE 's/^\| `([a-z-]+)`.*/\1/p' docs/events.md | sort -u | lacking hearken-events.7)
if [ -z "$said" ]; then ok "every event, finding and cause too"; else not_ok "hearken-events(7) lacks $said"; fi
said=$("$hearken" --help | sed -nE 's/^  (hearken [a-z-]+) .*/\1/p' | lacking hearken.8)
if [ -z "$said" ]; then ok "and every subcommand"; else not_ok "hearken(8) lacks $said"; fi
# What the program takes and the file does not show would be explained nowhere.
said=$(sed -nE 's/^\t(MAIN|LISTENER)\("([a-z-]+)".*/\2 =/p' userspace/intent/config/config_keys.c | sort -u | lacking hearken.conf.5)
if [ -z "$said" ]; then ok "no key is secret"; else not_ok "hearken.conf(5) lacks keys that are taken: $said"; fi
finish
