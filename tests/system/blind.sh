#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# blind.sh COMMAND... - runs it as a container would that may not use BPF: root without the capabilities.
exec setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-bpf,-perfmon,-sys_admin "$@"
