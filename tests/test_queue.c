// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whether anybody accepts, from looks at the queues: a hung server is told, a slow one never is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "judge/judge.h"
#include "judge/queue.h"
#include "model/address.h"

#define SEC   USEC_PER_SEC
#define START (1000 * SEC)

enum counted { ARRIVALS = 1, ACCEPTS = 2, BOTH = 3, NEITHER = 0 };

struct look {
	uint64_t at;
	uint32_t queued;
	uint64_t arrived, accepted;
	bool stands;
};

static struct queue_tracks tracks;
static char detail[RECORD_DETAIL_SIZE];
static uint64_t since;

static struct queue queue_of(const struct look *look, enum counted counted)
{
	return (struct queue){ .cookie = 7,
			       .queued = look->queued,
			       .backlog = 100,
			       .address.family = AF_INET,
			       .arrived = look->arrived,
			       .accepted = look->accepted,
			       .counts_arrivals = counted & ARRIVALS,
			       .counts_accepts = counted & ACCEPTS };
}

static void play(const char *why, enum counted counted, const struct look *looks, size_t n)
{
	memset(&tracks, 0, sizeof(tracks));
	for (size_t i = 0; i < n; i++) {
		struct queue queue = queue_of(&looks[i], counted);
		bool stands = queues_stand(&policy_default, &tracks, &queue, 1, START + looks[i].at, &since, detail);

		if (stands != looks[i].stands)
			fail_msg("%s, look %zu: %s", why, i, stands ? "called hung" : "not called hung");
	}
}

#define PLAY(why, counted, looks) play(why, counted, looks, ARRAY_SIZE(looks))

static const struct look hung[] = {
	{ 0, 1, 10, 9, false },	      { 1 * SEC, 2, 11, 9, false }, { 2 * SEC, 2, 11, 9, false },
	{ 3 * SEC, 3, 12, 9, false }, { 4 * SEC, 3, 12, 9, false }, { 5 * SEC - 1, 3, 12, 9, false },
	{ 5 * SEC, 3, 12, 9, true },  { 6 * SEC, 4, 13, 9, true },
};

static void test_a_hung_server(void **state)
{
	static const struct look full[] = {
		{ 0, 101, 110, 9, false },	 { 1 * SEC, 101, 110, 9, false }, { 2 * SEC, 101, 110, 9, false },
		{ 3 * SEC, 101, 110, 9, false }, { 5 * SEC, 101, 110, 9, true },
	};
	static const struct look lone[] = {
		{ 0, 1, 1, 0, false },	     { 1 * SEC, 1, 1, 0, false }, { 2 * SEC, 1, 1, 0, false },
		{ 3 * SEC, 1, 1, 0, false }, { 5 * SEC, 1, 1, 0, true },
	};

	PLAY("hung, both counted", BOTH, hung);
	assert_int_equal(since, START);
	PLAY("hung, accepts counted", ACCEPTS, hung);
	PLAY("hung, arrivals counted", ARRIVALS, hung);
	PLAY("full", BOTH, full);
	PLAY("one client", BOTH, lone);
}

static void test_what_cannot_be_told_is_not(void **state)
{
	static const struct look looks[] = {
		{ 0, 5, 0, 0, false },	     { 1 * SEC, 5, 0, 0, false }, { 2 * SEC, 5, 0, 0, false },
		{ 3 * SEC, 5, 0, 0, false }, { 9 * SEC, 6, 0, 0, false },
	};

	PLAY("nothing counted", NEITHER, looks);
}

/* Each witness alone keeps a server alive, to the last moment and for as long as it lasts. */
static void test_slow_is_alive(void **state)
{
	/* One accepted a second, and one comes: the queue is as long as ever, and full. */
	static const struct look steady[] = {
		{ 0, 101, 200, 99, false },	   { 1 * SEC, 101, 201, 100, false }, { 2 * SEC, 101, 202, 101, false },
		{ 3 * SEC, 101, 203, 102, false }, { 4 * SEC, 101, 204, 103, false }, { 5 * SEC, 101, 205, 104, false },
		{ 6 * SEC, 101, 206, 105, false }, { 7 * SEC, 101, 207, 106, false }, { 8 * SEC, 101, 208, 107, false },
	};
	/* The queue grows; one was accepted at the last moment. */
	static const struct look last_moment[] = {
		{ 0, 1, 10, 9, false },	       { 1 * SEC, 5, 14, 9, false },	   { 2 * SEC, 5, 14, 9, false },
		{ 3 * SEC, 6, 15, 9, false },  { 4 * SEC, 6, 15, 9, false },	   { 5 * SEC, 7, 17, 10, false },
		{ 6 * SEC, 7, 17, 10, false }, { 7 * SEC, 7, 17, 10, false },	   { 8 * SEC, 7, 17, 10, false },
		{ 9 * SEC, 7, 17, 10, false }, { 10 * SEC - 1, 7, 17, 10, false }, { 10 * SEC, 7, 17, 10, true },
	};
	/* Nothing is seen but that the queue gets shorter. */
	static const struct look shrinks[] = {
		{ 0, 9, 9, 0, false },	     { 1 * SEC, 9, 9, 0, false }, { 2 * SEC, 9, 9, 0, false },
		{ 3 * SEC, 9, 9, 0, false }, { 4 * SEC, 9, 9, 0, false }, { 5 * SEC, 8, 9, 0, false },
		{ 6 * SEC, 8, 9, 0, false }, { 9 * SEC, 8, 9, 0, false },
	};
	/* It grew first: shorter than at the look before, though longer than at the beginning. */
	static const struct look grows_and_shrinks[] = {
		{ 0, 1, 1, 0, false },	     { 1 * SEC, 9, 9, 0, false }, { 2 * SEC, 9, 9, 0, false },
		{ 3 * SEC, 9, 9, 0, false }, { 5 * SEC, 8, 9, 0, false }, { 6 * SEC, 8, 9, 0, false },
	};

	PLAY("one a second", BOTH, steady);
	PLAY("one a second, accepts counted", ACCEPTS, steady);
	PLAY("one a second, arrivals counted", ARRIVALS, steady);
	PLAY("at the last moment", BOTH, last_moment);
	PLAY("at the last moment, accepts counted", ACCEPTS, last_moment);
	PLAY("at the last moment, arrivals counted", ARRIVALS, last_moment);
	PLAY("shorter, an uncounted accept", BOTH, shrinks);
	PLAY("shorter than before", ACCEPTS, grows_and_shrinks);
}

static void test_bursts(void **state)
{
	/* Full within a moment, emptied within two seconds, and again. */
	static const struct look drained[] = {
		{ 0, 101, 101, 0, false },	   { 1 * SEC, 50, 101, 51, false },   { 2 * SEC, 0, 101, 101, false },
		{ 3 * SEC, 101, 202, 101, false }, { 4 * SEC, 101, 202, 101, false }, { 5 * SEC, 101, 202, 101, false },
		{ 6 * SEC, 101, 202, 101, false }, { 7 * SEC, 0, 202, 202, false },   { 8 * SEC, 0, 202, 202, false },
	};
	/* Empty at one look: whoever waits at the next one has come since. */
	static const struct look anew[] = {
		{ 0, 1, 1, 0, false },	     { 1 * SEC, 1, 1, 0, false }, { 2 * SEC, 1, 1, 0, false },
		{ 3 * SEC, 1, 1, 0, false }, { 4 * SEC, 0, 1, 0, false }, { 5 * SEC, 1, 2, 0, false },
		{ 6 * SEC, 1, 2, 0, false },
	};
	/* Taken in the middle: the counts were read before a burst, the queue after it. */
	static const struct look in_the_middle[] = {
		{ 0, 50, 10, 10, false },	{ 1 * SEC, 50, 60, 10, false }, { 2 * SEC, 50, 60, 10, false },
		{ 3 * SEC, 50, 60, 10, false }, { 5 * SEC, 50, 60, 10, false }, { 6 * SEC - 1, 50, 60, 10, false },
		{ 6 * SEC, 50, 60, 10, true },
	};

	PLAY("bursts", BOTH, drained);
	PLAY("empty in between", BOTH, anew);
	PLAY("counts and queue of two moments only delay", BOTH, in_the_middle);
}

/* The machine slept, or we did: the clock went on, the server could not. */
static void test_time_without_looks(void **state)
{
	static const struct look slept[] = {
		{ 0, 3, 10, 7, false },		 { 600 * SEC, 3, 10, 7, false },  { 601 * SEC, 3, 10, 7, false },
		{ 602 * SEC, 0, 10, 10, false }, { 603 * SEC, 0, 10, 10, false },
	};
	static const struct look still_hung[] = {
		{ 0, 3, 10, 7, false },		{ 600 * SEC, 3, 10, 7, false }, { 601 * SEC, 3, 10, 7, false },
		{ 602 * SEC, 3, 10, 7, false }, { 603 * SEC, 3, 10, 7, true },
	};
	static const struct look hasty[] = {
		/* many looks, and no time */
		{ 0, 3, 10, 7, false }, { 1, 3, 10, 7, false }, { 2, 3, 10, 7, false }, { 3, 3, 10, 7, false },
		{ 4, 3, 10, 7, false }, { 5, 3, 10, 7, false }, { 6, 3, 10, 7, false },
	};

	PLAY("slept", BOTH, slept);
	PLAY("slept and hung", BOTH, still_hung);
	PLAY("hasty", BOTH, hasty);
}

/* One socket of several stands: the others accept, and it is told all the same. */
static void test_one_of_several(void **state)
{
	bool stands = false;

	memset(&tracks, 0, sizeof(tracks));
	for (uint64_t i = 0; i <= 5; i++) {
		struct queue queues[] = {
			{ .cookie = 1, .queued = 4, .accepted = 100 + i, .counts_accepts = true },
			{ .cookie = 2,
			  .queued = 3,
			  .accepted = 5,
			  .counts_accepts = true,
			  .address = { .family = AF_INET6 },
			  .backlog = 64,
			  .last_accept_usec = START - 55 * SEC },
			{ .cookie = 3, .counts_accepts = true },
		};

		assert_false(stands);
		stands = queues_stand(&policy_default, &tracks, queues, ARRAY_SIZE(queues), START + i * SEC, &since,
				      detail);
	}
	assert_true(stands);
	assert_string_equal(detail, "at ::, 3 clients wait (limit 64) and none was accepted for 5.0 s; the last "
				    "accept was 1 min 0 s ago");
	assert_int_equal(tracks.n, 2);
}

/* Of two that stand, the one that has for longer is told, in whatever order they come. */
static void test_the_oldest_is_told(void **state)
{
	memset(&tracks, 0, sizeof(tracks));
	for (uint64_t i = 0; i <= 7; i++) {
		struct queue queues[] = {
			{ .cookie = 1, .queued = i < 2 ? 0 : 1, .counts_accepts = true },
			{ .cookie = 2, .queued = 2, .counts_accepts = true },
			{ .cookie = 3, .queued = i < 1 ? 0 : 3, .counts_accepts = true },
		};

		assert_int_equal(queues_stand(&policy_default, &tracks, queues, ARRAY_SIZE(queues), START + i * SEC,
					      &since, detail),
				 i >= 5);
	}
	assert_int_equal(since, START);
	assert_non_null(strstr(detail, "2 clients wait"));
}

static void test_a_new_socket_begins_anew(void **state)
{
	struct queue queue = queue_of(&hung[0], BOTH);

	PLAY("hung", BOTH, hung);
	assert_string_equal(detail,
			    "at 0.0.0.0, 4 clients wait (limit 100) and none was accepted for 6.0 s, in which 3 "
			    "more arrived");
	queue.cookie = 8;
	assert_false(queues_stand(&policy_default, &tracks, &queue, 1, START + 7 * SEC, &since, detail));
	assert_string_equal(detail, "");
	assert_int_equal(tracks.n, 1);
	assert_false(queues_stand(&policy_default, &tracks, NULL, 0, START + 8 * SEC, &since, detail));
	assert_int_equal(tracks.n, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_hung_server),	   cmocka_unit_test(test_what_cannot_be_told_is_not),
		cmocka_unit_test(test_slow_is_alive),	   cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_time_without_looks), cmocka_unit_test(test_one_of_several),
		cmocka_unit_test(test_the_oldest_is_told), cmocka_unit_test(test_a_new_socket_begins_anew),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
