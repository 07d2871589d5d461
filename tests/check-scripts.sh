#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-scripts.sh - fails on what shellcheck says of any shell script, followed into what it sources.
set -u
cd "$(dirname "$0")/.." || exit
command -v shellcheck >/dev/null || { echo "ok 1 # SKIP there is no shellcheck here"; exit 0; }
mapfile -t scripts < <(
	find . -path ./build -prune -o -name '*.sh' -print -o -type f -perm -u+x -size -100k ! -path './.git/*' -print |
		while read -r file; do
			case $file in *.sh) echo "$file" ;; *) ! head -n 1 "$file" | grep -qaE '^#!.*\b(ba|da)?sh\b' || echo "$file" ;; esac
		done | sort -u
)
# A few at a time: one process for all of them grows with each.
if complaints=$(printf '%s\0' "${scripts[@]}" | xargs -0 -n 4 -P "$(nproc)" shellcheck -x -f gcc); then
	echo "ok 1 - shellcheck has nothing to say about ${#scripts[@]} scripts"
else
	echo "# ${complaints//$'\n'/$'\n# '}"
	echo "not ok 1 - shellcheck has something to say"
	exit 1
fi
