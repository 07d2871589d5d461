// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/socket_server.h"

void socket_server_answer(int fd, const char *script, const struct fake_certificate *certificate, size_t piece)
{
	struct fake_server fake;
	size_t said = 0;
	char bytes[4096];
	ssize_t n;

	fake_server_init(&fake, script, certificate);
	do {
		fake_server_run(&fake);
		while ((n = BIO_read(fake.out, bytes, sizeof(bytes))) > 0) {
			if (piece && said + (size_t)n > piece)
				n = (ssize_t)(piece - said);
			if (send(fd, bytes, (size_t)n, MSG_NOSIGNAL) < 0)
				break;
			said += (size_t)n;
			if (piece && said == piece)
				break;
		}
		if (fake.closed || (piece && said == piece))
			break;
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n > 0)
			BIO_write(fake.in, bytes, (int)n);
	} while (n > 0);
	fake_server_clear(&fake);
}

/* @cut_each: 0, or each so manieth client is hung up on, somewhere in its conversation. */
static _Noreturn void socket_server_loop(int listener, const char *script, const struct fake_certificate *certificate,
					 unsigned int cut_each)
{
	const struct linger reset = { .l_onoff = 1 };
	unsigned int clients = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		bool cut = cut_each && ++clients % cut_each == 0;

		must(fd >= 0);
		socket_server_answer(fd, script, certificate, cut ? clients * 7 % 1500 + 1 : 0);
		if (cut && clients % (2 * cut_each) == 0)
			(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
}

void socket_server_open(struct socket_server *server, int n, const char *script,
			const struct fake_certificate *certificate, unsigned int cut_each)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(server->address);

	memset(server, 0, sizeof(*server));
	server->address.sin_family = AF_INET;
	server->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(bind(listener, (struct sockaddr *)&server->address, size) == 0 && listen(listener, 1000) == 0);
	must(getsockname(listener, (struct sockaddr *)&server->address, &size) == 0);
	for (server->n = 0; server->n < n; server->n++) {
		server->pids[server->n] = fork();
		must(server->pids[server->n] >= 0);
		if (server->pids[server->n] == 0)
			socket_server_loop(listener, script, certificate, cut_each);
	}
	close(listener);
}

void socket_server_close(struct socket_server *server)
{
	while (server->n-- > 0) {
		kill(server->pids[server->n], SIGKILL);
		waitpid(server->pids[server->n], NULL, 0);
	}
}

int socket_server_reach(const struct socket_server *server)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(fd >= 0);
	(void)connect(fd, (const struct sockaddr *)&server->address, sizeof(server->address));
	return fd;
}
