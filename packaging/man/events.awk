# SPDX-License-Identifier: LGPL-2.1-or-later
# hearken-events(7) out of docs/events.md. A row of a table becomes a term and its paragraph: lines of a man page
# are too short for tables with sentences in them.
function inline(s,   n, part, i, out) {
	n = split(s, part, "`")
	for (i = 1; i <= n; i++) {
		gsub(/[\\*_]/, "\\\\&", part[i])
		out = out (i % 2 == 0 ? "*" part[i] "*" : part[i])
	}
	return out
}
function trim(s) { sub(/^ +/, "", s); sub(/ +$/, "", s); return s }
function row(   n, cell, i, body) {
	n = split($0, cell, " *[|] *")
	if (head == "") { head = $0; for (i = 2; i < n; i++) name[i] = trim(cell[i]); return }
	if ($0 ~ /^[|][-|]+$/) return
	if (length(cell[3]) <= 40 && n > 4) printf "%s (%s)\n", inline(cell[2]), inline(cell[3])
	else printf "%s\n", inline(cell[2])
	for (i = (length(cell[3]) <= 40 && n > 4) ? 4 : 3; i < n; i++)
		if (cell[i] != "")
			body = body (body == "" ? "" : ". ") (i > 4 || (i == 4 && length(cell[3]) > 40) ? toupper(substr(name[i], 1, 1)) substr(name[i], 2) ": " : "") inline(cell[i])
	printf "\t%s.\n\n", body
}
BEGIN {
	printf "hearken-events(7) \"Hearken %s\" \"Miscellaneous\"\n\n# NAME\n\nhearken-events - what Hearken says when something happens\n\n# DESCRIPTION\n\n", version
}
/^# / { next }
/^```/ { code = !code; print "```"; next }
code { print; next }
/^## / { sub(/^## /, ""); print "\n# " toupper($0) "\n"; head = ""; next }
/^[|]/ { row(); next }
{ head = ""; print inline($0) }
END { print "\n# SEE ALSO\n\n*hearken*(8), *hearken.conf*(5), *journalctl*(1)" }
