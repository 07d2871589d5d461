# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of hearken for bash. What there is to complete is asked of the program itself: its help lists the
# subcommands and their options, so this never lags behind.

# What stands for a value, by the option or the word before it.
_hearken_values() { # OPTION
	case $1 in
	--protocol) echo smtp submission lmtp imap pop3 sieve https ;;
	--tls) echo starttls starttls-optional implicit none ;;
	--tls-minimum) echo 1.0 1.1 1.2 1.3 ;;
	--proxy-header) echo v1 v2 ;;
	esac
}

_hearken_options() { # PROGRAM SUBCOMMAND
	"$1" "$2" --help 2>/dev/null | sed -nE 's/^  ((-[A-Za-z]), )?(--[a-z-]+).*/\2 \3/p'
}

_hearken() {
	local cur=${COMP_WORDS[COMP_CWORD]} before='' words
	COMPREPLY=()
	[ "$COMP_CWORD" -lt 1 ] || before=${COMP_WORDS[COMP_CWORD - 1]}
	# bash takes "--tls=implicit" for three words.
	if [ "$cur" = = ]; then cur='' before=${COMP_WORDS[COMP_CWORD - 1]}; fi
	if [ "$before" = = ]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi

	if [ "$COMP_CWORD" = 1 ]; then
		words=$("${COMP_WORDS[0]}" --help 2>/dev/null | sed -nE 's/^  hearken ([a-z-]+) .*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "$words help --help --version" -- "$cur")
		return
	fi
	case $before in
	-c | --config | --ca-file | -o)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-H | --hostname)
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur")
		return
		;;
	esac
	words=$(_hearken_values "$before")
	[ -n "$words" ] || words=$(_hearken_options "${COMP_WORDS[0]}" "${COMP_WORDS[1]}")
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _hearken hearken
