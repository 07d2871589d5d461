/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a server that uses this OpenSSL would take a TLS setting. A program that is linked with
 * another library, or lives in a container, may know other words. */
#ifndef TLS_SETTINGS_H
#define TLS_SETTINGS_H

#include <stdbool.h>

#define TLS_SETTINGS_WHY_SIZE 160

/* Says false, and @why as a clause, when @value would be refused. */
typedef bool tls_setting_check(const char *value, char why[static TLS_SETTINGS_WHY_SIZE]);

tls_setting_check tls_settings_ciphers; /* for TLS 1.2 and older: "HIGH:!aNULL" */
tls_setting_check tls_settings_suites;	/* for TLS 1.3 */
tls_setting_check tls_settings_curves;	/* "X25519:P-256" */
tls_setting_check tls_settings_version; /* "TLSv1.2" */
tls_setting_check tls_settings_dh; /* a file of DH parameters; one that is not there is taken */

#endif
