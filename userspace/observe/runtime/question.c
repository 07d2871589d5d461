// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/runtime/question.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/text.h"

#define READ_BYTES (64 * 1024) /* at a time; the loop has other work */
#define FIRST_SIZE (16 * 1024)

static int open_socket(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	cleanup(fd_closep) int fd = -1;

	if (text_copy(to.sun_path, sizeof(to.sun_path), path) < 0)
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Without waiting: a full backlog is -EAGAIN, and asked again later. */
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* It fits into the socket's buffer, which is empty. */
static int say(int fd, const char *method, const char *path)
{
	char text[QUESTION_PATH_MAX + 128];
	size_t n;
	int r = text_format(text, sizeof(text), "%s %s HTTP/1.0\r\nHost: localhost\r\n%s\r\n",
			    method, path,
			    strcmp(method, "POST") == 0 ? "Content-Length: 0\r\n" : "");

	if (r < 0)
		return r;
	n = strlen(text);
	if (send(fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
		return errno ? -errno : -EIO;
	return 0;
}

void question_close(struct question *question)
{
	if (!question->is_open)
		return;
	question->io = sd_event_source_disable_unref(question->io);
	question->timer = sd_event_source_disable_unref(question->timer);
	close(question->fd);
	free(question->bytes);
	*question = (struct question){ 0 };
}

void question_consume(struct question *question, size_t n)
{
	question->n -= n;
	memmove(question->bytes, question->bytes + n, question->n);
}

/* Room for more, doubled each time; -EFBIG at the limit. */
bool question_pids_are_ours(const struct question *question)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);
	struct stat its, own;
	char path[64];

	if (getsockopt(question->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || !peer.pid ||
	    stat("/proc/self/ns/pid", &own) < 0)
		return false;
	(void)text_format(path, sizeof(path), "/proc/%d/ns/pid", peer.pid);
	/* It cannot be looked at, or has left its socket to another: still we see it. */
	return stat(path, &its) < 0 || its.st_ino == own.st_ino;
}

static int grow(struct question *question, size_t *size)
{
	size_t fresh = *size * 2 < question->max ? *size * 2 : question->max;
	char *bytes;

	if (*size >= question->max)
		return -EFBIG;
	bytes = realloc(question->bytes, fresh);
	if (!bytes)
		return -ENOMEM;
	question->bytes = bytes;
	*size = fresh;
	return 0;
}

static size_t size_of(const struct question *question)
{
	size_t size = FIRST_SIZE;

	while (size < question->n)
		size = size * 2 < question->max ? size * 2 : question->max;
	return size;
}

/* Returns 1, 0 at the end, -EAGAIN when there is nothing just now, -errno. */
static int take_bytes(struct question *question)
{
	size_t size = size_of(question);
	ssize_t n;
	int r;

	if (question->n == size) {
		r = grow(question, &size);
		if (r < 0)
			return r;
	}
	n = size - question->n < READ_BYTES ? (ssize_t)(size - question->n) : READ_BYTES;
	n = recv(question->fd, question->bytes + question->n, (size_t)n, MSG_DONTWAIT);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	question->n += (size_t)n;
	return n > 0;
}

static int take_head(struct question *question)
{
	int r = http_answer_parse(question->bytes, question->n, &question->head);

	if (r < 0)
		return r;
	question->has_head = true;
	question_consume(question, question->head.body);
	return 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct question *question = userdata;
	int r = take_bytes(question), head;

	if (r == -EAGAIN)
		return 0;
	if (r >= 0 && !question->has_head) {
		head = take_head(question);
		if (head == -EAGAIN && r > 0)
			return 0;
		if (head < 0)
			r = -EBADMSG; /* it ended, or went on, without a head */
	}
	if (r <= 0) {
		question->io = sd_event_source_disable_unref(question->io);
		question->timer = sd_event_source_disable_unref(question->timer);
	}
	question->heard(question, r, question->userdata);
	return 0;
}

static int on_late(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct question *question = userdata;

	question->io = sd_event_source_disable_unref(question->io);
	question->timer = sd_event_source_disable_unref(question->timer);
	question->heard(question, -ETIMEDOUT, question->userdata);
	return 0;
}

static int arm(struct question *question, uint64_t timeout_usec)
{
	int r = sd_event_add_io(question->event, &question->io, question->fd, EPOLLIN, on_readable,
				question);

	if (r < 0 || timeout_usec == USEC_NEVER)
		return r;
	return sd_event_add_time_relative(question->event, &question->timer, CLOCK_MONOTONIC,
					  timeout_usec, USEC_PER_MSEC, on_late, question);
}

int question_ask(struct question *question, sd_event *event, const char *socket, const char *method,
		 const char *path, size_t max, uint64_t timeout_usec, question_heard heard,
		 void *userdata)
{
	int fd = open_socket(socket), r;

	if (fd < 0)
		return fd;
	*question = (struct question){ .event = event,
				       .fd = fd,
				       .is_open = true,
				       .max = max,
				       .heard = heard,
				       .userdata = userdata };
	question->bytes = malloc(FIRST_SIZE);
	r = question->bytes ? say(fd, method, path) : -ENOMEM;
	if (r >= 0)
		r = arm(question, timeout_usec);
	if (r < 0)
		question_close(question);
	return r;
}
