#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Compose projects, made at random from what people write, as docker compose itself reads them and as we do: what
# the container is told, and what is published. Needs docker compose 2 (Debian 13 has it, and a plugin of docker's
# own packages will do); HEARKEN_COMPOSE=PROGRAM: another place. HEARKEN_PROJECTS: how many (40; HEARKEN_INTEROP=whole: 120).
set -u
here=$(dirname "$(readlink -f "$0")")
. "$here/../tap.sh"
show=$(readlink -f build/tests/interop/show_project)
[ -x "$show" ] || { echo "# SKIP compose: build/tests/interop/show_project is not built"; exit 77; }
command -v jq >/dev/null || { echo "# SKIP compose: jq is not installed"; exit 77; }
for compose in ${HEARKEN_COMPOSE:-} /usr/{libexec,lib}/docker/cli-plugins/docker-compose /usr/local/lib/docker/cli-plugins/docker-compose; do
	"$compose" version 2>/dev/null | grep -qE 'v?(2|[3-9])\.' && break
	compose=
done
[ -n "$compose" ] || { echo "# SKIP compose: docker compose 2 is not installed (Debian 13: docker-compose)"; exit 77; }

dir=$(mktemp -d /var/tmp/hearken-compose.XXXXXX)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP

# ---- what people write ----
one() { local n=$#; shift $((RANDOM % n)); printf '%s' "$1"; } # one of its arguments
maybe() { [ $((RANDOM % 100)) -lt "$1" ]; }                      # in so many of a hundred cases
value() { # of an env file
	# shellcheck disable=SC2016 # compose expands
	one 25,587,993 cert '"a b"' "'a \$A'" '"x$A"' '${A}' '$A' '${A:-d}' '${A-d}' '${E:-d}' '${E-d}' '${N:-}' '${A:+y}' '${E:+y}' \
		'${N:-${A}}' '${N:-$B}' 'v # c' 'v#c' '"v" # c' '' '""' "'" 'a"b' '$$A' '"$$A"' '"\$A"' 'a\nb' '"a\nb"' "'a\\nb'" '"q\"q"' \
		"'q\\'q'" '${B}-$A' '$5' 'a$' '"two
lines"' '`x`' 'a=b' 'x:y' '"\t"' '"\0101"' '"\q"' "${A:-x y}" '${U}' '$U.x'
}
line() { # of an env file
	local key=$1 v
	v=$(value)
	[ "$v" != "'" ] || v=x
	one "$key=$v" "$key=$v" "$key=$v" "export $key=$v" " $key = $v" "$key: $v" "$key=$v  " "# $key=$v" "$key=$v"$'\r'
	echo
}
env_file() { # KEY...
	local key
	maybe 10 && printf '\xef\xbb\xbf'
	for key; do maybe 75 && line "$key"; maybe 10 && echo; done
	maybe 15 && echo A
	return 0
}
word() { # of a compose file, quoted as YAML wants it
	# shellcheck disable=SC2016 # compose expands
	one 1 25,587 cert '"a b"' '"${A}"' '"${A:-x}"' '${A}' '$A' '"$$A"' '"${N:-a:b}"' "''" '"${E:-d}-${B-e}"' true 'yes' '"no"' '0x10' '010' \
		'"${N-}"' '"${A:+y}"' '"${N:-${B:-z}}"' '007' '1.5' '"1e3"' '~' 'null' ''
}
environment() {
	local key
	maybe 20 && return
	if maybe 50; then
		echo "    environment:"
		maybe 20 && echo "      <<: *shared"
		for key in K L M T A; do maybe 40 && echo "      $key: $(word)"; done
		echo "      Z: 1"
	else
		echo "    environment:"
		# shellcheck disable=SC2016 # compose expands
		for key in K L M T A; do maybe 40 && echo "      - $(one "$key=x" "$key=\${A}" "$key" "\"$key=a b\"" "$key=\${N:-}" "$key=" "'$key=\$\$'" "$key=a=b")"; done
		echo "      - Z=1"
	fi
}
env_files() {
	one "    env_file: p.env" "    env_file: [p.env]" "    env_file: [p.env, q.env]" "    env_file: [q.env, p.env]" \
		"    env_file:
      - path: p.env
      - {path: no.env, required: false}
      - q.env" "    env_file:
      - {path: ./p.env, required: true}" "    env_file: \"\${P_ENV:-p.env}\""
	echo
}
port() {
	# shellcheck disable=SC2016 # compose expands
	one '"25:25"' '587:587' '25' '"465"' '"192.0.2.1:587:587"' '"${B_ADDR}:993:993"' '"[2001:db8::1]:465:465"' '"127.0.0.1::110"' \
		'"8000-8002:9000-9002"' '"9000-9001"' '"8100-8101:995"' '"${PORT:-143}:143"' '"${PORT}:4190"' '"53:53/udp"' '"587:587/tcp"' \
		'{target: 587, published: 587}' '{target: 993, published: "2993", host_ip: 192.0.2.9, protocol: tcp, mode: host}' \
		'{target: 465}' '{target: 25, published: "${PORT:-25}", host_ip: "::1"}' '"0.0.0.0:2143:143"' '{target: 995, published: 8000-8001}'
}
ports() {
	local i
	maybe 15 && return
	echo "    ports:"
	for ((i = 0; i <= RANDOM % 4; i++)); do echo "      - $(port)"; done
}
project() { # in the current directory
	local base override
	rm -rf ./* .env
	env_file T K L >p.env
	env_file K M A >q.env
	env_file B A >.env
	printf 'E=\nB_ADDR=192.0.2.7\nPORT=%s\n' "$(one 2525 1143)" >>.env
	base=$(one compose.yaml compose.yml docker-compose.yml docker-compose.yaml)
	override=$(one compose.override.yaml compose.override.yml docker-compose.override.yml docker-compose.override.yaml)
	if maybe 15; then
		echo "COMPOSE_FILE=base.yml:more/over.yml" >>.env
		mkdir more
		base=base.yml override=more/over.yml
	fi
	maybe 30 && echo "COMPOSE_PROFILES=$(one a a,b 'b, c' '*')" >>.env
	{
		maybe 20 && { echo "include: [sub/part.yml]"; mkdir -p sub; }
		printf '%s\n' "x-shared: &shared {K: shared, S: 1}" "services:" "  front:" "    image: \${REG:-ghcr.io}/mailu/nginx:2024.06"
		case $(one none none same other) in
		same) echo "    extends: $(one base '{service: base}')" ;;
		other) mkdir -p sub; echo "    extends: {service: base, file: sub/base.yml}" ;;
		esac
		env_files
		environment
		ports
		printf '%s\n' "  base:" "    image: busybox"
		environment
		ports
		printf '%s\n' "  extra:" "    image: busybox" "    profiles: [$(one a b 'a, c')]"
		ports
	} >"$base"
	if [ -d sub ]; then
		{ printf '%s\n' "services:" "  base:" "    image: busybox" "    env_file: s.env"; sed 's/.*<<:.*//' < <(environment); ports; } >sub/base.yml
		{ printf '%s\n' "services:" "  part:" "    image: busybox"; ports; } >sub/part.yml
		env_file K S >sub/s.env
		env_file PORT C >sub/.env
	fi
	if maybe 50 || [ -d more ]; then
		{
			printf '%s\n' "services:" "  front:"
			sed 's/.*<<:.*//' < <(environment) | sed "1s/:\$/:$(one '' '' '' ' !override')/"
			ports | sed "1s/:\$/:$(one '' '' ' !override')/"
			echo "    labels: {x: y}"
		} >"$override"
	fi
}

# ---- as each sees it ----
theirs() { # fails when compose refuses the project
	env -i PATH="$PATH" HOME=/ timeout 120 "$compose" config --format json 2>"$dir/err" >"$dir/json" || return 1
	jq -r '(.services.front.environment // {} | to_entries[] | select(.value != null) |
			"E \(.key) \(.value | gsub("\\$\\$"; "$") | @json)"),
		(.services | to_entries[] | .key as $name | .value.ports // [] | .[] | select(.protocol == "tcp") |
			"P \($name) \(.host_ip // "-") \((.published // "0") | if test("-") then "0" else . end) \(.target)")' "$dir/json" |
		LC_ALL=C sort -u
}
ours() { timeout 120 "$show" "$PWD/p.env" 2>"$dir/complaints" | LC_ALL=C sort -u; }

[ -n "${HEARKEN_INTEROP:-}" ] && wanted=120 || wanted=40
wanted=${HEARKEN_PROJECTS:-$wanted} same=0 refused=0 first=${HEARKEN_SEED:-1}
mkdir "$dir/project" && cd "$dir/project" || exit 1
for ((seed = first; same < wanted && seed < first + 4 * wanted && tap_failed < 5; seed++)); do
	RANDOM=$seed
	project
	theirs >"$dir/theirs" || { refused=$((refused + 1)); continue; }
	ours >"$dir/ours"
	if cmp -s "$dir/theirs" "$dir/ours"; then
		same=$((same + 1))
	else
		not_ok "project $seed differs"
		diff "$dir/theirs" "$dir/ours" | sed 's/^/# /'
		[ -z "${HEARKEN_KEEP:-}" ] || { cp -a . "$HEARKEN_KEEP/$seed"; }
	fi
done
if [ $tap_failed = 0 ] && [ $same -ge "$wanted" ]; then
	ok "$same projects are read as $("$compose" version --short 2>/dev/null) reads them ($refused it refuses)"
else
	not_ok "$same of $wanted projects are read as docker compose reads them, $refused it refuses: $(tail -n 1 "$dir/err")"
fi
finish
