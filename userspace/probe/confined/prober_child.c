// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/confined/prober_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/shed.h"
#include "base/text.h"
#include "probe/confined/confine.h"
#include "probe/confined/sandbox.h"
#include "probe/plan.h"
#include "probe/wire/pump.h"
#include "probe/tls/tls.h"
#include "probe/tls/trouble.h"

#define PROGRAM_NAME \
	"hearken-prober" /* argv[0]: whoever executes us by it has more to give than an option */
#define CHANNEL_FD   3
#define FILES_MAX    512 /* the channel, epoll, timers, and one socket a conversation */
#define REQUESTS_MAX 16	 /* taken from the channel before the loop looks at anything else */

struct child {
	sd_event *event;
	struct tls_store *store;
	struct slot {
		struct child *child; /* NULL: free */
		uint64_t id;
		int fd;
		struct conversation *conversation;
		sd_event_source *io;
		sd_event_source *timer;
	} slots[PROBER_CONVERSATIONS_MAX];
};

static void reply(uint64_t id, const struct answer *answer)
{
	struct probe_reply message;

	memset(&message, 0, sizeof(message)); /* padding too: it crosses a border */
	message.id = id;
	message.answer = *answer;
	/* The daemon takes messages faster than servers answer. Should it not, it is stuck, and
	 * waiting for it here is what there is to do. */
	if (send(CHANNEL_FD, &message, sizeof(message), MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
	if (trouble_has_lost_memory())
		_exit(log_error(-ENOMEM, "The prober ends, to begin anew with all its tables") < 0);
}

static void reply_incomplete(uint64_t id, int error)
{
	struct answer answer = { .complete = false };

	(void)text_copy(answer.detail, sizeof(answer.detail), strerror(error));
	reply(id, &answer);
}

static void slot_clear(struct slot *slot)
{
	sd_event_source_disable_unref(slot->io);
	sd_event_source_disable_unref(slot->timer);
	conversation_free(slot->conversation);
	if (slot->fd >= 0)
		close(slot->fd);
	*slot = (struct slot){ .fd = -1 };
}

static int slot_settle(struct slot *slot)
{
	struct answer answer;
	uint64_t id = slot->id;
	int r;

	if (!conversation_is_done(slot->conversation)) {
		r = sd_event_source_set_time(slot->timer,
					     conversation_deadline(slot->conversation));
		if (r >= 0)
			r = sd_event_source_set_enabled(slot->timer, SD_EVENT_ONESHOT);
		if (r >= 0)
			r = sd_event_source_set_io_events(slot->io,
							  pump_events(slot->conversation));
		return r;
	}
	/* Hung up before it is told: the next conversation there may follow at once. */
	answer = *conversation_answer(slot->conversation);
	slot_clear(slot);
	reply(id, &answer);
	return 0;
}

static uint64_t now_of(struct child *child)
{
	uint64_t now = 0;

	(void)sd_event_now(child->event, CLOCK_MONOTONIC, &now);
	return now;
}

static int on_socket_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct slot *slot = userdata;

	pump(slot->conversation, fd, now_of(slot->child));
	return slot_settle(slot);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct slot *slot = userdata;

	pump_timeout(slot->conversation, slot->fd, now_of(slot->child));
	return slot_settle(slot);
}

static int begin(struct child *child, struct slot *slot, const struct probe_plan *plan, int fd)
{
	uint64_t now = now_of(child);
	int r;

	*slot = (struct slot){ .child = child, .id = plan->id, .fd = fd };
	r = conversation_new(&slot->conversation, plan, child->store, now, time(NULL));
	if (r < 0)
		return r;
	r = sd_event_add_io(child->event, &slot->io, fd, pump_events(slot->conversation),
			    on_socket_ready, slot);
	if (r < 0)
		return r;
	return sd_event_add_time(child->event, &slot->timer, CLOCK_MONOTONIC,
				 conversation_deadline(slot->conversation), 1000, on_deadline,
				 slot);
}

static void take(struct child *child, const struct probe_plan *plan, int fd)
{
	struct slot *slot = NULL;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(child->slots) && !slot; i++)
		if (!child->slots[i].child)
			slot = &child->slots[i];
	if (!slot) {
		close(fd);
		reply_incomplete(plan->id, EBUSY);
		return;
	}
	r = begin(child, slot, plan, fd);
	if (r < 0) {
		slot_clear(slot);
		reply_incomplete(plan->id, -r);
	}
}

/* Returns 1 having taken a request, 0 when there is none, or -errno; -EPIPE: the daemon is gone. */
static int receive(struct child *child)
{
	struct probe_plan plan;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = &plan, .iov_len = sizeof(plan) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	ssize_t n;
	int fd;

	n = recvmsg(CHANNEL_FD, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	header = CMSG_FIRSTHDR(&message);
	if (n != sizeof(plan) || !header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	take(child, &plan, fd);
	return 1;
}

static int on_channel_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct child *child = userdata;
	int r = 1;

	for (int i = 0; i < REQUESTS_MAX && r > 0; i++)
		r = receive(child);
	if (r == -EPIPE)
		return sd_event_exit(child->event, EXIT_SUCCESS);
	return r < 0 ? log_error(r, "The prober cannot read its requests, and ends") : 0;
}

static int close_files(int channel)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0)
		return -errno;
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -errno;
	if (channel != CHANNEL_FD && dup2(channel, CHANNEL_FD) < 0)
		return -errno;
	return close_range(CHANNEL_FD + 1, ~0U, 0) < 0 ? -errno : 0;
}

static int on_nothing(sd_event_source *source, uint64_t usec, void *userdata)
{
	return 0;
}

/* Has the libraries read their files and make their tables now: later they cannot. */
static int warm_up(struct child *child, const char *ca_file)
{
	cleanup(sd_event_source_unrefp) sd_event_source *timer = NULL;
	int r;

	r = confine_warm_up(child->store, ca_file);
	/* Without its CAs the prober still runs, and says so in every answer. */
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		(void)log_error(r, "Cannot load the CA file %s, so no probe can do TLS", ca_file);
	/* A moment ahead: only waiting for it makes the loop read what it wants to know. */
	r = sd_event_add_time_relative(child->event, &timer, CLOCK_MONOTONIC, 1000, 1000,
				       on_nothing, NULL);
	return r < 0 ? r : sd_event_run(child->event, UINT64_MAX);
}

static int confine(pid_t parent)
{
	int r = confine_enter(SANDBOX_ALL, FILES_MAX, parent);

	if (r >= 0 && !(r & (SANDBOX_ROOT | SANDBOX_LANDLOCK)))
		log_info("This kernel has no Landlock and we may not chroot: its system call "
			 "filter alone keeps the "
			 "prober from files");
	return r;
}

/* Everything is opened here, and nothing heard yet. */
static int prepare(struct child *child, int channel, const char *ca_file)
{
	sd_event_source *source = NULL; /* the loop's, to its end */
	int r;

	r = close_files(channel);
	if (r < 0)
		return r;
	r = sd_event_new(&child->event);
	if (r < 0)
		return r;
	r = warm_up(child, ca_file);
	if (r < 0)
		return r;
	r = sd_event_add_io(child->event, &source, CHANNEL_FD, EPOLLIN, on_channel_readable, child);
	if (r < 0)
		return r;
	return sd_event_source_set_exit_on_failure(source, true);
}

/* The daemon blocks the signals that it takes through its loop; and it has its own handlers. */
static void reset_signals(void)
{
	sigset_t none;

	for (int n = 1; n < NSIG; n++)
		(void)signal(n, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN); /* stderr may go away */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn void prober_child(int channel, const char *ca_file, pid_t parent)
{
	static struct child child; /* the process's one; it is never freed but by exit */
	int r;

	reset_signals();
	(void)prctl(PR_SET_NAME, "hearken-prober", 0, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(child.slots); i++)
		child.slots[i].fd = -1;
	r = tls_store_new(&child.store);
	if (r == 0)
		r = prepare(&child, channel, ca_file);
	if (r >= 0)
		r = confine(parent);
	if (r < 0)
		_exit(log_error(r, "Cannot confine the prober, so nothing is probed") < 0);
	shed(true); /* to load libraries and CAs took several megabytes that a prober at work has no
		       use for */
	r = sd_event_loop(child.event);
	_exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* What OpenSSL's own places are; nothing else of the daemon's surroundings is the prober's. */
static const char *const kept_variables[] = { "SSL_CERT_FILE=", "SSL_CERT_DIR=" };

static void keep_environment(char *envp[static ARRAY_SIZE(kept_variables) + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kept_variables); i++)
		for (char **at = environ; *at; at++) {
			if (!text_starts_with(*at, kept_variables[i]))
				continue;
			envp[n++] = *at;
			break;
		}
	envp[n] = NULL;
}

void prober_child_exec(const char *program, int channel, const char *ca_file, pid_t parent)
{
	char parent_text[16], *envp[ARRAY_SIZE(kept_variables) + 1];
	char *argv[] = { PROGRAM_NAME, (char *)ca_file, parent_text, NULL };

	/* Whoever forgot prober_child_main() would start himself again and again. */
	if (strcmp(program_invocation_name, PROGRAM_NAME) == 0)
		_exit(EXIT_FAILURE);
	if (text_format(parent_text, sizeof(parent_text), "%d", (int)parent) < 0)
		return;
	/* A copy is never closed by an exec; where it would be none, it must be told so. */
	if (channel == CHANNEL_FD ? fcntl(channel, F_SETFD, 0) < 0 : dup2(channel, CHANNEL_FD) < 0)
		return;
	keep_environment(envp);
	(void)execve(program, argv, envp);
}

void prober_child_main(int argc, char **argv)
{
	uint64_t parent;

	if (argc < 1 || strcmp(argv[0], PROGRAM_NAME) != 0)
		return;
	if (argc != 3 || text_u64(argv[2], INT32_MAX, &parent) < 0)
		_exit(EXIT_FAILURE);
	trouble_watch_memory();
	prober_child(CHANNEL_FD, argv[1], (pid_t)parent);
}
