#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-completion.sh - completes, as bash does at the tab key, and asks zsh whether it can read its part.
set -u
cd "$(dirname "$0")/.." || exit
# shellcheck source=tests/tap.sh
. tests/tap.sh
hearken=${OUT:-build}/hearken
[ -x "$hearken" ] || { echo "ok 1 # SKIP there is no $hearken"; exit 0; }
# shellcheck source=packaging/completion/hearken.bash
. packaging/completion/hearken.bash
compopt() { :; } # which is for who sits at a terminal

completes() { # NAME WANTED WORD...: the last word, which may be empty, becomes one of WANTED
	local name=$1 wanted=$2 got; shift 2
	COMP_WORDS=("$hearken" "$@") COMP_CWORD=$#
	_hearken 2>/dev/null
	got=$(printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"} | sort | tr '\n' ' ')
	# shellcheck disable=SC2053 # a pattern
	if [[ "${got% }" = $wanted ]]; then ok "$name"; else not_ok "$name: $got"; fi
}
completes "a subcommand" "status" sta
completes "all of them" "*check*config*probe*run*status*" ""
completes "an option" "--tls --tls-minimum --tlsa" probe --tls
completes "short ones too" "*--config*-t*-v*" status ""
completes "a protocol" "imap" probe mx:993 --protocol im
completes "a TLS mode" "implicit none starttls starttls-optional" probe --tls ""
completes "the same behind an equals sign" "implicit" probe --tls = im
completes "right behind it" "v1 v2" probe --proxy-header =
completes "a file" "packaging/hearken.conf" status -c packaging/hearken.con
completes "nothing for what is no subcommand" "" nonsense --
if said=$(bash --norc -ic ". packaging/completion/hearken.bash; complete -p hearken" 2>/dev/null) && [ "$said" = "complete -F _hearken hearken" ]; then
	ok "bash takes it"; else not_ok "bash takes it: $said"; fi
if command -v zsh >/dev/null; then expect "zsh can read its part" zsh -n packaging/completion/_hearken; else skip "there is no zsh here"; fi
# Every subcommand and every option of the help, by its own way of reading it.
lacking=$(for name in $("$hearken" --help | sed -nE 's/^  hearken ([a-z-]+) .*/\1/p'); do
	n=$("$hearken" "$name" --help | grep -cE '^  -')
	[ "$(_hearken_options "$hearken" "$name" | wc -l)" = "$n" ] || echo "$name"
done)
if [ -z "$lacking" ]; then ok "no option is left out"; else not_ok "options are left out of $lacking"; fi
finish
