#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-format.sh [--fix] - fails on a C file that clang-format would write otherwise. Another major version of
# it has other opinions, so only the one is asked that the tree was formatted with.
set -u
cd "$(dirname "$0")/.." || exit
major=14
for formatter in clang-format-$major clang-format ''; do
	case $("${formatter:-false}" --version 2>/dev/null) in *" version $major."*) break ;; esac
done
[ -n "$formatter" ] || { echo "ok 1 # SKIP there is no clang-format $major here"; exit 0; }

files() { find userspace agent bpf tests -name '*.[ch]' -print0; }
each() { files | xargs -0 -n 40 -P "$(nproc)" "$formatter" "$@"; }
[ "${1:-}" != --fix ] || { each -i; exit; }
if complaints=$(each --dry-run -Werror 2>&1); then
	echo "ok 1 - $(files | tr -cd '\0' | wc -c) files are formatted"
else
	sed -nE 's/^([^:]*):.*error:.*/# \1/p' <<<"$complaints" | uniq -c
	echo "not ok 1 - format: tests/check-format.sh --fix"
	exit 1
fi
