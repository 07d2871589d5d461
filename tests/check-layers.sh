#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-layers.sh - fails on an include that points the wrong way:
#   base <- model <- { intent observe judge probe act report } <- agent; of userspace, only observe sees bpf/.
# An include names its room, so the paths say it all.
set -u
failed=0 n=0
part() { # PATH of an include or of a file
	local path=${1#userspace/}
	echo "${path%%/*}"
}
allowed() { # FROM TO
	case $1:$2 in
	base:base | model:base | model:model | observe:bpf | bpf:bpf) return 0 ;;
	base:* | model:* | bpf:* | agent:bpf | *:bpf) return 1 ;;
	agent:*) return 0 ;;
	*:base | *:model) return 0 ;;
	*) [ "$1" = "$2" ] ;;
	esac
}
while IFS=: read -r file line included; do
	n=$((n + 1))
	if [[ $included != */* ]]; then
		echo "$file:$line: \"$included\" does not name its room"
		failed=1
	elif ! allowed "$(part "$file")" "$(part "$included")"; then
		echo "$file:$line: $(part "$file") must not include $included"
		failed=1
	fi
done < <(grep -rnE '^#include "' --include='*.[ch]' userspace agent bpf | sed -E 's/^([^:]+):([0-9]+):#include "(.*)".*/\1:\2:\3/')
if [ $failed = 0 ]; then echo "ok 1 - $n includes point left only"; else echo "not ok 1 - layers"; fi
exit $failed
