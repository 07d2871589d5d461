// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/confined/prober.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/text.h"
#include "probe/confined/prober_child.h"
#include "probe/confined/words.h"
#include "probe/wire/patience.h"

#define REPLIES_MAX 32 /* taken in one go */

const struct prober_patience prober_patience_default = {
	.restart_min_usec = USEC_PER_SEC,
	.restart_max_usec = 60 * USEC_PER_SEC,
	.healthy_usec = 60 * USEC_PER_SEC,
	.overdue_usec = 5 * USEC_PER_SEC,
};

struct prober {
	sd_event *event;
	const char *program; /* NULL: a child is a copy of us */
	char *ca_file;
	struct prober_patience patience;
	struct prober_callbacks callbacks;
	void *userdata;

	int channel; /* -1: there is no child to talk to */
	int pidfd;
	pid_t pid;
	struct words words;
	sd_event_source *readable;
	sd_event_source *exited;
	sd_event_source *restart;
	sd_event_source *overdue; /* armed only while something is pending */
	sd_event_source *healthy; /* armed while a short life is remembered */
	uint64_t started_usec;
	uint64_t backoff_usec;
	unsigned int short_lives; /* in a row */
	bool is_troubled;

	struct pending {
		uint64_t id;
		uint64_t overdue_usec;
	} pending[PROBER_PENDING_MAX];
	size_t n_pending;
};

static uint64_t now_of(struct prober *prober)
{
	uint64_t now = 0;

	(void)sd_event_now(prober->event, CLOCK_MONOTONIC, &now);
	return now;
}

static void close_channel(struct prober *prober)
{
	prober->readable = sd_event_source_disable_unref(prober->readable);
	fd_closep(&prober->channel);
	prober->channel = -1;
}

static void kill_child(struct prober *prober)
{
	close_channel(prober);
	if (prober->pidfd >= 0)
		(void)pidfd_send_signal(prober->pidfd, SIGKILL, NULL, 0);
}

static int arm_overdue(struct prober *prober)
{
	uint64_t first = USEC_NEVER;
	int r;

	for (size_t i = 0; i < prober->n_pending; i++)
		if (prober->pending[i].overdue_usec < first)
			first = prober->pending[i].overdue_usec;
	if (first == USEC_NEVER)
		return sd_event_source_set_enabled(prober->overdue, SD_EVENT_OFF);
	r = sd_event_source_set_time(prober->overdue, first);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(prober->overdue, SD_EVENT_ONESHOT);
}

static void answer_pending(struct prober *prober, const char *why)
{
	struct answer answer = { .complete = false };

	(void)text_copy(answer.detail, sizeof(answer.detail), why);
	/* The callback may ask anew, so take the list down one by one. */
	while (prober->n_pending > 0) {
		uint64_t id = prober->pending[--prober->n_pending].id;

		prober->callbacks.answered(id, &answer, prober->userdata);
	}
}

static bool forget_pending(struct prober *prober, uint64_t id)
{
	for (size_t i = 0; i < prober->n_pending; i++) {
		if (prober->pending[i].id != id)
			continue;
		prober->pending[i] = prober->pending[--prober->n_pending];
		return true;
	}
	return false;
}

/* Returns 1 having taken an answer, 0 when there is none, -EPIPE when the child is gone, -EBADMSG.
 */
static int take_answer(struct prober *prober)
{
	struct probe_reply reply;
	ssize_t n = recv(prober->channel, &reply, sizeof(reply), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	/* The child may have been taken over: nothing in its message is believed to be well formed.
	 * One answer a probe: what nobody asked for is as bad as what nobody can read. */
	if (n != sizeof(reply) || !answer_clean(&reply.answer) || !forget_pending(prober, reply.id))
		return -EBADMSG;
	prober->callbacks.answered(reply.id, &reply.answer, prober->userdata);
	return 1;
}

static int on_channel_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct prober *prober = userdata;
	int r = 1;

	for (int i = 0; i < REPLIES_MAX && r > 0; i++)
		r = take_answer(prober);
	if (r < 0) {
		if (r != -EPIPE && r != -ECONNRESET)
			(void)log_warning(r, "The prober talks nonsense, ending it");
		kill_child(prober);
		return 0;
	}
	return arm_overdue(prober);
}

static int on_overdue(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct prober *prober = userdata;

	(void)log_warning(0, "The prober has not answered in time, ending it");
	kill_child(prober);
	return 0;
}

static void describe_end(const siginfo_t *si, char *to, size_t size)
{
	if (si->si_code == CLD_EXITED)
		(void)text_format(to, size, "it exited with status %d", si->si_status);
	else if (si->si_status == SIGSYS)
		(void)text_format(to, size, "it tried what its sandbox forbids");
	else
		(void)text_format(to, size, "it was killed by signal %d (%s)", si->si_status,
				  strsignal(si->si_status));
}

/* Arms the next start, and tells when it has become a habit. */
static int plan_restart(struct prober *prober, const char *end, uint64_t now)
{
	const struct prober_patience *patience = &prober->patience;
	uint64_t at;
	char why[256];
	int r;

	if (now - prober->started_usec >= patience->healthy_usec) {
		prober->backoff_usec = patience->restart_min_usec;
		prober->short_lives = 0;
	}
	at = prober->started_usec + prober->backoff_usec;
	prober->backoff_usec *= 2;
	if (prober->backoff_usec > patience->restart_max_usec)
		prober->backoff_usec = patience->restart_max_usec;
	r = sd_event_source_set_time(prober->restart, at > now ? at : now);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(prober->restart, SD_EVENT_ONESHOT);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(prober->healthy, SD_EVENT_OFF);
	if (r < 0)
		return r;
	if (++prober->short_lives < PROBER_SHORT_LIVES)
		return 0;
	prober->is_troubled = true;
	(void)text_format(why, sizeof(why),
			  "the prober process ended %u times in a row (at last %s), so probes are "
			  "missing and verdicts "
			  "may be unknown; a server's answer may be what it cannot stand",
			  prober->short_lives, end);
	prober->callbacks.troubled(why, prober->userdata);
	return 0;
}

static int on_healthy(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct prober *prober = userdata;

	prober->short_lives = 0;
	prober->backoff_usec = prober->patience.restart_min_usec;
	if (prober->is_troubled)
		prober->callbacks.troubled(NULL, prober->userdata);
	prober->is_troubled = false;
	return 0;
}

static int on_child_exited(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct prober *prober = userdata;
	siginfo_t si = { 0 };
	char end[96];
	int r;

	if (waitid(P_PIDFD, (id_t)fd, &si, WEXITED | WNOHANG) == 0 && si.si_pid == 0)
		return 0; /* not yet */

	describe_end(&si, end, sizeof(end));
	(void)log_warning(
		0, "The prober process is gone, and started anew: %s; its probes count as unknown",
		end);
	close_channel(prober);
	words_close(&prober->words);
	prober->exited = sd_event_source_disable_unref(prober->exited);
	fd_closep(&prober->pidfd);
	prober->pidfd = -1;
	prober->pid = 0;
	r = plan_restart(prober, end, now_of(prober));
	if (r < 0)
		return r;
	answer_pending(prober, "the prober ended");
	return arm_overdue(prober);
}

/* Gives the new child to the loop. On failure everything is as the caller had it. */
static int watch_child(struct prober *prober, int channel, int pidfd)
{
	cleanup(sd_event_source_unrefp) sd_event_source *exited = NULL, *readable = NULL;
	int r;

	/* A pidfd of our own needs no SIGCHLD to be blocked; sd_event_add_child_pidfd() does. */
	r = sd_event_add_io(prober->event, &exited, pidfd, EPOLLIN, on_child_exited, prober);
	if (r < 0)
		return r;
	r = sd_event_source_set_exit_on_failure(exited, true);
	if (r < 0)
		return r;
	r = sd_event_add_io(prober->event, &readable, channel, EPOLLIN, on_channel_readable,
			    prober);
	if (r < 0)
		return r;
	r = sd_event_source_set_exit_on_failure(readable, true);
	if (r < 0)
		return r;
	prober->exited = TAKE_PTR(exited);
	prober->readable = TAKE_PTR(readable);
	return 0;
}

static int start_child(struct prober *prober)
{
	cleanup(fd_closep) int ours = -1, theirs = -1, pidfd = -1, words = -1, mouth = -1;
	pid_t parent = getpid(), pid;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) == 0) {
		words = pair[0];
		mouth = pair[1];
	}
	prober->started_usec = now_of(prober);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		words_give(mouth);
		if (prober->program)
			prober_child_exec(prober->program, theirs, prober->ca_file, parent);
		/* Better a copy than none. */
		prober_child(theirs, prober->ca_file, parent);
	}
	pidfd = pidfd_open(pid, 0); /* close-on-exec by itself */
	r = pidfd < 0 ? -errno : watch_child(prober, ours, pidfd);
	if (r < 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	words_hear(&prober->words, prober->event, TAKE_FD(words));
	prober->channel = TAKE_FD(ours);
	prober->pidfd = TAKE_FD(pidfd);
	prober->pid = pid;
	if (!prober->short_lives)
		return 0;
	r = sd_event_source_set_time(prober->healthy,
				     prober->started_usec + prober->patience.healthy_usec);
	return r < 0 ? r : sd_event_source_set_enabled(prober->healthy, SD_EVENT_ONESHOT);
}

static int on_restart(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct prober *prober = userdata;
	int r = start_child(prober);

	if (r >= 0)
		return 0;
	/* Out of memory or processes, most likely: better blind for a while than gone. */
	(void)log_warning(r, "Cannot start the prober again, nothing is probed");
	r = sd_event_source_set_time(source, now_of(prober) + prober->backoff_usec);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int add_timer(struct prober *prober, sd_event_source **ret, sd_event_time_handler_t handler)
{
	int r = sd_event_add_time(prober->event, ret, CLOCK_MONOTONIC, 0, USEC_PER_MSEC, handler,
				  prober);

	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
	if (r < 0)
		return r;
	return sd_event_source_set_exit_on_failure(*ret, true);
}

int prober_start(struct prober **ret, sd_event *event, const char *program, const char *ca_file,
		 const struct prober_patience *patience, const struct prober_callbacks *callbacks,
		 void *userdata)
{
	cleanup(prober_freep) struct prober *prober = calloc(1, sizeof(*prober));
	int r;

	if (!prober)
		return -ENOMEM;
	prober->channel = prober->pidfd = prober->words.fd = -1;
	prober->event = sd_event_ref(event);
	prober->program = program;
	prober->patience = *patience;
	prober->callbacks = *callbacks;
	prober->userdata = userdata;
	prober->backoff_usec = patience->restart_min_usec;
	prober->ca_file = strdup(ca_file);
	if (!prober->ca_file)
		return -ENOMEM;
	r = add_timer(prober, &prober->restart, on_restart);
	if (r < 0)
		return r;
	r = add_timer(prober, &prober->healthy, on_healthy);
	if (r < 0)
		return r;
	r = add_timer(prober, &prober->overdue, on_overdue);
	if (r < 0)
		return r;
	r = start_child(prober);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(prober);
	return 0;
}

static int send_plan(int channel, const struct probe_plan *plan, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)plan, .iov_len = sizeof(*plan) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return errno == EAGAIN ? -EBUSY : -errno;
	return 0;
}

int prober_ask(struct prober *prober, const struct probe_plan *plan, int fd)
{
	cleanup(fd_closep) int taken = fd;
	int r;

	if (prober->channel < 0)
		return -ENOTCONN;
	if (prober->n_pending == PROBER_PENDING_MAX)
		return -EBUSY;
	r = send_plan(prober->channel, plan, taken);
	if (r < 0)
		return r == -EPIPE || r == -ECONNRESET ? -ENOTCONN : r;
	prober->pending[prober->n_pending++] = (struct pending){
		.id = plan->id,
		.overdue_usec =
			now_of(prober) + patience_most(plan) + prober->patience.overdue_usec,
	};
	return arm_overdue(prober);
}

void prober_free(struct prober *prober)
{
	siginfo_t si;

	if (!prober)
		return;
	prober->exited = sd_event_source_disable_unref(prober->exited);
	kill_child(prober);
	if (prober->pidfd >= 0) {
		while (waitid(P_PIDFD, prober->pidfd, &si, WEXITED) < 0 && errno == EINTR)
			;
		close(prober->pidfd);
	}
	words_close(&prober->words);
	sd_event_source_disable_unref(prober->restart);
	sd_event_source_disable_unref(prober->overdue);
	sd_event_source_disable_unref(prober->healthy);
	sd_event_unref(prober->event);
	free(prober->ca_file);
	free(prober);
}

pid_t prober_pid(const struct prober *prober)
{
	return prober->pid;
}
