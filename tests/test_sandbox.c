// SPDX-License-Identifier: LGPL-2.1-or-later
/* A child goes into the sandbox and tries to get out. Each wall is also tried alone: behind the
 * filter the others would never be seen to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "probe/confined/sandbox.h"
#include "probe/wire/conversation.h"
#include "probe/wire/pump.h"
#include "tests/support/socket_server.h"

#define FILES	 32
#define ALL_BUT	 SANDBOX_ALL & ~
#define STRANGER 64999 /* a user that nobody is */

enum { EXIT_REFUSED = 40, EXIT_DONE, EXIT_NO_SANDBOX, EXIT_NO_WALL };

static pid_t victim; /* a process of the same user, for the children to attack */
static int listener; /* on loopback */
static struct sockaddr_in listening;

/* 0: done; else refused. */
static int open_file(void)
{
	return open("/etc/passwd", O_RDONLY) < 0;
}

static int open_proc(void)
{
	return open("/proc/self/maps", O_RDONLY) < 0;
}

static int open_root(void)
{
	return open("/", O_RDONLY | O_DIRECTORY) < 0;
}

static int write_file(void)
{
	return open("/tmp/hearken-sandbox-escape", O_WRONLY | O_CREAT, 0600) < 0;
}

static int look_at_file(void)
{
	struct stat st;

	return stat("/etc/passwd", &st) < 0;
}

static int make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int spare = -1; /* an unconnected TCP socket, made before */

static int connect_elsewhere(void)
{
	return connect(spare, (struct sockaddr *)&listening, sizeof(listening)) < 0;
}

static int bind_port(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };

	return bind(spare, (struct sockaddr *)&any, sizeof(any)) < 0 && errno != EINVAL;
}

static int connect_by_send(void)
{
	return sendto(spare, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&listening, sizeof(listening)) <
		       0 &&
	       errno != EINPROGRESS;
}

static int hand_on(void)
{
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	return sendmsg(spare, &message, MSG_NOSIGNAL) < 0 && errno == EPERM;
}

static int run_program(void)
{
	char *const argv[] = { "true", NULL };

	execv("/bin/true", argv);
	return 1;
}

static int make_process(void)
{
	return syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, NULL) < 0;
}

static int trace_other(void)
{
	return ptrace(PTRACE_ATTACH, victim, NULL, NULL) < 0;
}

static int read_memory(void)
{
	char c;
	struct iovec ours = { &c, 1 }, theirs = { &victim, 1 };

	return process_vm_readv(victim, &ours, 1, &theirs, 1, 0) < 0;
}

static int signal_other(void)
{
	return kill(victim, SIGWINCH) < 0;
}

static int signal_by_thread(void)
{
	return syscall(SYS_tgkill, victim, victim, SIGWINCH) < 0;
}

static int run_made_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int run_written_code(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0;
}

static int map_file(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, spare, 0) == MAP_FAILED && errno == EPERM;
}

static int take_namespace(void)
{
	return unshare(CLONE_NEWUSER) < 0;
}

static int use_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0) < 0 && errno == EPERM;
}

static int write_elsewhere(void)
{
	return write(spare, "x", 1) < 0 && errno == EPERM;
}

static int become_root(void)
{
	return setuid(0) < 0;
}

static int raise_limit(void)
{
	struct rlimit rlimit = { 1000, 1000 };

	return setrlimit(RLIMIT_NOFILE, &rlimit) < 0;
}

static int make_many_files(void)
{
	int n = 0;

	while (n < 2 * FILES && dup(STDERR_FILENO) >= 0)
		n++;
	return n < 2 * FILES;
}

static int take_memory(void)
{
	return mmap(NULL, 2 * SANDBOX_MEMORY_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0) == MAP_FAILED;
}

static int keep_capability(void)
{
	return geteuid() != 0 && getuid() != 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	       prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && chroot("/") < 0;
}

static int become_somebody(void)
{
	return geteuid() == STRANGER && getegid() == STRANGER && setuid(0) < 0;
}

/* Where root stays root, the capabilities must go by themselves. */
static int use_root(void)
{
	return geteuid() == 0 && chroot("/") < 0 && errno == EPERM && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}

enum need { ANYBODY, ROOT, STAYING_ROOT };

static const struct {
	const char *what;
	unsigned int walls;
	int (*attempt)(void);
	enum need need;
} attempts[] = {
	{ "open a file", SANDBOX_ALL, open_file, ANYBODY },
	{ "look at a file", SANDBOX_ALL, look_at_file, ANYBODY },
	{ "write a file", SANDBOX_ALL, write_file, ANYBODY },
	{ "read /proc", SANDBOX_ALL, open_proc, ANYBODY },
	{ "list the root", SANDBOX_ALL, open_root, ANYBODY },
	{ "make a socket", SANDBOX_ALL, make_socket, ANYBODY },
	{ "connect elsewhere", SANDBOX_ALL, connect_elsewhere, ANYBODY },
	{ "connect by sending", SANDBOX_ALL, connect_by_send, ANYBODY },
	{ "bind a port", SANDBOX_ALL, bind_port, ANYBODY },
	{ "hand a descriptor on", SANDBOX_ALL, hand_on, ANYBODY },
	{ "write to what is not stderr", SANDBOX_ALL, write_elsewhere, ANYBODY },
	{ "run a program", SANDBOX_ALL, run_program, ANYBODY },
	{ "make a process", SANDBOX_ALL, make_process, ANYBODY },
	{ "trace another", SANDBOX_ALL, trace_other, ANYBODY },
	{ "read another's memory", SANDBOX_ALL, read_memory, ANYBODY },
	{ "signal another", SANDBOX_ALL, signal_other, ANYBODY },
	{ "signal another's thread", SANDBOX_ALL, signal_by_thread, ANYBODY },
	{ "map code", SANDBOX_ALL, run_made_code, ANYBODY },
	{ "make memory code", SANDBOX_ALL, run_written_code, ANYBODY },
	{ "map a file", SANDBOX_ALL, map_file, ANYBODY },
	{ "make a namespace", SANDBOX_ALL, take_namespace, ANYBODY },
	{ "use BPF", SANDBOX_ALL, use_bpf, ANYBODY },
	{ "become root", SANDBOX_ALL, become_root, ANYBODY },
	{ "raise a limit", SANDBOX_ALL, raise_limit, ANYBODY },

	{ "filter alone: open a file", SANDBOX_SECCOMP, open_file, ANYBODY },
	{ "filter alone: connect", SANDBOX_SECCOMP, connect_elsewhere, ANYBODY },
	{ "filter alone: signal another", SANDBOX_SECCOMP, signal_other, ANYBODY },
	{ "filter alone: signal another's thread", SANDBOX_SECCOMP, signal_by_thread, ANYBODY },
	{ "Landlock alone: open a file", SANDBOX_LANDLOCK, open_file, ANYBODY },
	{ "Landlock alone: write a file", SANDBOX_LANDLOCK, write_file, ANYBODY },
	{ "Landlock alone: run a program", SANDBOX_LANDLOCK, run_program, ANYBODY },
	{ "limits alone: many descriptors", SANDBOX_LIMITS, make_many_files, ANYBODY },
	{ "limits alone: raise a limit", SANDBOX_LIMITS | SANDBOX_USER, raise_limit, ANYBODY },
	{ "limits alone: memory", SANDBOX_LIMITS, take_memory, ANYBODY },
	{ "limits alone: a process", SANDBOX_LIMITS | SANDBOX_USER, make_process, ANYBODY },
	{ "user alone: capabilities, privileges, traces", SANDBOX_USER, keep_capability, ANYBODY },
	{ "user alone: another user", SANDBOX_USER, become_somebody, ROOT },
	{ "user alone: root without a capability", SANDBOX_USER, use_root, STAYING_ROOT },
	{ "root alone: open a file", SANDBOX_ROOT, open_file, ROOT },
	{ "root alone: look at a file", SANDBOX_ROOT, look_at_file, ROOT },
};

static pid_t enter_as(uid_t uid, unsigned int walls, int (*attempt)(void))
{
	struct sandbox sandbox = { .walls = walls, .uid = uid, .gid = uid, .files = FILES, .parent = getpid() };
	pid_t pid = fork();
	int r;

	if (pid != 0)
		return pid;
	(void)signal(SIGPIPE, SIG_IGN);
	spare = socket(AF_INET, SOCK_STREAM, 0);
	r = sandbox_enter(&sandbox);
	if (r < 0)
		_exit(EXIT_NO_SANDBOX);
	if (walls != SANDBOX_ALL && (unsigned int)r != walls)
		_exit(EXIT_NO_WALL);
	_exit(attempt() ? EXIT_REFUSED : EXIT_DONE);
}

static pid_t enter(unsigned int walls, int (*attempt)(void))
{
	return enter_as(STRANGER, walls, attempt);
}

static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void test_attempts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		int status;

		if (attempts[i].need != ANYBODY && geteuid() != 0)
			continue;
		status = end_of(enter_as(attempts[i].need == STAYING_ROOT ? 0 : STRANGER, attempts[i].walls,
					 attempts[i].attempt));
		if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_WALL) {
			print_message("# this kernel cannot: %s\n", attempts[i].what);
			continue;
		}
		if (!(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) &&
		    !(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_REFUSED))
			fail_msg("%s: status %#x", attempts[i].what, status);
	}
	assert_int_equal(access("/tmp/hearken-sandbox-escape", F_OK), -1);
}

/* The attempts would succeed outside: each has a wall to thank. */
static void test_attempts_outside(void **state)
{
	static int (*const possible[])(void) = { open_file,   open_proc,	 open_root,	   look_at_file,
						 make_socket, connect_elsewhere, make_many_files,  run_made_code,
						 map_file,    hand_on,		 run_written_code, write_elsewhere,
						 take_memory, signal_other,	 signal_by_thread };

	for (size_t i = 0; i < ARRAY_SIZE(possible); i++) {
		int status = end_of(enter(0, possible[i]));

		/* These two fail otherwise than by being forbidden. */
		if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_DONE)
			fail_msg("attempt %zu: status %#x", i, status);
	}
}

/* Intruders end at once; what a library might ask for is only refused. */
static void test_kinds_of_refusal(void **state)
{
	static int (*const deadly[])(void) = { make_socket, connect_elsewhere, run_program, make_process,
					       trace_other, signal_other,      use_bpf,	    take_namespace };
	static int (*const mild[])(void) = { open_file, look_at_file, run_made_code, hand_on, raise_limit };

	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++) {
		int status = end_of(enter(SANDBOX_ALL, deadly[i]));

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("deadly %zu: status %#x", i, status);
	}
	for (size_t i = 0; i < ARRAY_SIZE(mild); i++) {
		int status = end_of(enter(SANDBOX_ALL, mild[i]));

		if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_REFUSED)
			fail_msg("mild %zu: status %#x", i, status);
	}
}

static int orphan(void)
{
	return 0;
}

static void test_parent_gone(void **state)
{
	struct sandbox sandbox = { .walls = SANDBOX_USER, .uid = STRANGER, .gid = STRANGER, .parent = 1 };
	pid_t pid = fork();

	if (pid == 0)
		_exit(sandbox_enter(&sandbox) == -ESRCH ? EXIT_REFUSED : EXIT_DONE);
	assert_int_equal(end_of(pid), W_EXITCODE(EXIT_REFUSED, 0));
	assert_int_equal(end_of(enter(SANDBOX_ALL, orphan)), W_EXITCODE(EXIT_DONE, 0));
}

static int set_up(void **state)
{
	socklen_t size = sizeof(listening);

	listening.sin_family = AF_INET;
	listening.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&listening, size) < 0 || listen(listener, 100) < 0 ||
	    getsockname(listener, (struct sockaddr *)&listening, &size) < 0)
		return -1;
	victim = fork();
	if (victim == 0) {
		if (geteuid() == 0 && setuid(STRANGER) < 0) /* as the sandboxed one: else its user alone forbids it */
			_exit(1);
		for (;;)
			pause();
	}
	return victim < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	close(listener);
	kill(victim, SIGKILL);
	return waitpid(victim, NULL, 0) == victim ? 0 : -1;
}

/* -- a whole conversation with real TLS, from inside
 * -------------------------------------------------- */

#define SCRIPT                                                                                \
	"S:220 mail ready\nC:EHLO me.example\nS:250-mail\nS:250 STARTTLS\nC:STARTTLS\nS:220 " \
	"go\nTLS\n"                                                                           \
	"C:EHLO me.example\nS:250-mail\nS:250 AUTH PLAIN\nC:QUIT\nS:221 bye\nEOF"

static _Noreturn void converse(int fd, struct tls_store *store, const struct probe_plan *plan)
{
	struct sandbox sandbox = {
		.walls = SANDBOX_ALL, .uid = STRANGER, .gid = STRANGER, .files = FILES, .parent = getppid()
	};
	struct conversation *c;
	uint64_t now = 1;

	if (sandbox_enter(&sandbox) < 0)
		_exit(EXIT_NO_SANDBOX);
	if (conversation_new(&c, plan, store, now, FAKE_NOW) < 0)
		_exit(EXIT_NO_WALL);
	/* No poll(): the other side is quick, and ends. */
	while (!conversation_is_done(c) && now < 10 * 1000 * 1000)
		pump(c, fd, now++);
	_exit(conversation_answer(c)->complete && conversation_answer(c)->finding == FINDING_NONE &&
			      conversation_answer(c)->tls_version[0]
		      ? EXIT_DONE
		      : EXIT_REFUSED);
}

static void test_conversation(void **state)
{
	struct fake_certificate ca = fake_certify(NULL, "Root", NULL, FAKE_NOW - FAKE_DAY, FAKE_NOW + 365 * FAKE_DAY);
	struct fake_certificate good = fake_certify(&ca, "mail.example.test", "DNS:mail.example.test",
						    FAKE_NOW - FAKE_DAY, FAKE_NOW + 90 * FAKE_DAY);
	struct probe_plan plan = { .id = 1,
				   .protocol = PROTOCOL_SUBMISSION,
				   .tls = TLS_STARTTLS,
				   .server_name = "mail.example.test",
				   .helo_name = "me.example" };
	char path[] = "/tmp/hearken-test-sandbox-XXXXXX";
	struct tls_store *store;
	int client, server;
	FILE *file;
	pid_t pid;

	file = fdopen(mkstemp(path), "w");
	assert_non_null(file);
	PEM_write_X509(file, ca.x509);
	fclose(file);
	(void)text_copy(plan.ca_file, sizeof(plan.ca_file), path);
	assert_int_equal(tls_store_new(&store), 0);
	assert_int_equal(tls_store_load(store, path), 0);
	unlink(path);

	tear_down(NULL); /* an empty queue */
	assert_int_equal(set_up(NULL), 0);
	client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&listening, sizeof(listening)), -1);
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	pid = fork();
	if (pid == 0)
		converse(client, store, &plan);
	close(client);
	socket_server_answer(server, SCRIPT, &good, 0);
	close(server);
	assert_int_equal(end_of(pid), W_EXITCODE(EXIT_DONE, 0));
	tls_store_free(store);
	fake_certificate_clear(&good);
	fake_certificate_clear(&ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts_outside), cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_kinds_of_refusal), cmocka_unit_test(test_parent_gone),
		cmocka_unit_test(test_conversation),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
