/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a probe saw of TLS and the certificate, for people and for programs. */
#ifndef SHOW_CERTIFICATE_H
#define SHOW_CERTIFICATE_H

#include <jansson.h>

#include "model/answer.h"

/* Some lines on stdout; none where TLS was not reached. Fingerprints are written as certificate-pin
 * wants them. */
void show_certificate(const struct answer *answer);

/* The object "certificate"; null where none was seen. */
json_t *show_certificate_json(const struct answer *answer);

#endif
