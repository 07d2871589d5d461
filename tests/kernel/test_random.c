// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whatever processes do with listeners, at random and in several namespaces, while events flow: at
 * every rest the inventory is what /proc and ss say. HEARKEN_SEED repeats a run (it is printed),
 * HEARKEN_SECONDS makes it longer. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "actor.h"
#include "observe/kernel/observer.h"
#include "truth.h"

#define ACTORS	      3
#define PORTS_WATCHED (8 + 1 + ACTOR_LAST_PORT - ACTOR_EPHEMERAL + 1)
#define SHADOW_MAX    8192

/* One observer, and what its reports alone would have us believe. */
struct subject {
	const char *name;
	struct observer *observer;
	uint64_t shadow[SHADOW_MAX]; /* cookies */
	size_t n_shadow;
};

static struct actor actors[ACTORS];
static struct subject early = { .name = "observer" };
static uint64_t first_seed, seed;
static struct truth truths[TRUTH_MAX];
static struct {
	unsigned int rests, rounds, overflows, floods, births;
	size_t listeners;
} seen;

static void on_change(const struct listener_change *change, void *userdata)
{
	struct subject *subject = userdata;
	uint64_t cookie = change->listener->cookie;
	size_t i = 0;

	while (i < subject->n_shadow && subject->shadow[i] != cookie)
		i++;
	if (change->kind == LISTENER_ORPHANED || change->kind == LISTENER_FLOODED || change->kind == LISTENER_CROWDED)
		return;
	if (change->kind == LISTENER_OPENED) {
		assert_int_equal(i, subject->n_shadow); /* never opened twice */
		assert_true(i < SHADOW_MAX);
		subject->shadow[subject->n_shadow++] = cookie;
	} else {
		assert_true(i < subject->n_shadow); /* never closed but once */
		subject->shadow[i] = subject->shadow[--subject->n_shadow];
	}
}

static void watch_all(struct subject *subject)
{
	static uint16_t ports[PORTS_WATCHED];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(actor_ports); i++)
		ports[n++] = actor_ports[i];
	ports[n++] = ACTOR_STORM_PORT;
	for (unsigned int port = ACTOR_EPHEMERAL; port <= ACTOR_LAST_PORT; port++)
		ports[n++] = (uint16_t)port;
	observer_watch(subject->observer, ports, n);
	assert_int_equal(observer_snapshot(subject->observer), 0);
}

static bool is_watched(uint16_t port)
{
	for (size_t i = 0; i < ARRAY_SIZE(actor_ports); i++)
		if (actor_ports[i] == port)
			return true;
	return port == ACTOR_STORM_PORT || (port >= ACTOR_EPHEMERAL && port <= ACTOR_LAST_PORT);
}

/* Both witnesses name the same sockets as the inventory does in @actor's namespace: as many, each
 * of them. */
static void compare(const struct subject *subject, const struct actor *actor, const char *witness, ssize_t n,
		    bool holders)
{
	const struct inventory *inventory = observer_inventory(subject->observer);
	static bool taken[TRUTH_MAX];
	size_t wrong = 0, ours = 0;

	assert_true(n >= 0);
	memset(taken, 0, sizeof(taken));
	for (size_t i = 0; i < inventory->n; i++) {
		const struct listener *listener = inventory->list[i];
		ssize_t k = 0;

		if (listener->netns != actor->netns)
			continue;
		ours++;
		while (k < n && (taken[k] || !truth_agrees(&truths[k], listener, holders)))
			k++;
		if (k < n) {
			taken[k] = true;
			continue;
		}
		wrong++;
		fprintf(stderr, "%s, netns %u: %s has no such listener:\n", subject->name, actor->netns, witness);
		truth_show_listener(listener);
	}
	for (ssize_t k = 0; k < n; k++) {
		if (taken[k] || !is_watched(truths[k].port))
			continue;
		wrong++;
		fprintf(stderr, "%s, netns %u: the inventory has no such listener:\n", subject->name, actor->netns);
		truth_show(witness, &truths[k]);
	}
	seen.listeners += ours;
	if (wrong)
		fail_msg("%zu listeners differ; HEARKEN_SEED=%llu", wrong, (unsigned long long)first_seed);
}

static void compare_all(const struct subject *subject, bool holders)
{
	const struct inventory *inventory = observer_inventory(subject->observer);

	for (size_t i = 0; i < ACTORS; i++) {
		ssize_t n = truth_from_proc(actors[i].pid, truths);

		compare(subject, &actors[i], "/proc", n, holders);
		n = truth_from_ss(actors[i].pid, truths);
		compare(subject, &actors[i], "ss", n, holders);
	}
	assert_int_equal(subject->n_shadow, inventory->n);
}

/* Everybody rests: first what events alone have told, then with the holders that a snapshot brings.
 */
static void rest_and_compare(const struct subject *subject)
{
	assert_int_equal(observer_consume(subject->observer), 0);
	compare_all(subject, false);
	assert_int_equal(observer_snapshot(subject->observer), 0);
	compare_all(subject, true);
	seen.rests++;
}

/* All actors do something at the same time; while they do, @meanwhile happens. */
static void play(enum actor_kind kind, uint32_t n, void (*meanwhile)(void))
{
	for (size_t i = 0; i < ACTORS; i++)
		assert_int_equal(actor_begin(&actors[i], kind, n, actor_random(&seed)), 0);
	if (meanwhile)
		meanwhile();
	for (size_t i = 0; i < ACTORS; i++)
		assert_int_equal(actor_end(&actors[i]), 0);
	while (waitpid(-1, NULL, WNOHANG) > 0) /* holders of killed actors */
		;
	seen.rounds++;
}

static bool are_busy(void)
{
	for (size_t i = 0; i < ACTORS; i++) {
		struct pollfd pfd = { .fd = actors[i].fd, .events = POLLIN };

		if (poll(&pfd, 1, 0) == 0)
			return true;
	}
	return false;
}

static void consume_meanwhile(void)
{
	while (are_busy())
		assert_int_equal(observer_consume(early.observer), 0);
}

static void look_meanwhile(void)
{
	while (are_busy())
		assert_int_equal(observer_snapshot(early.observer), 0);
}

static uint32_t some(uint32_t most)
{
	return 1 + (uint32_t)(actor_random(&seed) % most);
}

static void round_of_events(void)
{
	play(ACTOR_MIX, some(120), consume_meanwhile);
	rest_and_compare(&early);
}

static void round_unread(void)
{
	play(ACTOR_MIX, some(120), NULL);
	rest_and_compare(&early);
}

static void round_of_snapshots(void)
{
	play(ACTOR_MIX, some(200), look_meanwhile);
	rest_and_compare(&early);
}

/* More than the ring holds, then changes of which no event tells. */
static void round_of_overflow(void)
{
	uint64_t before = observer_events_lost(early.observer);

	play(ACTOR_STORM, 1500, NULL);
	play(ACTOR_MIX, some(120), NULL);
	assert_true(observer_events_lost(early.observer) > before);
	seen.overflows++;
	rest_and_compare(&early);
}

/* More of one port than is told. */
static void round_of_flood(void)
{
	uint64_t before = observer_events_suppressed(early.observer);

	observer_limit(early.observer, 3);
	play(ACTOR_STORM, 20, NULL);
	play(ACTOR_MIX, some(120), consume_meanwhile);
	assert_true(observer_events_suppressed(early.observer) > before);
	seen.floods++;
	rest_and_compare(&early);
	observer_limit(early.observer, 0);
}

/* An observer is born while everything moves: attached first, then it looks. */
static struct subject late = { .name = "late observer" };

static void be_born(void)
{
	assert_int_equal(observer_new(on_change, &late, &late.observer), 0);
	watch_all(&late);
}

static void round_of_birth(void)
{
	late.n_shadow = 0;
	play(ACTOR_MIX, 3000, be_born);
	/* What was on its way from process to process before it was born is found when it arrives.
	 */
	play(ACTOR_MIX, some(20), NULL);
	assert_int_equal(observer_consume(late.observer), 0);
	observer_free(late.observer);
	late.observer = NULL;
	seen.births++;
	rest_and_compare(&early);
}

static void round_of_death(void)
{
	struct actor *actor = &actors[actor_random(&seed) % ACTORS];
	uint32_t netns = actor->netns;
	const struct inventory *inventory = observer_inventory(early.observer);
	struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };

	actor_kill(actor);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	nanosleep(&pause, NULL); /* its children die on their own */
	assert_int_equal(observer_consume(early.observer), 0);
	for (size_t i = 0; i < inventory->n; i++)
		assert_int_not_equal(inventory->list[i]->netns, netns);
	assert_int_equal(actor_start(actor), 0);
	rest_and_compare(&early);
}

static const struct {
	void (*play)(void);
	unsigned int weight;
} rounds[] = {
	{ round_of_events, 6 }, { round_unread, 3 },   { round_of_snapshots, 4 }, { round_of_overflow, 1 },
	{ round_of_flood, 3 },	{ round_of_birth, 1 }, { round_of_death, 1 },
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void test_random(void **state)
{
	const char *longer = getenv("HEARKEN_SECONDS"); /* make check-slow */
	double until = now() + (longer ? atof(longer) : 3);
	unsigned int sum = 0;

	watch_all(&early);
	for (size_t i = 0; i < ARRAY_SIZE(rounds); i++) {
		sum += rounds[i].weight;
		rounds[i].play(); /* each at least once */
	}
	while (now() < until) {
		uint64_t at = actor_random(&seed) % sum;
		size_t i = 0;

		while (at >= rounds[i].weight)
			at -= rounds[i++].weight;
		rounds[i].play();
	}
	printf("# random: %u rounds in %d namespaces, compared %u times (%zu listeners), %u "
	       "overflows, %u floods, "
	       "%u births, %llu events lost, %llu suppressed\n",
	       seen.rounds, ACTORS, seen.rests, seen.listeners, seen.overflows, seen.floods, seen.births,
	       (unsigned long long)observer_events_lost(early.observer),
	       (unsigned long long)observer_events_suppressed(early.observer));
	assert_true(seen.listeners > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};
	const char *again = getenv("HEARKEN_SEED");
	int r;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		printf("# SKIP random: no network namespace of our own (%s)\n", strerror(errno));
		return 77;
	}
	if (system("ss -V >/dev/null 2>&1 && nsenter -V >/dev/null 2>&1") != 0) {
		printf("# SKIP random: no ss or no nsenter to compare with\n");
		return 77;
	}
	r = observer_new(on_change, &early, &early.observer);
	if (r < 0) {
		printf("# SKIP random: BPF cannot be used here (%s)\n", strerror(-r));
		return 77;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (again)
		seed = strtoull(again, NULL, 10);
	else
		(void)!getrandom(&seed, sizeof(seed), 0);
	first_seed = seed;
	printf("# HEARKEN_SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout);
	for (size_t i = 0; i < ACTORS; i++)
		if (actor_start(&actors[i]) < 0)
			return 1;
	r = cmocka_run_group_tests_name("random", tests, NULL, NULL);
	for (size_t i = 0; i < ACTORS; i++)
		actor_kill(&actors[i]);
	observer_free(early.observer);
	return r;
}
