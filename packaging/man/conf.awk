# SPDX-License-Identifier: LGPL-2.1-or-later
# hearken.conf(5) out of packaging/hearken.conf: what stands before a key explains it.
function plain(s) { gsub(/[\\*_]/, "\\\\&", s); if (s ~ /^[][|#.-]/) s = "\\" s; return s }
function flush(   i) {
	if (keys == 0 && words == 0) return
	if (keys == 0) { # words about all that follows
		for (i = 1; i <= words; i++) print plain(text[i])
		print ""
	} else {
		for (i = 1; i <= keys; i++) printf "%s%s\n", key[i], i < keys ? "++" : ""
		for (i = 1; i <= words; i++) {
			# What is set in by hand keeps its lines.
			literal = text[i] ~ /^  /
			if (literal && !was) print "\t```"
			if (!literal && was) print "\t```"
			print (text[i] == "" ? "" : "\t" (literal ? text[i] : plain(text[i])))
			was = literal
		}
		if (was) print "\t```"
		was = 0
		print ""
	}
	keys = words = 0
}
BEGIN {
	printf "hearken.conf(5) \"Hearken %s\" \"File formats\"\n\n# NAME\n\nhearken.conf - what Hearken watches, and what it may do\n\n", version
	print "# SYNOPSIS\n\n_/etc/hearken/hearken.conf_, _/etc/hearken/hearken.conf.d/\\*.conf_\n\n# DESCRIPTION\n"
}
NR == 1 { next } # its own name
/^\[hearken\]/ { flush(); print "# SECTION [hearken]\n"; next }
/^#\[listener / { words_of_section = 1; flush_listener() ; next }
/^#[a-z-]+ *=/ {
	line = substr($0, 2); value = line; sub(/ *=.*/, "", line); sub(/^[^=]*= */, "", value)
	key[++keys] = "*" line "* = " plain(value)
	next
}
/^# ?/ {
	if (keys) flush()
	sub(/^# ?/, "")
	text[++words] = $0
	next
}
/^$/ { flush() }
END {
	flush()
	print "# SEE ALSO\n\n*hearken*(8), *hearken-events*(7)"
}
function flush_listener() {
	print "# SECTION [listener NAME]\n"
	flush()
}
