#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Thousands of probes through the real prober, counted on both sides. HEARKEN_PROBES: how many.
# And the sandbox once more, as root: as nobody the walls that need it are not tried.
[ "$(id -u)" = 0 ] || { echo "# SKIP leak: must be root"; exit 77; }
set -e
build/tests/system/test_leak
exec env ASAN_OPTIONS=detect_leaks=0 build/tests/test_sandbox
