#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# probe.sh BUILD - what a probe costs: Hearken's prober beside bare OpenSSL, and beside tools that do the same,
# on the same server in the same run. $PROBES (2000) of each, of processes $TOOL_PROBES (200).
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
out=$(readlink -f "${1:-build}")
if [ "${2:-}" != inside ]; then
	exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$out" inside
fi
ip link set lo up
bench=$out/tests/bench/bench_probe
dir=$(mktemp -d /tmp/hearken-bench.XXXXXX)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
"$here/../system/certs.sh" "$dir/certs" >/dev/null
# What a daemon loads: all of the system's CAs, and ours.
ca=$dir/ca.pem
cat /etc/ssl/certs/ca-certificates.crt "$dir/certs/ca.pem" >"$ca" 2>/dev/null || cp "$dir/certs/ca.pem" "$ca"
chmod 644 "$ca"
"$out/tests/bench/bench_server" 2587 "$dir/certs/good-chain.pem" "$dir/certs/good.key" >"$dir/server.out" &
until grep -q ready "$dir/server.out"; do sleep 0.05; done

n=${PROBES:-2000} tools=${TOOL_PROBES:-200}
declare -A cpu
row() { # NAME AT-A-TIME MODE ARG...
	local name=$1 at=$2 line
	shift 2
	line=$("$bench" "$@")
	printf '%-32s %5s %s\n' "$name" "$at" "$line"
	cpu[$name.$at]=$(awk '{ print $2 }' <<<"$line")
}
printf '%-32s %5s %9s %9s %7s %7s %7s\n' "a full STARTTLS conversation" at-a "probes/s" "CPU ms" failed "RSS MB" "peak MB"
for at in 1 16 256; do
	row hearken $at prober 2587 "$ca" "$n" $at
	row "OpenSSL alone" $at floor 2587 "$ca" "$n" $at
	row "openssl s_client" $at tool "$tools" $at openssl s_client -starttls smtp -connect 127.0.0.1:2587 -CAfile "$ca" \
		-verify_return_error -verify_hostname mail.example.test -servername mail.example.test
	[ ! -x /usr/lib/nagios/plugins/check_smtp ] ||
		row "check_smtp -S" $at tool "$tools" $at /usr/lib/nagios/plugins/check_smtp -H 127.0.0.1 -p 2587 -S -F mail.example.test -t 30
done
if command -v prometheus-blackbox-exporter >/dev/null; then
	cat >"$dir/blackbox.yml" <<-YML
	modules:
	  smtp:
	    prober: tcp
	    timeout: 30s
	    tcp:
	      tls_config:
	        ca_file: $ca
	        server_name: mail.example.test
	      query_response:
	        - expect: "^220 "
	        - send: "EHLO mail.example.test\r"
	        - expect: "^250[- ]STARTTLS"
	        - send: "STARTTLS\r"
	        - expect: "^220"
	        - starttls: true
	        - send: "EHLO mail.example.test\r"
	        - expect: "^250[- ]AUTH"
	        - send: "QUIT\r"
	YML
	prometheus-blackbox-exporter --config.file="$dir/blackbox.yml" --web.listen-address=127.0.0.1:9115 >"$dir/blackbox.log" 2>&1 &
	blackbox=$!
	until (exec 3<>/dev/tcp/127.0.0.1/9115) 2>/dev/null; do sleep 0.1; done
	for at in 1 16 256; do
		row "blackbox_exporter, tcp" $at http 9115 '/probe?target=127.0.0.1:2587&module=smtp' $blackbox "$n" $at
	done
fi
for at in 1 16 256; do
	awk -v at=$at -v us="${cpu[hearken.$at]}" -v floor="${cpu[OpenSSL alone.$at]}" -v s="${cpu[openssl s_client.$at]}" \
		-v c="${cpu[check_smtp -S.$at]:-0}" -v b="${cpu[blackbox_exporter, tcp.$at]:-0}" 'BEGIN {
		printf "CPU of a probe, %d at a time: %.2f x OpenSSL alone (aim: 1.5); s_client takes %.1f x as much (aim: 5), check_smtp %.1f x, blackbox_exporter %.1f x\n", at, us / floor, s / us, c / us, b / us }'
done
