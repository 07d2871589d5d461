// SPDX-License-Identifier: LGPL-2.1-or-later
/* A fast server to be probed: SMTP with STARTTLS on 127.0.0.1, one thread, epoll, full handshakes alone.
 *
 *   bench_server PORT CHAIN KEY    says "ready", and serves until it is ended */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 256
#define LINE_SIZE  512

struct client {
	int fd;
	SSL *ssl; /* NULL: in plain text */
	bool secured;
	char line[LINE_SIZE];
	size_t n;
};

static SSL_CTX *context;

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

static void drop(struct client *client)
{
	SSL_free(client->ssl);
	close(client->fd);
	free(client);
}

static void say(struct client *client, const char *text)
{
	size_t n = strlen(text);

	/* Some bytes into an empty socket buffer: they fit. */
	if (client->ssl)
		(void)SSL_write(client->ssl, text, (int)n);
	else
		(void)send(client->fd, text, n, MSG_NOSIGNAL);
}

/* Returns false when the client is to go. */
static bool obey(struct client *client, const char *line)
{
	if (strncasecmp(line, "EHLO", 4) == 0) {
		say(client, client->secured ? "250-bench\r\n250 AUTH PLAIN\r\n" : "250-bench\r\n250 STARTTLS\r\n");
	} else if (strncasecmp(line, "STARTTLS", 8) == 0) {
		say(client, "220 go\r\n");
		client->ssl = SSL_new(context);
		SSL_set_fd(client->ssl, client->fd);
		SSL_set_accept_state(client->ssl);
	} else if (strncasecmp(line, "QUIT", 4) == 0) {
		say(client, "221 bye\r\n");
		if (client->ssl)
			(void)SSL_shutdown(client->ssl);
		return false;
	} else {
		say(client, "250 ok\r\n");
	}
	return true;
}

static bool hear(struct client *client, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n') {
			if (client->n + 1 < sizeof(client->line))
				client->line[client->n++] = bytes[i];
			continue;
		}
		client->line[client->n] = '\0';
		client->n = 0;
		if (!obey(client, client->line))
			return false;
	}
	return true;
}

static bool serve(struct client *client)
{
	char bytes[1024];

	for (;;) {
		ssize_t r;

		if (client->ssl && !client->secured) {
			r = SSL_do_handshake(client->ssl);
			if (r != 1)
				return SSL_get_error(client->ssl, (int)r) == SSL_ERROR_WANT_READ;
			client->secured = true;
		}
		if (client->ssl) {
			r = SSL_read(client->ssl, bytes, sizeof(bytes));
			if (r <= 0)
				return SSL_get_error(client->ssl, (int)r) == SSL_ERROR_WANT_READ;
		} else {
			r = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
			if (r <= 0)
				return r < 0;
		}
		if (!hear(client, bytes, (size_t)r))
			return false;
	}
}

static void take(int listener, int epoll)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct client *client = calloc(1, sizeof(*client));
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };

		must(client, "calloc");
		client->fd = fd;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
		say(client, "220 bench ESMTP\r\n");
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), epoll = epoll_create1(0);
	struct epoll_event events[EVENTS_MAX] = { { .events = EPOLLIN } };

	if (argc != 4)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	context = SSL_CTX_new(TLS_server_method());
	must(context && SSL_CTX_use_certificate_chain_file(context, argv[2]) == 1 &&
		     SSL_CTX_use_PrivateKey_file(context, argv[3], SSL_FILETYPE_PEM) == 1,
	     "certificate");
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(context, 0);
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	must(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) == 0, "SO_REUSEADDR");
	must(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
	must(listen(listener, 4096) == 0, "listen");
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &events[0]) == 0, "epoll_ctl");
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS_MAX, -1);

		for (int i = 0; i < n; i++) {
			struct client *client = events[i].data.ptr;

			if (!client)
				take(listener, epoll);
			else if (!serve(client))
				drop(client);
		}
	}
}
