// SPDX-License-Identifier: LGPL-2.1-or-later
/* fake_server CA_FILE SCRIPT_FILE [KEY=VALUE...] - the scripted server of tests/support/fake_server.h, on a
 * real socket.
 *
 * Listens on a free port of 127.0.0.1, writes its CA to CA_FILE, and the port to stdout; then
 * serves, one client after the other, until it is killed. Where SCRIPT_FILE has lines "NEXT", the
 * second client gets what is behind the first of them, and so on; the last part serves all the
 * others. One more word: "HALF" closes its sending side and goes on reading. At SIGHUP it closes
 * its listener and opens it anew. With next=reload the parts change then, and not with each client.
 *
 *   certificate=good|expired|wronghost|selfsigned   for mail.example.test
 *   max-version=1.0|1.1|1.2     ask=yes             a client certificate
 *   delay=MS                    between two bytes
 *   port=N                      instead of a free one */
#include "tests/support/fake_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HOST "mail.example.test"

static struct {
	struct fake_certificate certificate;
	int max_version;
	int ask_certificate;
	int delay_ms;
	int port;
	bool next_at_reload;
} options;

static struct fake_certificate make_certificate(const char *kind, const struct fake_certificate *ca)
{
	int64_t now = time(NULL), from = now - FAKE_DAY, until = now + 90 * FAKE_DAY;

	if (strcmp(kind, "expired") == 0)
		return fake_certify(ca, HOST, "DNS:" HOST, from - 90 * FAKE_DAY, from);
	if (strcmp(kind, "wronghost") == 0)
		return fake_certify(ca, "other.example.test", "DNS:other.example.test", from, until);
	return fake_certify(strcmp(kind, "selfsigned") == 0 ? NULL : ca, HOST, "DNS:" HOST, from, until);
}

static void parse(int argc, char **argv, const struct fake_certificate *ca)
{
	options.certificate = make_certificate("good", ca);
	for (int i = 0; i < argc; i++) {
		const char *value = strchr(argv[i], '=');

		must(value);
		value++;
		if (strncmp(argv[i], "certificate=", 12) == 0)
			options.certificate = make_certificate(value, ca);
		else if (strncmp(argv[i], "max-version=", 12) == 0)
			options.max_version = TLS1_VERSION + atoi(value + 2);
		else if (strncmp(argv[i], "ask=", 4) == 0)
			options.ask_certificate = SSL_VERIFY_PEER;
		else if (strncmp(argv[i], "delay=", 6) == 0)
			options.delay_ms = atoi(value);
		else if (strcmp(argv[i], "next=reload") == 0)
			options.next_at_reload = true;
		else if (strncmp(argv[i], "port=", 5) == 0)
			options.port = atoi(value);
		else
			must(!"an option");
	}
}

static char *read_script(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *file = fopen(path, "r");

	must(text && file && fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

/* The part of the script for the next client; "NEXT" lines are cut out of it. */
static char *next_part(char *part, char **rest)
{
	char *next = strstr(part, "NEXT\n");

	*rest = part;
	if (!next)
		return part;
	*next = '\0';
	*rest = next + strlen("NEXT\n");
	return part;
}

/* Sends what there is, as slowly as was asked for; false when the client is gone. */
static bool send_all(struct fake_server *s, int fd)
{
	char bytes[4096];
	int n;

	while ((n = BIO_read(s->out, bytes, options.delay_ms ? 1 : (int)sizeof(bytes))) > 0) {
		for (int at = 0; at < n;) {
			ssize_t r = send(fd, bytes + at, (size_t)(n - at), MSG_NOSIGNAL);

			if (r < 0)
				return false;
			at += (int)r;
		}
		if (options.delay_ms)
			usleep((useconds_t)options.delay_ms * 1000);
	}
	return true;
}

static void serve(int fd, const char *script)
{
	struct fake_server s;
	char bytes[4096];
	bool half = false;

	fake_server_init(&s, script, &options.certificate);
	s.max_version = options.max_version;
	s.ask_certificate = options.ask_certificate;
	for (;;) {
		ssize_t n;

		fake_server_run(&s);
		ERR_clear_error();
		if (!send_all(&s, fd))
			break;
		if (s.closed)
			break;
		if (s.half && !half)
			half = shutdown(fd, SHUT_WR) == 0;
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n <= 0)
			break;
		must(BIO_write(s.in, bytes, (int)n) == (int)n);
	}
	/* With bytes unread close() resets, which "EOF" must not; and "RST" must, without any. */
	if (s.reset)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
	else if (shutdown(fd, SHUT_WR) == 0)
		while (poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 2000) > 0 &&
		       recv(fd, bytes, sizeof(bytes), 0) > 0)
			;
	close(fd);
	fake_server_clear(&s);
}

static volatile sig_atomic_t told_to_reload;

static void on_hangup(int signal)
{
	told_to_reload = 1;
}

static int open_listener(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons((uint16_t)options.port);
	must(listener >= 0 && setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) == 0 &&
	     bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 16) == 0 &&
	     getsockname(listener, (struct sockaddr *)&address, &size) == 0);
	options.port = ntohs(address.sin_port);
	return listener;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_hangup }; /* accept() is interrupted */
	struct fake_certificate ca;
	int listener, fd;
	char *rest, *part = NULL;
	FILE *file;

	must(argc >= 3);
	ca = fake_certify(NULL, "Root", NULL, 0, time(NULL) + 999 * FAKE_DAY);
	parse(argc - 3, argv + 3, &ca);
	rest = read_script(argv[2]);
	file = fopen(argv[1], "w");
	must(file && PEM_write_X509(file, ca.x509) == 1 && fclose(file) == 0);
	must(sigaction(SIGHUP, &action, NULL) == 0);
	listener = open_listener();
	printf("%d\n", options.port);
	fflush(stdout);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		must(fd >= 0 || errno == EINTR);
		if (fd >= 0) {
			if (!part || !options.next_at_reload)
				part = next_part(rest, &rest);
			serve(fd, part);
		}
		if (told_to_reload) {
			part = NULL;
			told_to_reload = 0;
			close(listener);
			listener = open_listener();
		}
	}
}
