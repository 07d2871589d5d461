// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/dialogue_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "probe/wire/reply.h"

struct play {
	const struct row *row;
	struct dialogue dialogue;
	struct answer answer;
	struct reply reply;
	enum dialogue_result next;
	const char *at; /* in the script */
};

/* We say @line, with its end: one line of the script, or as many as it has. */
static void play_line(struct play *play, const char *line)
{
	while (*line) {
		size_t n = strcspn(play->at, "\n"), said = strcspn(line, "\r");

		if (n < 2 || strncmp(play->at, "C:", 2) != 0 || said != n - 2 || strncmp(line, play->at + 2, said) != 0)
			fail_msg("%s: says %s, not %.40s", play->row->why, line, play->at);
		line += said + 2;
		play->at += n + 1;
	}
}

/* Plays what is ours, up to where the server is to speak. */
static void play_ours(struct play *play)
{
	char line[DIALOGUE_LINE_SIZE];

	while (play->next == DIALOGUE_SEND || play->next == DIALOGUE_HANDSHAKE) {
		if (!*play->at)
			fail_msg("%s: goes on (%d) behind the script's end", play->row->why, play->next);
		if (play->next == DIALOGUE_HANDSHAKE) {
			if (!text_starts_with(play->at, "TLS\n"))
				fail_msg("%s: wants TLS at %s", play->row->why, play->at);
			play->at += strlen("TLS\n");
			play->next = dialogue_secured(&play->dialogue);
		} else {
			dialogue_line(&play->dialogue, "me.example", line);
			play_line(play, line);
			play->next = DIALOGUE_READ;
		}
	}
}

static void play_bytes(struct play *play, const char *bytes, size_t n)
{
	const char *line;
	size_t literal;

	while (reply_line(&play->reply, &bytes, &n, &line) > 0) {
		if (dialogue_literal(&play->dialogue, line, reply_tail(&play->reply), &literal)) {
			reply_continue(&play->reply, literal);
			continue;
		}
		if (play->next != DIALOGUE_READ)
			fail_msg("%s: does not listen to %s", play->row->why, line);
		play->next = dialogue_feed(&play->dialogue, line);
	}
}

static void play_row(const struct row *row, size_t cut)
{
	struct play play = { .row = row, .at = row->script };
	struct answer *answer = &play.answer;

	assert_int_equal(dialogue_start(&play.dialogue, row->protocol, row->tls, row->check, answer, &play.next), 0);
	play.dialogue.same_host = row->same_host;
	play_ours(&play);
	while (*play.at) {
		size_t n = strchr(play.at, '\n') + 1 - play.at - 2, here = cut < n ? cut : n;
		const char *line = play.at + 2;

		if (!text_starts_with(play.at, "S:"))
			fail_msg("%s: should have gone on with %s", row->why, play.at);
		play_bytes(&play, line, here);
		play_bytes(&play, line + here, n - here);
		play.at += 2 + n;
		play_ours(&play);
	}
	if (play.next != row->end || answer->finding != row->finding || !strstr(answer->detail, row->detail) ||
	    answer->n_findings != (uint32_t)(row->finding != 0) + (row->also != 0) ||
	    (row->also && answer->findings[1].finding != row->also))
		fail_msg("%s: ends with %d, %s (%s)", row->why, play.next, finding_name(answer->finding),
			 answer->detail);
}

void play_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t cut = 0; cut <= strlen(rows[i].script); cut++)
			play_row(&rows[i], cut);
}
