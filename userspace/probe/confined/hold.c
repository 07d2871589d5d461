// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/confined/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/confined/confine.h"
#include "probe/confined/sandbox.h"
#include "probe/wire/patience.h"
#include "probe/wire/pump.h"

#define LINE_SIZE    (2 * ANSWER_DETAIL_SIZE)
#define FILES_MAX    64
#define KEPT_FD	     16			/* and above */
#define OVERDUE_USEC (5 * USEC_PER_SEC) /* behind its deadline the child is hung */

/* What the child sends, a message each, told from one another by their size. */
struct line {
	char who;
	char text[LINE_SIZE];
};
_Static_assert(sizeof(struct line) != sizeof(struct answer), "told by size");

DEFINE_FREEP(struct conversation, conversation_free)

static uint64_t now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

/* As poll(), until @deadline. */
static int wait_until(int fd, short events, uint64_t deadline)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	uint64_t now = now_usec(), patience = deadline > now ? deadline - now : 0;
	struct timespec left = { .tv_sec = (time_t)(patience / USEC_PER_SEC),
				 .tv_nsec = (long)(patience % USEC_PER_SEC * NSEC_PER_USEC) };

	return ppoll(&poll_fd, 1, &left, NULL);
}

static void converse(struct conversation *c, int fd)
{
	if (fd < 0) {
		conversation_connected(c, now_usec());
		conversation_broken(c, ECONNRESET, now_usec());
	}
	while (!conversation_is_done(c)) {
		uint64_t deadline = conversation_deadline(c);
		int r = wait_until(fd, (short)pump_events(c), deadline);

		if (now_usec() >= deadline)
			pump_timeout(c, fd, now_usec());
		else if (r > 0)
			pump(c, fd, now_usec());
	}
}

static void send_line(char who, const char *text, void *userdata)
{
	struct line line = { .who = who };
	const int *channel = userdata;

	(void)text_copy(line.text, sizeof(line.text), text);
	(void)send(*channel, &line, sizeof(line), MSG_NOSIGNAL);
}

/* Closes all but stderr, *@fd (may be -1) and *@channel, which get other numbers. */
static int keep_only(int *fd, int *channel)
{
	/* Who started us may have closed the first three, so these may have their numbers. */
	*channel = fcntl(*channel, F_DUPFD, KEPT_FD);
	if (*channel < 0)
		return -errno;
	if (*fd >= 0)
		*fd = fcntl(*fd, F_DUPFD, *channel + 1);
	if (close_range(STDIN_FILENO, STDOUT_FILENO, 0) < 0 ||
	    close_range(STDERR_FILENO + 1, (unsigned int)*channel - 1, 0) < 0)
		return -errno;
	if (*fd > *channel + 1 &&
	    close_range((unsigned int)*channel + 1, (unsigned int)*fd - 1, 0) < 0)
		return -errno;
	return close_range((unsigned int)(*fd >= 0 ? *fd : *channel) + 1, ~0U, 0) < 0 ? -errno : 0;
}

static _Noreturn void be_child(struct conversation *c, struct tls_store *store, const char *ca_file,
			       int fd, int channel, bool traced, pid_t parent)
{
	/* Without a CA file, OpenSSL looks into its directory as it goes. */
	unsigned int walls = ca_file[0] ? SANDBOX_ALL : SANDBOX_USER | SANDBOX_LIMITS;
	struct answer answer = { 0 };
	int r;

	(void)confine_warm_up(store, ca_file); /* the conversation sees to what fails */
	r = keep_only(&fd, &channel);
	if (r == 0)
		r = confine_enter(walls, FILES_MAX, parent);
	if (r < 0) {
		(void)text_format(answer.detail, sizeof(answer.detail),
				  "cannot confine the conversation: %s", strerror(-r));
	} else {
		if (traced)
			conversation_set_trace(c, send_line, &channel);
		converse(c, fd);
		answer = *conversation_answer(c);
	}
	_exit(send(channel, &answer, sizeof(answer), MSG_NOSIGNAL) < 0 ? EXIT_FAILURE
								       : EXIT_SUCCESS);
}

/* Hears the child until its answer or its end. It may have been taken over: nothing is believed. */
static int hear(int channel, uint64_t deadline, transcript_line on_line, void *userdata,
		struct answer *ret)
{
	union {
		struct line line;
		struct answer answer;
	} message;
	ssize_t n;

	for (;;) {
		if (wait_until(channel, POLLIN, deadline) <= 0)
			return -ETIMEDOUT;
		n = recv(channel, &message, sizeof(message), MSG_DONTWAIT | MSG_TRUNC);
		if (n == sizeof(message.answer) && answer_clean(&message.answer)) {
			*ret = message.answer;
			return 0;
		}
		if (n != sizeof(message.line))
			return -EBADMSG;
		message.line.text[LINE_SIZE - 1] = '\0';
		text_sanitize(message.line.text);
		if (on_line && message.line.who && strchr("SC-", message.line.who))
			on_line(message.line.who, message.line.text, userdata);
	}
}

static void explain_end(int status, char to[static ANSWER_DETAIL_SIZE])
{
	if (WIFSIGNALED(status))
		(void)text_format(
			to, ANSWER_DETAIL_SIZE,
			"the process that held the conversation was killed by signal %d (%s)",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		(void)text_copy(to, ANSWER_DETAIL_SIZE,
				"the process that held the conversation ended without an answer");
}

int hold(const struct probe_plan *plan, struct tls_store *store, int fd, uint64_t start_usec,
	 transcript_line on_line, void *userdata, struct answer *ret)
{
	cleanup(conversation_freep) struct conversation *c = NULL;
	cleanup(fd_closep) int ours = -1;
	pid_t parent = getpid(), pid;
	int pair[2], status = 0, r;

	r = conversation_new(&c, plan, store, start_usec, time(NULL));
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	pid = fork();
	if (pid == 0)
		be_child(c, store, plan->ca_file, fd, pair[1], on_line != NULL, parent);
	close(pair[1]);
	if (pid < 0)
		return -errno;
	r = hear(ours, start_usec + patience_most(plan) + OVERDUE_USEC, on_line, userdata, ret);
	if (r < 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0) {
		*ret = (struct answer){ .complete = false };
		explain_end(status, ret->detail);
	}
	return 0;
}
