#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# certs.sh DIR [HOSTNAME]  -- make every test certificate with the openssl command line only.
# Result in DIR: ca.pem, inter.pem, and per kind  KIND.pem (leaf), KIND-chain.pem (leaf + intermediate), KIND.key
# Times are set exactly with `openssl ca -startdate/-enddate`, since 3.0's `x509 -req` cannot.
set -eu
D=${1:?usage: certs.sh DIR [HOSTNAME]}; H=${2:-mail.example.test}
mkdir -p "$D"; cd "$D"
umask 077
rm -rf db; mkdir -p db; : >db/index; echo 1000 >db/serial
cat >ca.cnf <<CNF
[ca]
default_ca = d
[d]
dir = $D/db
database = $D/db/index
serial = $D/db/serial
new_certs_dir = $D/db
default_md = sha256
policy = p
unique_subject = no
copy_extensions = copy
x509_extensions = leaf
[p]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
CN = $H
[leaf]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[client]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = clientAuth
[ca_ext]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
CNF
ec()  { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null || openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
rsa() { openssl genrsa -out "$1" "${2:-2048}" 2>/dev/null; }
z()   { date -u -d "$1" +%Y%m%d%H%M%SZ; }

# root and intermediate
ec ca.key;    openssl req -x509 -new -config ca.cnf -extensions ca_ext -key ca.key -subj "/CN=Test Root" -days 3650 -out ca.pem
ec inter.key; openssl req -new -config ca.cnf -key inter.key -subj "/CN=Test Intermediate" -out inter.csr
openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -extensions ca_ext \
  -startdate "$(z '-2 years')" -enddate "$(z '+5 years')" -in inter.csr -out inter.pem 2>/dev/null

# leaf KIND KEYTYPE NAMES FROM TO [signer] [extensions-section]
leaf() {
  local k=$1 kt=$2 names=$3 from=$4 to=$5 signer=${6:-inter} ext=${7:-leaf} san="" n
  for n in $names; do case $n in *[!0-9.]*) san=$san,DNS:$n;; *) san=$san,IP:$n;; esac; done
  case $kt in ec) ec $k.key;; rsa*) rsa $k.key "${kt#rsa}";; esac
  openssl req -new -config ca.cnf -key $k.key -subj "/CN=${names%% *}" -addext "subjectAltName=${san#,}" -out $k.csr
  openssl ca -batch -notext -config ca.cnf -cert $signer.pem -keyfile $signer.key -extensions $ext \
     -startdate "$(z "$from")" -enddate "$(z "$to")" -in $k.csr -out $k.pem 2>/dev/null
  if [ $signer = inter ]; then cat $k.pem inter.pem >$k-chain.pem; else cp $k.pem $k-chain.pem; fi
  rm -f $k.csr
}
leaf good       ec      "$H localhost 127.0.0.1" '-1 day'   '+90 days'     # the good one
leaf goodrsa    rsa2048 "$H localhost"           '-1 day'   '+90 days'     # RSA
leaf rsa1024    rsa1024 "$H"                     '-1 day'   '+90 days'     # key too small at SECLEVEL 2
leaf expired    ec      "$H"                     '-90 days' '-1 day'       # expired
leaf soon       ec      "$H"                     '-90 days' '+3 days'      # expires soon
leaf notyet     ec      "$H"                     '+10 days' '+90 days'     # not yet valid
leaf wronghost  ec      "other.example.test"     '-1 day'   '+90 days'     # wrong name
leaf sni-b      ec      "b.example.test"         '-1 day'   '+90 days'     # second name for SNI tests
leaf client     ec      "client.example.test"    '-1 day'   '+90 days' inter client
cp good.pem incomplete-chain.pem; cp good.key incomplete.key                # incomplete chain: leaf only, intermediate left out

# self-signed (EC), with SAN: one command
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout selfsigned.key -subj "/CN=$H" \
  -addext "subjectAltName=DNS:$H,DNS:localhost" -days 90 -out selfsigned.pem 2>/dev/null
cp selfsigned.pem selfsigned-chain.pem
# mismatched pair: certificate of one key, key of another
cp good-chain.pem mismatch-chain.pem; ec mismatch.key
# weak DH group: 1024 bits, and a 512-bit one for old-client tests (dhparam of 512 takes <1 s)
openssl dhparam -out dh1024.pem 1024 2>/dev/null; openssl dhparam -out dh512.pem 512 2>/dev/null
rm -f inter.csr; rm -rf db
chmod 755 .; chmod 644 ./*.pem; chmod 640 ./*.key
# certificate + key in one file (haproxy, stunnel, courier, hitch want that)
for k in good goodrsa expired selfsigned sni-b wronghost notyet; do cat $k-chain.pem $k.key >$k-both.pem; chmod 640 $k-both.pem; done
