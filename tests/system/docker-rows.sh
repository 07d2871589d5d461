# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# docker-rows.sh - sourced behind docker-stage.sh by tests that are a table of what may become of a container: each row
# begins with a container and a Hearken of its own, all up, so that no row remembers another.
#
#   row NAME [DOCKER-OPTION...]    begins one, which all that follows belongs to; or skips it by $HEARKEN_ROWS, a regex
#   row_with LINE... -- NAME ...   the same, with these lines in hearken.conf
#   alert SECONDS CAUSE            it pages by then, for that cause
#   no_alert                       nobody was paged, and nothing repaired
#   incidents N                    so many were opened since the row began
#   over                           within 40 s all is up, and the incident closed
#   recorded FILTER                the records of Hearken in this row, for who wants to see why
# shellcheck disable=SC2154 # $dir and so on are the stage's
told_as() { told '.HEARKEN_EVENT == "incident-opened" and .HEARKEN_CAUSE == "'"$1"'"'; }
opened() { records '.HEARKEN_EVENT == "incident-opened"' | jq -r .HEARKEN_INCIDENT | sort -u | wc -l; }
row_name=''
row_lines=()
row_with() {
	row_lines=()
	while [ "$1" != -- ]; do row_lines+=("$1"); shift; done
	shift
	row "$@"
}
# shellcheck disable=SC2034 # mark is the stage's
row() { # NAME [DOCKER-OPTION...]
	local lines=("${row_lines[@]}")
	row_lines=()
	row_name=$1
	shift
	[[ $row_name =~ ${HEARKEN_ROWS:-.} ]] || return 1
	end hearken
	docker unpause "$front" >/dev/null 2>&1
	remove 2>/dev/null
	front "$@"
	within 15 serves 993 || { not_ok "$row_name: the container serves: $(tail -n 1 "$dir/log")"; return 1; }
	watch "${lines[@]}"
	within 30 all_up || { not_ok "$row_name: all is up at first"; return 1; }
	mark=$(moment)
}
so() { # NAME COMMAND...: of the row
	local name=$1
	shift
	if "$@" >/dev/null 2>&1; then ok "$row_name: $name"; else
		not_ok "$row_name: $name: failed: $*"
		records true | jq -r '"# \(.__REALTIME_TIMESTAMP) \(.PRIORITY) \(.HEARKEN_EVENT // "-") \(.MESSAGE)"' | cut -c 1-400
		ask '.services[] | select(.port == 993 or .port == 587) | {port, verdict, findings, listeners}' | jq -c . | sed 's/^/# /'
	fi
}
page() { told '.HEARKEN_EVENT == "incident-opened" and .HEARKEN_CAUSE == "'"$1"'" and (.PRIORITY | tonumber) <= 3'; }
alert() { so "told at err as $2 within $1 s" within "$1" page "$2"; } # SECONDS CAUSE
repaired() { told '.HEARKEN_EVENT == "repair-started"'; }
calm() { quiet && ! repaired; }
no_alert() { so "nobody is paged" calm; }
incidents() { so "it is $1 incident(s)" eval "[ \"\$(opened)\" = $1 ]"; } # N
is_over() { within 40 all_up && { [ "$(opened)" = 0 ] || within 10 told '.HEARKEN_EVENT == "incident-closed"'; }; }
over() { so "and over" is_over; }
