// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/runtime/runtime_places.h"

const struct runtime_place runtime_places[RUNTIME_PLACES] = {
	{ "docker", "/run/docker.sock", "/var/lib/docker" },
	{ "podman", "/run/podman/podman.sock", "/var/lib/containers/storage" },
};
