/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scripted server of fake_server.h behind a real listener on loopback, in processes of its own.
 */
#ifndef SOCKET_SERVER_H
#define SOCKET_SERVER_H

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/fake_server.h"

#define SOCKET_SERVER_MAX 8

struct socket_server {
	struct sockaddr_in address;
	pid_t pids[SOCKET_SERVER_MAX];
	int n;
};

/* @piece: 0, or after how many bytes it hangs up. */
void socket_server_answer(int fd, const char *script, const struct fake_certificate *certificate, size_t piece);

void socket_server_open(struct socket_server *server, int n, const char *script,
			const struct fake_certificate *certificate, unsigned int cut_each);

void socket_server_close(struct socket_server *server);

/* A socket on its way to the server. */
int socket_server_reach(const struct socket_server *server);

#endif
