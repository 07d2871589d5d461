// SPDX-License-Identifier: LGPL-2.1-or-later
#include "truth.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TCP_LISTEN_TEXT "0A"

static void add_holder(struct truth *truth, pid_t pid)
{
	size_t i = truth->n_holders;

	for (size_t k = 0; k < truth->n_holders; k++)
		if (truth->holders[k] == pid)
			return;
	if (i == TRUTH_HOLDERS_MAX)
		return;
	for (; i > 0 && truth->holders[i - 1] > pid; i--)
		truth->holders[i] = truth->holders[i - 1];
	truth->holders[i] = pid;
	truth->n_holders++;
}

/* As /proc/net/tcp has it: words of 32 bits in the machine's own order. */
static void parse_hex_address(const char *hex, int family, struct address *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->family = (uint8_t)family;
	for (size_t i = 0; i < (family == AF_INET ? 1 : 4); i++) {
		char word_text[9] = { 0 };
		uint32_t word;

		memcpy(word_text, hex + 8 * i, 8);
		word = (uint32_t)strtoul(word_text, NULL, 16);
		memcpy(ret->bytes + 4 * i, &word, sizeof(word));
	}
}

static ssize_t read_table(pid_t pid, int family, struct truth *ret, size_t have)
{
	char path[64], line[512], local[64], state[8];
	unsigned int port, queued;
	unsigned long long inode;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, family == AF_INET ? "tcp" : "tcp6");
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file) && have < TRUTH_MAX) {
		/* sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout
		 * inode */
		if (sscanf(line, " %*[^:]: %63[0-9A-F]:%x %*s %7s %*x:%x %*s %*s %*s %*s %llu", local, &port, state,
			   &queued, &inode) != 5 ||
		    strcmp(state, TCP_LISTEN_TEXT) != 0)
			continue;
		ret[have] = (struct truth){ .inode = inode, .port = (uint16_t)port, .v6only = -1, .queued = queued };
		parse_hex_address(local, family, &ret[have].address);
		have++;
	}
	fclose(file);
	return (ssize_t)have;
}

static void add_holders_of(const char *process, struct truth *truths, size_t n)
{
	char path[300], link[64];
	struct dirent *entry;
	unsigned long long inode;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%s/fd", process);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		ssize_t got = readlinkat(dirfd(directory), entry->d_name, link, sizeof(link) - 1);

		if (got < 0)
			continue;
		link[got] = '\0';
		if (sscanf(link, "socket:[%llu]", &inode) != 1)
			continue;
		for (size_t i = 0; i < n; i++)
			if (truths[i].inode == inode)
				add_holder(&truths[i], atoi(process));
	}
	if (directory)
		closedir(directory);
}

ssize_t truth_from_proc(pid_t pid, struct truth *ret)
{
	ssize_t n = read_table(pid, AF_INET, ret, 0);
	struct dirent *entry;
	DIR *processes;

	if (n >= 0)
		n = read_table(pid, AF_INET6, ret, (size_t)n);
	if (n <= 0)
		return n;
	processes = opendir("/proc");
	while (processes && (entry = readdir(processes)))
		if (isdigit((unsigned char)*entry->d_name))
			add_holders_of(entry->d_name, ret, (size_t)n);
	if (processes)
		closedir(processes);
	return n;
}

/* LISTEN 0 17 [::]:587 [::]:* users:(("test",pid=7,fd=4)) ino:12 sk:1a cgroup:/ v6only:1 <-> */
static bool parse_ss(char *line, struct truth *ret)
{
	char local[128], *colon, *percent;
	unsigned long long inode = 0, cookie = 0;
	const char *at;

	memset(ret, 0, sizeof(*ret));
	if (sscanf(line, "LISTEN %u %u %127s", &ret->queued, &ret->backlog, local) != 3)
		return false;
	colon = strrchr(local, ':');
	if (!colon)
		return false;
	*colon = '\0';
	ret->port = (uint16_t)atoi(colon + 1);
	percent = strchr(local, '%');
	if (percent)
		*percent = '\0';
	ret->address.family = *local == '[' || *local == '*' ? AF_INET6 : AF_INET;
	if (*local == '[') {
		memmove(local, local + 1, strlen(local));
		local[strcspn(local, "]")] = '\0';
	}
	if (*local != '*' && inet_pton(ret->address.family, local, ret->address.bytes) != 1)
		return false;
	for (at = line; (at = strstr(at, "pid=")); at += 4)
		add_holder(ret, atoi(at + 4));
	at = strstr(line, " ino:");
	if (at)
		(void)sscanf(at, " ino:%llu", &inode);
	at = strstr(line, " sk:");
	if (at)
		(void)sscanf(at, " sk:%llx", &cookie);
	at = strstr(line, " v6only:");
	ret->v6only = at ? at[8] == '1' : -1;
	ret->inode = inode;
	ret->cookie = cookie;
	return true;
}

ssize_t truth_from_ss(pid_t pid, struct truth *ret)
{
	char command[128], *line = NULL;
	size_t size = 0, n = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "nsenter --net=/proc/%d/ns/net ss -lntpeH", pid);
	pipe = popen(command, "re");
	if (!pipe)
		return -errno;
	while (n < TRUTH_MAX && getline(&line, &size, pipe) > 0)
		n += parse_ss(line, &ret[n]);
	free(line);
	return pclose(pipe) == 0 ? (ssize_t)n : -EIO;
}

bool truth_agrees(const struct truth *truth, const struct listener *listener, bool holders)
{
	size_t n = truth->n_holders < LISTENER_HOLDERS_MAX ? truth->n_holders : LISTENER_HOLDERS_MAX;

	if (truth->port != listener->port || !address_equal(&truth->address, &listener->address))
		return false;
	if (truth->cookie && truth->cookie != listener->cookie)
		return false;
	if (truth->v6only >= 0 && listener->address.family == AF_INET6 && truth->v6only != listener->v6only)
		return false;
	if (!holders)
		return true;
	if (truth->backlog && truth->backlog != listener->backlog)
		return false;
	if (truth->queued != listener->queued || n != listener->n_holders)
		return false;
	/* A full list has the oldest of them. */
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t k = 0; k < truth->n_holders; k++)
			found |= truth->holders[k] == listener->holders[i].pid;
		if (!found)
			return false;
	}
	return true;
}

void truth_show(const char *who, const struct truth *truth)
{
	char text[ADDRESS_TEXT_SIZE];

	address_show(&truth->address, text);
	fprintf(stderr, "  %s: %s port %u, cookie %llx, v6only %d, queued %u, backlog %u, holders", who, text,
		truth->port, (unsigned long long)truth->cookie, truth->v6only, truth->queued, truth->backlog);
	for (size_t i = 0; i < truth->n_holders; i++)
		fprintf(stderr, " %d", truth->holders[i]);
	fputc('\n', stderr);
}

void truth_show_listener(const struct listener *listener)
{
	struct truth truth = { .cookie = listener->cookie,
			       .address = listener->address,
			       .port = listener->port,
			       .v6only = listener->v6only,
			       .queued = listener->queued,
			       .backlog = listener->backlog };

	for (size_t i = 0; i < listener->n_holders; i++)
		add_holder(&truth, listener->holders[i].pid);
	truth_show("inventory", &truth);
}
