#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-layers.sh - fails on an include that points the wrong way:
#   base <- model <- { intent observe judge probe act report } <- agent; of userspace, only observe sees bpf/.
set -u
failed=0 n=0
declare -A owner
for header in userspace/*/*.h; do owner[$(basename "$header")]=$(basename "$(dirname "$header")"); done
for header in agent/*.h; do owner[$(basename "$header")]=agent; done
for header in bpf/*.h; do owner[$(basename "$header")]=bpf; done
owner[listener.skel.h]=bpf owner[bind.skel.h]=bpf owner[accept.skel.h]=bpf
allowed() { # FROM TO
	case $1:$2 in
	base:base | model:base | model:model | observe:bpf | bpf:bpf) return 0 ;;
	base:* | model:* | bpf:* | agent:bpf | *:bpf) return 1 ;;
	agent:*) return 0 ;;
	*:base | *:model) return 0 ;;
	*) [ "$1" = "$2" ] ;;
	esac
}
for file in userspace/*/*.[ch] agent/*.[ch] bpf/*.[ch]; do
	from=$(basename "$(dirname "$file")")
	while IFS=: read -r line included; do
		to=${owner[$included]:-}
		[ -n "$to" ] || continue
		n=$((n + 1))
		allowed "$from" "$to" && continue
		echo "$file:$line: $from must not include $included of $to"
		failed=1
	done < <(grep -nE '^#include "' "$file" | sed -E 's/^([0-9]+):#include "(.*)".*/\1:\2/')
done
if [ $failed = 0 ]; then echo "ok 1 - $n includes point left only"; else echo "not ok 1 - layers"; fi
exit $failed
