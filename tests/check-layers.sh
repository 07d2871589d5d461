#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-layers.sh - fails on an include that points the wrong way, or in a circle:
#   base <- model <- { intent observe judge probe act report } <- agent; of userspace, only observe sees bpf/.
# An include names its room, so the paths say it all. Circles are looked for among rooms (directories) and
# among files (x.c and x.h are one), inside of a part too: who reads one file of a circle must read them all.
set -u
cd "$(dirname "$0")/.." || exit

# FILE:LINE INCLUDED, one a line
includes() {
	find userspace agent bpf -name '*.[ch]' -exec grep -nE '^#include "' /dev/null {} + |
		sed -E 's/^([^:]+:[0-9]+):#include "([^"]*)".*/\1 \2/'
}

includes | sort | awk '
function part(path) { sub(/^userspace\//, "", path); sub(/\/.*/, "", path); return path }
function room(path) { sub(/\/[^\/]*$/, "", path); return path }
function allowed(from, to) {
	if (to == "base")
		return from != "bpf"
	if (to == "model")
		return from != "base" && from != "bpf"
	if (from == "agent")
		return to != "bpf"
	return from == to && from != "base" || from == "observe" && to == "bpf"
}
function result(good, name) { print (good ? "ok " : "not ok ") ++n " - " name; failed += !good }

# Is there a way along the arrows from one to another?
function leads(from, to, arrows,   todo, seen, first, last, a, pair) {
	todo[last = 1] = from
	for (first = 1; first <= last; first++) {
		if (todo[first] == to)
			return 1
		for (a in arrows) {
			split(a, pair)
			if (pair[1] == todo[first] && !(pair[2] in seen)) { seen[pair[2]]; todo[++last] = pair[2] }
		}
	}
	return 0
}
# Takes away what no arrow leads to, and what has none, until nothing more goes; of what stays, an arrow is in a
# circle if a way leads back.
function circles(arrows, what,   a, pair, in_, out, gone, found) {
	do {
		delete in_; delete out
		for (a in arrows) { split(a, pair); out[pair[1]]; in_[pair[2]] }
		gone = 0
		for (a in arrows) {
			split(a, pair)
			if (!(pair[1] in in_) || !(pair[2] in out)) { delete arrows[a]; gone = 1 }
		}
	} while (gone)
	for (a in arrows) {
		split(a, pair)
		if (leads(pair[2], pair[1], arrows)) { print "# " pair[1] " -> " pair[2] " (" arrows[a] ")"; found++ }
	}
	result(!found, "no circle among " what (found ? ": " found " includes are in one" : ""))
}
{
	file = $1; sub(/:.*/, "", file)
	total++
	if ($2 !~ /\//) { print "# " $1 ": \"" $2 "\" does not name its room"; wrong++; next }
	if (!allowed(part(file), part($2))) { print "# " $1 ": " part(file) " must not include " $2; wrong++ }
	if ($2 ~ /\.skel\.h$/)
		next
	to = $2 ~ /^(agent|bpf)\// ? $2 : "userspace/" $2
	sub(/\.[a-z.]*$/, "", file); sub(/\.[a-z.]*$/, "", to)
	if (file != to)
		files[file " " to] = $1
	if (room(file) != room(to))
		rooms[room(file) " " room(to)] = $1
}
END {
	result(total && !wrong, total " includes point left only")
	circles(files, "files")
	circles(rooms, "rooms")
	print "1.." n
	exit failed > 0
}'
