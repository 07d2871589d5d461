/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Postfix's smtpd_tls_chain_files: "both.pem", or "key.pem, chain.pem". Pure. */
#ifndef CHAIN_FILES_H
#define CHAIN_FILES_H

/* Appends the files of @chains to @certificates and @keys (rendering_add_files()). A key stands
 * before its certificates; which file is which only their names tell here: one with "key" in it. */
void chain_files_add(char *certificates, char *keys, const char *chains);

#endif
