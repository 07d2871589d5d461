/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the tests of the readers show what they read: "587s", with the addresses in brackets when they are not
 * both wildcards: "143o[127.0.0.1]", "25o[any]"; P wants a PROXY header; "=name" where the protocol is not the
 * port's own. */
#ifndef SHOW_RENDERING_H
#define SHOW_RENDERING_H

#include <string.h>

#include "base/text.h"
#include "intent/rendered/rendering.h"

void show_rendering(const struct rendering *rendering, char *to, size_t size);

#endif
