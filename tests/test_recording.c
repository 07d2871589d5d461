// SPDX-License-Identifier: LGPL-2.1-or-later
/* Recordings: the file that the daemon writes, what is no recording, what must not be in one, and those of real
 * runs (tests/data/recordings), which this judge must decide as it was decided then. Where another decision is meant,
 * HEARKEN_ANEW=1 writes what it decides into them: the difference is to be read. */
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

#include "agent/daemon/recorder.h"
#include "base/file.h"
#include "tests/support/judge_story.h"
#include "tests/support/tape.h"

#define BYTES	 (64 * 1024)
#define FILE_MAX (64 * 1024 * 1024)

static char directory[] = "/var/tmp/hearken-recording.XXXXXX";
static char path[64], older[64];

static int make_directory(void **state)
{
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/record", directory);
	(void)snprintf(older, sizeof(older), "%s/record.1", directory);
	return 0;
}

static int remove_directory(void **state)
{
	return rmdir(directory);
}

static int end(void **state)
{
	(void)unlink(path);
	(void)unlink(older);
	return story_end(state);
}

static struct moment moment_at(uint64_t at)
{
	return (struct moment){ START + at, 1000000 * SEC + at };
}

static void tell(struct recorder *recorder, enum happening happens, size_t service, uint64_t at)
{
	struct fact fact = fact_of(happens, service, START + at);
	struct actions actions;

	recorder_fact(recorder, judge, &fact, moment_at(at));
	judge_feed(judge, &fact, moment_at(at), &actions);
	recorder_did(recorder, judge, &fact, moment_at(at), &actions);
}

static struct recorder *record_a_crash(void)
{
	struct recorder *recorder;

	begin(RUNG_RESTART, RENDERED_YES);
	assert_int_equal(recorder_new(BYTES, &recorder), 0);
	recorder_follow(recorder, path);
	tell(recorder, IS_THERE, 0, 0);
	tell(recorder, PASSES, 0, 1);
	tell(recorder, CRASHES, 0, 10 * SEC);
	tell(recorder, TICK, 0, 11 * SEC);
	return recorder;
}

static char *read_file(const char *name)
{
	char *text;

	assert_int_equal(file_read(name, FILE_MAX, &text, NULL), 0);
	return text;
}

/* Adds up what a replay of @text says; the first thing that is wrong goes to @why (256 bytes). */
static struct player_counts replay(const char *text, char *why)
{
	cleanup(player_freep) struct player *player = NULL;

	*why = '\0';
	assert_int_equal(player_new(NULL, NULL, &player), 0);
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (player_take(player, text, n) < 0 && !*why)
			(void)text_copy(why, 256, player_why(player));
		text += n + (text[n] == '\n');
	}
	if (player_end(player) < 0 && !*why)
		(void)text_copy(why, 256, player_why(player));
	return *player_counts(player);
}

static void test_a_file_is_replayed(void **state)
{
	cleanup(recorder_freep) struct recorder *recorder = record_a_crash();
	cleanup(memory_freep) char *text = read_file(path);
	struct player_counts counts;
	struct stat st;
	char why[256];

	counts = replay(text, why);
	assert_string_equal(why, "");
	assert_int_equal(counts.facts, 4);
	assert_int_equal(counts.decisions, 4);
	assert_int_equal(counts.differences, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Another Hearken goes on in the same file, be it that the one before was killed in a line. */
static void test_a_torn_line_is_ended(void **state)
{
	struct recorder *recorder = record_a_crash();
	cleanup(memory_freep) char *text = NULL;
	struct player_counts counts;
	char why[256];
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	recorder_free(recorder);
	assert_int_equal(write(fd, "{\"kind\":\"fa", 11), 11);
	close(fd);
	story_end(NULL);
	recorder_free(record_a_crash());
	text = read_file(path);
	counts = replay(text, why);
	assert_string_not_equal(why, "");
	assert_int_equal(counts.recordings, 2);
	assert_int_equal(counts.facts, 8);
	assert_int_equal(counts.differences, 0);
}

/* A slip of the configuration costs nobody a file. */
static void test_a_file_of_others_is_left(void **state)
{
	cleanup(memory_freep) char *text = NULL;

	assert_int_equal(file_replace(path, "root:x:0:0:\n", 12, 0644), 0);
	recorder_free(record_a_crash());
	text = read_file(path);
	assert_string_equal(text, "root:x:0:0:\n");
}

/* Each file can be replayed by itself, and there are never more than two. */
static void test_it_is_bounded(void **state)
{
	struct recorder *recorder = record_a_crash();
	cleanup(memory_freep) char *now = NULL, *before = NULL;
	struct player_counts counts;
	struct stat st;
	char why[256];

	for (uint64_t i = 0; stat(older, &st) < 0; i++) {
		tell(recorder, i % 2 ? OPENS : CRASHES, 0, (20 + i) * SEC);
		if (i % 7 == 0)
			recorder_begin_anew(recorder);
		assert_true(i < 1000);
	}
	recorder_free(recorder);
	assert_true(st.st_size >= BYTES && st.st_size < 2 * BYTES);
	assert_int_equal(st.st_mode & 0777, 0600);
	now = read_file(path);
	before = read_file(older);
	counts = replay(before, why);
	assert_string_equal(why, "");
	assert_int_equal(counts.differences, 0);
	counts = replay(now, why);
	assert_string_equal(why, "");
	assert_int_equal(counts.facts, 1);
	assert_int_equal(counts.differences, 0);
}

/* What may have a password in it is told by a number, and the decisions are the same. */
static void test_no_secret_is_told(void **state)
{
	struct budgets budgets = { .n = 2 };
	struct tape tape = { 0 };
	struct actions actions;
	const struct fact facts[] = {
		fact_of(IS_THERE, 0, START),
		fact_of(PASSES, 0, START + 1),
		fact_of(CRASHES, 0, START + SEC),
		fact_of(TICK, 0, START + 2 * SEC),
	};

	begin(RUNG_RESTART, RENDERED_YES);
	for (size_t i = 0; i < 2; i++)
		(void)text_copy(services.list[i].server.restart_command, SERVICE_COMMAND_SIZE,
				"/bin/curl -u root:hunter2 http://localhost/restart");
	renew();
	(void)text_copy(budgets.list[0].target, BUDGET_TARGET_SIZE, services.list[0].server.restart_command);
	(void)text_copy(budgets.list[1].target, BUDGET_TARGET_SIZE, "/bin/older --password=hunter2");
	judge_take_budgets(judge, &budgets);
	tape_state(&tape, judge, moment_at(0));
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		tape_feed(&tape, judge, &facts[i], moment_at(i * SEC), &actions);
	assert_null(strstr(tape.text, "hunter2"));
	assert_non_null(strstr(tape.text, "/bin/curl #0"));
	assert_int_equal(tape_replay(&tape, judge, moment_at(0)), 0);
	tape_clear(&tape);
}

static void test_another_judge_differs(void **state)
{
	cleanup(recorder_freep) struct recorder *recorder = record_a_crash();
	cleanup(memory_freep) char *text = read_file(path);
	char *patience = strstr(text, "\"settle_usec\":500000"), why[256];

	assert_non_null(patience);
	memcpy(patience, "\"settle_usec\":900000", 20);
	assert_int_equal(replay(text, why).differences, 0); /* it is over after 11 s in any case */
	patience = strstr(text, "\"owner-crashed\"");
	assert_non_null(patience);
	memcpy(patience, "\"owner-CRASHED\"", 15);
	assert_int_equal(replay(text, why).differences, 1);
	assert_string_equal(why, "");
}

#define BEGIN                                                                                                          \
	"{\"kind\":\"begin\",\"recording\":1,\"hearken\":\"9\",\"at\":[1,1],\"judge\":{},\"incidents\":0,\"budgets\":" \
	"0,\"services\":1}\n"
#define SERVICE                                                                 \
	"{\"kind\":\"service\",\"service\":{\"name\":\"a\",\"expected\":true}," \
	"\"watch\":{\"outage\":{\"incident\":-1}}}\n"

static void test_what_is_no_recording(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "" },
		{ "x\n", "'[' or '{' expected near 'x'" },
		{ "[]\n", "it is no line of a recording" },
		{ "{\"kind\":\"fact\"}\n", "nothing has begun before it" },
		{ "{\"kind\":\"begin\"}\n", "it begins no recording" },
		{ "{\"kind\":\"begin\",\"recording\":2,\"hearken\":\"9\"}\n",
		  "it is a recording of another version than this Hearken knows" },
		{ "{\"kind\":\"begin\",\"recording\":1,\"hearken\":\"9\",\"incidents\":65}\n",
		  "how many lines follow is not told, or too many do" },
		{ BEGIN, "lines are missing at its end that tell of a service" },
		{ BEGIN SERVICE, "" },
		{ BEGIN "{\"kind\":\"fact\",\"fact\":\"tick\",\"at\":[1,1],\"service\":0}\n",
		  "lines are missing before it that tell of a service" },
		{ BEGIN SERVICE SERVICE, "no service is to be told here" },
		{ BEGIN "{\"kind\":\"service\",\"service\":{\"name\":7},\"watch\":{}}\n",
		  "\"name\" is no text, or too long" },
		{ BEGIN "{\"kind\":\"service\",\"service\":{},\"watch\":{\"outage\":{\"incident\":3}}}\n",
		  "what the lines before it tell of a judge cannot be" },
		{ BEGIN SERVICE "{\"kind\":\"fact\",\"fact\":\"tick\",\"at\":[1,1],\"service\":1}\n",
		  "it is of a service that nobody has told of" },
		{ BEGIN SERVICE "{\"kind\":\"fact\",\"fact\":\"rumour\",\"at\":[1,1],\"service\":0}\n",
		  "it is a fact of no kind that is known here" },
		{ BEGIN SERVICE "{\"kind\":\"fact\",\"fact\":\"tick\",\"at\":[1,-1],\"service\":0}\n",
		  "\"at\" is not two moments" },
		{ BEGIN SERVICE "{\"kind\":\"fact\",\"fact\":\"unit\",\"at\":[1,1],\"service\":0}\n",
		  "it has no \"says\"" },
		{ BEGIN SERVICE
		  "{\"kind\":\"fact\",\"fact\":\"unit\",\"at\":[1,1],\"service\":0,\"says\":{\"state\":\"merry\"}}\n",
		  "\"state\" is no word that is known here" },
		{ BEGIN SERVICE "{\"kind\":\"did\",\"actions\":[]}\n",
		  "there is no fact that it could have followed from" },
		{ BEGIN SERVICE "{\"kind\":\"begin\",\"kind\":\"begin\"}\n", "duplicate object key near '\"kind\"'" },
	};
	char why[256];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		(void)replay(rows[i].text, why);
		if (strcmp(why, rows[i].why) != 0)
			fail_msg("%s\nis refused with \"%s\", not \"%s\"", rows[i].text, why, rows[i].why);
	}
}

static void test_a_line_without_an_end(void **state)
{
	cleanup(player_freep) struct player *player = NULL;
	cleanup(memory_freep) char *line = malloc(RECORDING_LINE_MAX + 1);

	assert_non_null(line);
	memset(line, '[', RECORDING_LINE_MAX + 1);
	assert_int_equal(player_new(NULL, NULL, &player), 0);
	assert_int_equal(player_take(player, line, RECORDING_LINE_MAX + 1), -EBADMSG);
	assert_string_equal(player_why(player), "it is longer than a line of a recording can be");
	assert_int_equal(player_take(player, line, RECORDING_LINE_MAX), -EBADMSG);
}

static void on_unknown(const char *name, const char *by, void *userdata)
{
	(void)snprintf(userdata, 64, "%s by %s", name, by);
}

/* A later Hearken knows more of a fact: that is said, once, and the rest is decided. */
static void test_a_later_one_knows_more(void **state)
{
	static const char lines[] = BEGIN SERVICE "{\"kind\":\"fact\",\"fact\":\"unit\",\"at\":[1,1],\"service\":0,"
						  "\"says\":{\"job\":true,\"mood\":\"merry\"}}";
	static const struct player_callbacks callbacks = { .unknown = on_unknown };
	cleanup(player_freep) struct player *player = NULL;
	char said[64] = "";

	assert_int_equal(player_new(&callbacks, said, &player), 0);
	for (const char *line = lines; *line;) {
		size_t n = strcspn(line, "\n");

		if (player_take(player, line, n) < 0)
			fail_msg("%s", player_why(player));
		line += n + (line[n] == '\n');
	}
	assert_string_equal(said, "mood by 9");
	assert_int_equal(player_counts(player)->facts, 1);
}

static void on_decided(const struct player_turn *turn, void *userdata)
{
	char *did = json_dumps(turn->now, JSON_COMPACT | JSON_ENCODE_ANY);

	assert_non_null(did);
	if (!json_is_null(turn->now))
		fprintf(userdata, "%s\n", did);
	free(did);
}

/* The facts of @text, with what is decided now. */
static void decide_anew(const char *text, const char *name)
{
	static const struct player_callbacks callbacks = { .turned = on_decided };
	cleanup(player_freep) struct player *player = NULL;
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	assert_int_equal(player_new(&callbacks, file, &player), 0);
	while (*text) {
		size_t n = strcspn(text, "\n");

		assert_int_equal(player_take(player, text, n), 0);
		if (!text_starts_with(text, "{\"kind\":\"did\""))
			fprintf(file, "%.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
	assert_int_equal(fclose(file), 0);
}

static void test_recordings_of_real_runs(void **state)
{
	glob_t found;

	if (glob("tests/data/recordings/*.jsonl", 0, NULL, &found) != 0)
		skip();
	for (size_t i = 0; i < found.gl_pathc; i++) {
		cleanup(memory_freep) char *text = read_file(found.gl_pathv[i]);
		char why[256];
		struct player_counts counts;

		if (getenv("HEARKEN_ANEW")) {
			decide_anew(text, found.gl_pathv[i]);
			continue;
		}
		counts = replay(text, why);
		if (*why || counts.differences || !counts.decisions)
			fail_msg("%s: %" PRIu64 " of %" PRIu64
				 " decisions differ; %s: see it with \"hearken replay\"; if that "
				 "is meant, HEARKEN_ANEW=1 build/tests/test_recording",
				 found.gl_pathv[i], counts.differences, counts.decisions, why);
	}
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_a_file_is_replayed, end),
		cmocka_unit_test_teardown(test_a_torn_line_is_ended, end),
		cmocka_unit_test_teardown(test_a_file_of_others_is_left, end),
		cmocka_unit_test_teardown(test_it_is_bounded, end),
		cmocka_unit_test_teardown(test_no_secret_is_told, end),
		cmocka_unit_test_teardown(test_another_judge_differs, end),
		cmocka_unit_test(test_what_is_no_recording),
		cmocka_unit_test(test_a_line_without_an_end),
		cmocka_unit_test(test_a_later_one_knows_more),
		cmocka_unit_test(test_recordings_of_real_runs),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
