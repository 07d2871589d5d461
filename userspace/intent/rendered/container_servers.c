// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/container_servers.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define PROCESSES_MAX 32768
#define COMMAND_MAX   32

static const struct sign {
	enum source_kind kind;
	const char *commands[3]; /* of its first process */
	const char *pid_files[4];
} signs[] = {
	{ SOURCE_DOVECOT,
	  { "dovecot" },
	  { "/run/dovecot/master.pid", "/var/run/dovecot/master.pid" } },
	{ SOURCE_POSTFIX, { "master" }, { "/var/spool/postfix/pid/master.pid" } },
	{ SOURCE_EXIM, { "exim4", "exim" }, { "/run/exim4/exim.pid", "/run/exim.pid" } },
	{ SOURCE_OPENSMTPD, { "smtpd" }, { "/run/smtpd.sock", "/var/run/smtpd.sock" } },
	{ SOURCE_NGINX, { "nginx" }, { "/run/nginx.pid", "/var/run/nginx.pid" } },
};

static bool is_mail_port(uint16_t port)
{
	const struct well_known *known = well_known_port(port);

	return known && known->protocol != PROTOCOL_HTTPS;
}

bool container_may_serve_mail(const struct container *container)
{
	for (size_t i = 0; i < container->n_ports; i++)
		if (is_mail_port(container->ports[i].port) ||
		    is_mail_port(container->ports[i].host_port))
			return true;
	return false;
}

static bool is_any_there(int root, const char *const *paths, size_t n)
{
	for (size_t i = 0; i < n && paths[i]; i++)
		if (file_exists_below(root, paths[i]))
			return true;
	return false;
}

static bool is_called(const char *pid, const struct sign *sign)
{
	cleanup(memory_freep) char *command = NULL;
	char path[64];

	(void)text_format(path, sizeof(path), "/proc/%.16s/comm", pid);
	if (file_read(path, COMMAND_MAX, &command, NULL) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(sign->commands) && sign->commands[i]; i++)
		if (strcmp(text_trim(command), sign->commands[i]) == 0)
			return true;
	return false;
}

/* The network tells containers apart, too, where they share processes. */
static bool shares_network(const char *pid, ino_t netns)
{
	char path[64];
	struct stat st;

	(void)text_format(path, sizeof(path), "/proc/%.16s/ns/net", pid);
	return stat(path, &st) == 0 && st.st_ino == netns;
}

static bool has_process(pid_t pid, const struct sign *sign)
{
	cleanup(directory_closep) DIR *directory = opendir("/proc");
	const struct dirent *entry;
	char path[64];
	struct stat st;

	(void)text_format(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	if (!directory || stat(path, &st) < 0)
		return false;
	for (size_t n = 0; n < PROCESSES_MAX && (entry = readdir(directory)); n++)
		if (isdigit((unsigned char)*entry->d_name) && is_called(entry->d_name, sign) &&
		    shares_network(entry->d_name, st.st_ino))
			return true;
	return false;
}

bool container_has(const struct server_kind *server, const struct enter_process *process)
{
	cleanup(fd_closep) int root = -1;

	return enter_root(process, &root) >= 0 &&
	       (!server->programs[0] ||
		is_any_there(root, server->programs, ARRAY_SIZE(server->programs))) &&
	       is_any_there(root, server->configs, ARRAY_SIZE(server->configs));
}

bool container_runs(const struct server_kind *server, const struct enter_process *process)
{
	cleanup(fd_closep) int root = -1;

	if (enter_root(process, &root) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (signs[i].kind == server->kind)
			return is_any_there(root, signs[i].pid_files,
					    ARRAY_SIZE(signs[i].pid_files)) ||
			       has_process(process->pid, &signs[i]);
	return false;
}
