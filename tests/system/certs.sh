#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# certs.sh DIR [HOSTNAME [all]] - make the certificates that the tests need, in a blink.
#
# In DIR: ca.pem (what a client should trust), inter.pem, and for each of
#   good        for HOSTNAME (mail.example.test), localhost and 127.0.0.1, 90 days
#   expired     ended yesterday
#   wronghost   for other.example.test
#   selfsigned  by itself
#   old         as good, 60 days ago
# and with "all" of
#   soon notyet        ends in 3 days; begins in 10
#   incomplete         without its intermediate (that is, in incomplete-chain.pem)
#   cnonly wildcard    no subjectAltName; *.example.test
#   rsa ed25519        other keys than EC P-256
#   rsa1024 sha1       too weak a key, or signature
#   muststaple         may only be served with an OCSP staple
#   mismatch           the key is another's
#   client             for clients
# KIND.pem, KIND-chain.pem (what a server should send) and KIND.key.

set -eu
dir=${1:?usage: certs.sh DIR [HOSTNAME]}
host=${2:-mail.example.test}
umask 077
mkdir -p "$dir"
cd "$dir"
mkdir -p db
: >db/index
echo 1000 >db/serial
cat >ca.cnf <<END
[ca]
default_ca = here
[here]
database = db/index
serial = db/serial
new_certs_dir = db
default_md = sha256
policy = names
unique_subject = no
copy_extensions = copy
[names]
commonName = supplied
[req]
distinguished_name = name
[name]
[leaf]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
END

when() { date -u -d "$1" +%Y%m%d%H%M%SZ; }

request() { # request NAME COMMON-NAME [REQ-OPTION...]: NAME.key and NAME.csr
	_name=$1 _cn=$2
	shift 2
	# shellcheck disable=SC2086 # a list of words
	openssl req -new -config ca.cnf -newkey ${key:-ec -pkeyopt ec_paramgen_curve:P-256} -nodes \
		-keyout "$_name.key" -subj "/CN=$_cn" "$@" 2>/dev/null
}

# OpenSSL 3.0's "x509 -req" cannot set when a certificate starts, so "ca" signs.
sign() { # sign NAME SIGNER SECTION FROM TO
	openssl ca -batch -notext -config ca.cnf -cert "$2.pem" -keyfile "$2.key" -extensions "$3" \
		-md "${md:-sha256}" -startdate "$(when "$4")" -enddate "$(when "$5")" -in "$1.csr" -out "$1.pem" 2>/dev/null
}

leaf() { # leaf KIND ALTERNATIVE-NAMES COMMON-NAME FROM TO [REQ-OPTION...]
	_kind=$1 _names=$2 _common=$3 _from=$4 _to=$5
	shift 5
	[ -z "$_names" ] || set -- -addext "subjectAltName=$_names" "$@"
	request "$_kind" "$_common" "$@" -out "$_kind.csr"
	set -- "$_kind" "$_names" "$_common" "$_from" "$_to"
	sign "$1" inter leaf "$4" "$5"
	cat "$1.pem" inter.pem >"$1-chain.pem"
}

request ca "Hearken test root" -x509 -extensions authority -days 3650 -out ca.pem
request inter "Hearken test intermediate" -out inter.csr
sign inter ca authority '-2 years' '+5 years'
leaf good "DNS:$host,DNS:localhost,IP:127.0.0.1" "$host" '-1 day' '+90 days'
leaf expired "DNS:$host" "$host" '-90 days' '-1 day'
leaf old "DNS:$host,DNS:localhost,IP:127.0.0.1" "$host" '-60 days' '+30 days'
leaf wronghost DNS:other.example.test other.example.test '-1 day' '+90 days'
request selfsigned "$host" -x509 -addext "subjectAltName=DNS:$host,DNS:localhost" -days 90 \
	-out selfsigned.pem
cp selfsigned.pem selfsigned-chain.pem
if [ "${3:-}" = all ]; then
	leaf soon "DNS:$host" "$host" '-80 days' '+3 days'
	leaf notyet "DNS:$host" "$host" '+10 days' '+90 days'
	leaf wildcard "DNS:*.${host#*.}" wildcard '-1 day' '+90 days'
	leaf client DNS:client.example.test client.example.test '-1 day' '+90 days'
	(key=rsa:2048 && leaf rsa "DNS:$host" "$host" '-1 day' '+90 days')
	(key=rsa:1024 && leaf rsa1024 "DNS:$host" "$host" '-1 day' '+90 days')
	(key=ed25519 && leaf ed25519 "DNS:$host" "$host" '-1 day' '+90 days')
	(md=sha1 && leaf sha1 "DNS:$host" "$host" '-1 day' '+90 days')
	leaf muststaple "DNS:$host" "$host" '-1 day' '+90 days' -addext "tlsfeature = status_request"
	leaf cnonly "" "$host" '-1 day' '+90 days'
	leaf incomplete "DNS:$host" "$host" '-1 day' '+90 days'
	cp incomplete.pem incomplete-chain.pem
	cp good-chain.pem mismatch-chain.pem
	cp old.key mismatch.key
fi
rm -rf db ca.cnf ./*.csr
chmod 755 .
chmod 644 ./*.pem
