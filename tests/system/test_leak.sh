#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Thousands of probes through the real prober, counted on both sides. HEARKEN_PROBES: how many.
# And the sandbox once more, as root: as nobody the walls that need it are not tried.
set -u
. "$(dirname "$(readlink -f "$0")")/prologue.sh"
need root
"$out/tests/system/test_leak" || exit
exec env ASAN_OPTIONS=detect_leaks=0 "$out/tests/test_sandbox"
