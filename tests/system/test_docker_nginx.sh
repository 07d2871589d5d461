#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A container whose mail is nginx's, with nothing configured: what it opens is read from its files, below its own root.
# alone: counts docker's containers of the whole machine
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
. "$prologue_dir/docker-stage.sh"
need nginx
[ -e /usr/lib/nginx/modules/ngx_mail_module.so ] || skip_all "nginx has no mail module here"
docker_stage "$@" # options of dockerd

# A front as Mailu's was: the first process is nginx, another answers whom it passes a client on to.
"$prologue_dir/docker-image.sh" "$dir/nginx.tar" nginx libnginx-mod-mail bash coreutils dash base-files base-passwd libc-bin netbase \
	>"$dir/log" 2>&1 || skip_all "no image of this machine's nginx: $(tail -n 1 "$dir/log")"
docker import -c 'CMD ["/usr/sbin/nginx", "-g", "daemon off;"]' "$dir/nginx.tar" example/nginx:1 >/dev/null || skip_all "docker does not take it"
rm -f "$dir/nginx.tar"
cat >"$dir/nginx.conf" <<'E2'
user www-data;
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
events { worker_connections 64; }
mail {
	auth_http 127.0.0.1:8000/auth;
	ssl_certificate /certs/live.pem;
	ssl_certificate_key /certs/good.key;
	include /etc/nginx/mail.d/*.conf;
}
E2
mkdir "$dir/mail.d"
echo 'server { listen 465 ssl; protocol smtp; smtp_auth plain; } server { listen 993 ssl; protocol imap; }' >"$dir/mail.d/a.conf"
echo 'server { listen 143; protocol imap; starttls only; }' >"$dir/mail.d/b.conf"
cp "$dir/certs/good-chain.pem" "$dir/certs/live.pem"
proxy() {
	docker run -d --name front -v "$dir/certs:/certs" -v "$dir/nginx.conf:/etc/nginx/nginx.conf:ro" -v "$dir/mail.d:/etc/nginx/mail.d:ro" \
		-p 143:143 -p 465:465 -p 587:587 -p 993:993 example/nginx:1 >"$dir/log" 2>&1
}
front=front
proxy || skip_all "docker does not run it: $(cat "$dir/log")"
within 10 serves 993 || not_ok "nginx does not serve: $(docker logs front 2>&1 | tail -n 3)"
watch
config() { on "$hearken" config --json -c "$conf" | jq -e "$1"; }
expect "nginx is read from the files of its container" config '[.sources[] | select(.kind == "nginx" and .state == "read")] | length == 1'
for port in 143 465 993; do expect "$port is asked inside, and is up" within 20 is_up $port; done
expect "587 is in none of its files" within 10 shows 587 missing/not-configured
preflight() { on "$hearken" preflight -c "$conf" >"$dir/out" 2>&1; }
preflight
expect "preflight sees them too: what a reload makes no worse is a warning" test $? = 1
expect "and says so of each" sh -c "grep -q '^  993 (imaps)' '$dir/out' && grep -q '587 (submission)' '$dir/out'"

# What lies there is not what is served: seen below its root, and parsed apart.
cp "$dir/certs/old.pem" "$dir/certs/new.pem"
touch -d '10 minutes ago' "$dir/certs/new.pem"
mv "$dir/certs/new.pem" "$dir/certs/live.pem"
preflight
expect "a key of another certificate: the next start would fail, says preflight" grep -q 'CRITICAL.*the key in /certs/good.key does not belong to the certificate in /certs/live.pem' "$dir/out"
watch
expect "and the daemon, at its next look" within 20 is 993 '.findings[0].name' certificate-stale
mark=$(moment)
docker kill -s KILL front >/dev/null
expect "its end is told as its container's" within 45 told '.HEARKEN_CAUSE == "container-exited"'
finish
