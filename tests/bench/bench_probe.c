// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a probe costs, in time and CPU, each way on the same server (bench_server).
 *
 *   bench_probe prober PORT CA N AT_A_TIME       the daemon's way: sockets made here, and handed to the prober
 *   bench_probe floor PORT CA N AT_A_TIME        bare OpenSSL: the same bytes, one process, one thread each
 *   bench_probe tool N AT_A_TIME COMMAND...      a process a probe
 *   bench_probe http PORT PATH PID N AT_A_TIME   an exporter: GET PATH, the CPU is that of PID
 *
 * Prints "probes/s  CPU-ms-a-probe  failed", and for a process that stays its RSS. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/daemon/vantage.h"
#include "base/text.h"
#include "probe/confined/prober.h"
#include "probe/confined/prober_child.h"
#include "probe/plan.h"

#define HOST "mail.example.test"

extern char **environ;

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double cpu_of(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Of another process, from /proc: user and system time, in ticks. */
static double cpu_of_pid(int pid)
{
	char path[64], text[1024], *at;
	unsigned long user = 0, kernel = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	must(file && fgets(text, sizeof(text), file), path);
	fclose(file);
	at = strrchr(text, ')');
	must(at && sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) == 2, path);
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static long rss_kb(int pid, const char *field)
{
	char path[64], line[256];
	long kb = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, field, strlen(field)) == 0)
			kb = atol(line + strlen(field) + 1);
	if (file)
		fclose(file);
	return kb;
}

static void report(int n, int failed, double seconds, double cpu, int pid)
{
	printf("%9.0f %9.3f %7d", n / seconds, 1e3 * cpu / n, failed);
	if (pid)
		printf(" %7.1f %7.1f", (double)rss_kb(pid, "VmRSS:") / 1024, (double)rss_kb(pid, "VmHWM:") / 1024);
	printf("\n");
}

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				     .sin_port = htons((uint16_t)port) };
}

/* ---- the prober ---- */

/* Returns false when the prober is behind: then it wants to be heard first. */
static bool ask(int channel, const struct probe_plan *plan, const struct sockaddr_in *address)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)plan, .iov_len = sizeof(*plan) };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd, error;
	bool sent;

	must(vantage_socket(NULL, 0, ORIGIN_STRANGER, (const struct sockaddr *)address, sizeof(*address), &fd,
			    &error) == 0 &&
		     !error,
	     "socket");
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	sent = sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
	must(sent || errno == EAGAIN, "sendmsg");
	close(fd);
	return sent;
}

static void bench_prober(int port, const char *ca, int n, int at_a_time)
{
	struct sockaddr_in address = loopback(port);
	struct probe_plan plan = { .protocol = PROTOCOL_SUBMISSION,
				   .tls = TLS_STARTTLS,
				   .server_name = HOST,
				   .helo_name = HOST,
				   .timeout_usec = 30000000 };
	static struct probe_reply reply;
	int pair[2], asked = 0, answered = 0, failed = 0, status;
	pid_t parent = getpid(), child;
	double start, cpu, self;

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	child = fork();
	must(child >= 0, "fork");
	if (child == 0) {
		close(pair[0]);
		prober_child_exec(PROBER_SELF, pair[1], ca, parent);
		_exit(EXIT_FAILURE);
	}
	close(pair[1]);
	(void)text_copy(plan.ca_file, sizeof(plan.ca_file), ca);
	usleep(300000); /* it loads its CAs and goes into its sandbox, once */
	cpu = cpu_of_pid(child);
	self = cpu_of(RUSAGE_SELF);
	start = now();
	while (answered < n) {
		for (; asked < n && asked - answered < at_a_time; asked++) {
			plan.id = (uint64_t)asked + 1;
			if (!ask(pair[0], &plan, &address))
				break;
		}
		must(recv(pair[0], &reply, sizeof(reply), 0) == sizeof(reply), "recv");
		if (!reply.answer.complete || reply.answer.finding != FINDING_NONE) {
			if (failed++ == 0)
				fprintf(stderr, "%s: %s\n", finding_name(reply.answer.finding), reply.answer.detail);
		}
		answered++;
	}
	report(n, failed, now() - start, cpu_of_pid(child) - cpu + cpu_of(RUSAGE_SELF) - self, child);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

/* ---- the floor ---- */

struct floor {
	SSL_CTX *context;
	struct sockaddr_in address;
	int n, failed;
};

static bool converse(const char *line, int fd, SSL *ssl)
{
	char bytes[512];

	if (line && (ssl ? SSL_write(ssl, line, (int)strlen(line)) : send(fd, line, strlen(line), 0)) <= 0)
		return false;
	return (ssl ? SSL_read(ssl, bytes, sizeof(bytes)) : recv(fd, bytes, sizeof(bytes), 0)) > 0;
}

static bool handshake_once(struct floor *floor)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SSL *ssl = SSL_new(floor->context);
	bool done;

	must(fd >= 0 && ssl, "socket");
	SSL_set_fd(ssl, fd);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	done = connect(fd, (struct sockaddr *)&floor->address, sizeof(floor->address)) == 0 &&
	       SSL_set1_host(ssl, HOST) == 1 && SSL_set_tlsext_host_name(ssl, HOST) == 1 && converse(NULL, fd, NULL) &&
	       converse("EHLO " HOST "\r\n", fd, NULL) && converse("STARTTLS\r\n", fd, NULL) && SSL_connect(ssl) == 1 &&
	       converse("EHLO " HOST "\r\n", fd, ssl) && converse("QUIT\r\n", fd, ssl);
	if (done)
		(void)SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
	return done;
}

static void *floor_thread(void *userdata)
{
	struct floor *floor = userdata;

	for (int i = 0; i < floor->n; i++)
		floor->failed += !handshake_once(floor);
	return NULL;
}

static void bench_floor(int port, const char *ca, int n, int at_a_time)
{
	struct floor *floors = calloc((size_t)at_a_time, sizeof(*floors));
	pthread_t *threads = calloc((size_t)at_a_time, sizeof(*threads));
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	double start, self;
	int failed = 0;

	must(floors && threads && context && SSL_CTX_load_verify_file(context, ca) == 1, "context");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	self = cpu_of(RUSAGE_SELF);
	start = now();
	for (int i = 0; i < at_a_time; i++) {
		floors[i] = (struct floor){ .context = context, .address = loopback(port), .n = n / at_a_time };
		must(pthread_create(&threads[i], NULL, floor_thread, &floors[i]) == 0, "pthread_create");
	}
	for (int i = 0; i < at_a_time; i++) {
		pthread_join(threads[i], NULL);
		failed += floors[i].failed;
	}
	report(n / at_a_time * at_a_time, failed, now() - start, cpu_of(RUSAGE_SELF) - self, getpid());
}

/* ---- a process a probe ---- */

static void bench_tool(int n, int at_a_time, char **argv)
{
	posix_spawn_file_actions_t actions;
	int running = 0, started = 0, ended = 0, failed = 0, status;
	double start = now(), self = cpu_of(RUSAGE_SELF), children = cpu_of(RUSAGE_CHILDREN);
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
	while (ended < n) {
		for (; started < n && running < at_a_time; started++, running++)
			must(posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) == 0, argv[0]);
		must(wait(&status) > 0, "wait");
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
		running--;
		ended++;
	}
	report(n, failed, now() - start, cpu_of(RUSAGE_SELF) - self + cpu_of(RUSAGE_CHILDREN) - children, 0);
}

/* ---- an exporter ---- */

struct http {
	struct sockaddr_in address;
	const char *path;
	int n, failed;
};

static bool get_once(const struct http *http)
{
	char bytes[65536], request[512];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t n = 0;
	ssize_t r = -1;

	snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\n\r\n", http->path);
	if (connect(fd, (const struct sockaddr *)&http->address, sizeof(http->address)) == 0 &&
	    send(fd, request, strlen(request), MSG_NOSIGNAL) > 0)
		while ((r = recv(fd, bytes + n, sizeof(bytes) - 1 - n, 0)) > 0)
			n += (size_t)r;
	close(fd);
	bytes[n] = '\0';
	return strstr(bytes, "\nprobe_success 1");
}

static void *http_thread(void *userdata)
{
	struct http *http = userdata;

	for (int i = 0; i < http->n; i++)
		http->failed += !get_once(http);
	return NULL;
}

static void bench_http(int port, const char *path, int pid, int n, int at_a_time)
{
	struct http *https = calloc((size_t)at_a_time, sizeof(*https));
	pthread_t *threads = calloc((size_t)at_a_time, sizeof(*threads));
	double start = now(), cpu = cpu_of_pid(pid);
	int failed = 0;

	must(https && threads, "calloc");
	for (int i = 0; i < at_a_time; i++) {
		https[i] = (struct http){ .address = loopback(port), .path = path, .n = n / at_a_time };
		must(pthread_create(&threads[i], NULL, http_thread, &https[i]) == 0, "pthread_create");
	}
	for (int i = 0; i < at_a_time; i++) {
		pthread_join(threads[i], NULL);
		failed += https[i].failed;
	}
	report(n / at_a_time * at_a_time, failed, now() - start, cpu_of_pid(pid) - cpu, pid);
}

int main(int argc, char **argv)
{
	prober_child_main(argc, argv);
	(void)signal(SIGPIPE, SIG_IGN);
	if (argc == 6 && strcmp(argv[1], "prober") == 0)
		bench_prober(atoi(argv[2]), argv[3], atoi(argv[4]), atoi(argv[5]));
	else if (argc == 6 && strcmp(argv[1], "floor") == 0)
		bench_floor(atoi(argv[2]), argv[3], atoi(argv[4]), atoi(argv[5]));
	else if (argc >= 5 && strcmp(argv[1], "tool") == 0)
		bench_tool(atoi(argv[2]), atoi(argv[3]), argv + 4);
	else if (argc == 7 && strcmp(argv[1], "http") == 0)
		bench_http(atoi(argv[2]), argv[3], atoi(argv[4]), atoi(argv[5]), atoi(argv[6]));
	else
		return 2;
	return 0;
}
