#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-words.sh - fails on a text for users that names a subcommand, an option, a page, a file, an event or a make
# target which does not exist: in the catalog, the alerts, the man pages, the configuration, the documents, the help.
# shellcheck disable=SC2016 # backquotes of Markdown
set -u
cd "$(dirname "$0")/.." || exit
# shellcheck source=tests/tap.sh
. tests/tap.sh
hearken=${OUT:-build}/hearken
[ -x "$hearken" ] || { echo "ok 1 # SKIP there is no $hearken"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/help"
"$hearken" --help >"$work/help/hearken"
subcommands=$(sed -nE 's/^  hearken ([a-z-]+) .*/\1/p' "$work/help/hearken")
for name in $subcommands; do "$hearken" "$name" --help >"$work/help/$name"; done
mapfile -t texts < <(ls README.md docs/*.md packaging/hearken.catalog packaging/prometheus/*.yml packaging/hearken.conf \
	packaging/hearken.service packaging/man/*.scd "$work"/help/*)

judge() { # NAME: each line of stdin is one that does not exist
	local wrong
	wrong=$(sort -u | head -n 20)
	if [ -z "$wrong" ]; then ok "$1"; else echo "# ${wrong//$'\n'/$'\n# '}"; not_ok "$1"; fi
}
# A command line ends with its quotation, or with the next one.
commands() { grep -ohE '(^|[`"(; ])hearken [a-z][a-z-]*( [^`"|;&]*)?' "${texts[@]}" | sed -E 's/^[^h]*//; s/   .*//'; }

n=$(commands | wc -l)
judge "$n command lines name subcommands" < <(
	commands | awk '{ print $2 }' | grep -vxF "$subcommands"$'\n'help | sed 's/^/hearken /')
judge "and options of these" < <(commands | while read -r _ name rest; do
	grep -oE '(^| )-(-[a-z][a-z-]*|[A-Za-z]\b)' <<<"$rest" | while read -r option; do
		grep -qE -- "(^|[ ,])$option([] ,=[]|\$)" "$work/help/$name" || echo "hearken $name $option"
	done
done 2>/dev/null)
judge "man pages are made here" < <(grep -ohE 'hearken[a-z.-]*\([1-9]\)' "${texts[@]}" | tr '()' '. ' |
	sort -u | while read -r page; do grep -q "^$page)" packaging/man/make-man.sh || echo "$page"; done)
files() {
	grep -ohE '(docs|packaging|tests)/[A-Za-z0-9._/-]*[a-z]' "${texts[@]}"
	grep -ohE '/usr/share/doc/hearken/[A-Za-z0-9._-]*[a-z]' "${texts[@]}" | sed -E 's,.*/,,' | while read -r file; do
		find README.md docs packaging packaging/prometheus -maxdepth 1 -name "$file" | grep . || echo "docs/$file"
	done
}
judge "files are there" < <(files | sort -u | while read -r file; do [ -e "$file" ] || echo "$file"; done)
kinds=$(sed -n '/MESSAGE_ID/,/^## /s/^| `\([a-z-]*\)`.*/\1/p' docs/events.md)
judge "events exist" < <(grep -ohE 'HEARKEN_EVENT=[a-z-]+' "${texts[@]}" | sed 's/.*=//' | grep -vxF "$kinds")
targets=$(sed -nE 's/^([a-z][a-z_.-]*):.*##.*/\1/p' Makefile)
judge "make has these targets" < <(grep -ohE '(`|sudo |"|    )make [a-z][a-z_.-]*' README.md docs/*.md CONTRIBUTING.md |
	sed 's/.*make //' | grep -vxF "$targets")
findings=$(sed -n '/^## Findings/,/^## Causes/s/^| `\([a-z-]*\)`.*/\1/p' docs/events.md)
judge "alerts ask for findings that exist" < <(grep -ohE 'finding!?=~?"[^"]*"' packaging/prometheus/*.yml |
	sed -E 's/^[^"]*"//; s/"$//' | tr '|' '\n' | grep -vxF "$findings")
metrics=$(grep -ohE '^\| `hearken_[a-z_]*' docs/metrics.md | tr -d '|` ')
judge "and for metrics that do" < <(grep -ohE '\bhearken_[a-z_]+' packaging/prometheus/*.yml docs/runbook.md |
	grep -vxF "$metrics")
# One voice: no sentence ends twice, no word stands there twice.
judge "no sentence ends twice" < <(grep -nE '[^.]\.\.( |$)|\. \. ' "${texts[@]}")
judge "no word stands there twice" < <(grep -nEi '\b(the|a|an|is|of|to|and|in|it|that) \1\b' "${texts[@]}")
finish
