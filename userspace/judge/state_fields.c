// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/state_fields.h"

#include "judge/state.h"
#include "model/fact_fields.h"

/* clang-format off */
FIELD_WORDS(repair_state_word, enum repair_state,
	FIELD_SAYS(REPAIR_IDLE, "idle")
	FIELD_SAYS(REPAIR_PLANNED, "planned")
	FIELD_SAYS(REPAIR_CHECKING, "checking")
	FIELD_SAYS(REPAIR_RUNNING, "running")
	FIELD_SAYS(REPAIR_PROVING, "proving"))
FIELD_WORDS(action_word, enum action_kind,
	FIELD_SAYS(ACTION_SAY, "say")
	FIELD_SAYS(ACTION_PROBE, "probe")
	FIELD_SAYS(ACTION_CHECK, "check")
	FIELD_SAYS(ACTION_REPAIR, "repair"))

/* -- what is held of one service */

#define FALL(F, S)              \
	F(S, UNSIGNED, at_usec) \
	F(S, UNSIGNED, lived_usec)
FIELDS(fall, struct fall, FALL)

#define FALLS(F, S)               \
	F(S, LIST, list, n, fall) \
	F(S, COUNT, n)
FIELDS(falls, struct falls, FALLS)

#define TRACK(F, S)                \
	F(S, STRUCT, then, queue)  \
	F(S, UNSIGNED, queued)     \
	F(S, UNSIGNED, looks)      \
	F(S, UNSIGNED, since_usec)
FIELDS(queue_track, struct queue_track, TRACK)

#define TRACKS(F, S)                     \
	F(S, LIST, list, n, queue_track) \
	F(S, COUNT, n)
FIELDS(queue_tracks, struct queue_tracks, TRACKS)

#define REFUSED(F, S)              \
	F(S, UNSIGNED, at_usec)    \
	F(S, SIGNED, error)        \
	F(S, BOOL, other_holds)    \
	F(S, UNSIGNED, asked_usec) \
	F(S, TEXT, holder)         \
	F(S, TEXT, detail)
FIELDS(refused, struct refused, REFUSED)

#define SEEN(F, S)                           \
	F(S, BOOL, looked)                   \
	F(S, BOOL, inherited)                \
	F(S, WORD, coverage, coverage_word)  \
	F(S, UNSIGNED, owner)                \
	F(S, BOOL, falling)                  \
	F(S, BOOL, end_known)                \
	F(S, STRUCT, end, task_end)          \
	F(S, STRUCT, refused, refused)       \
	F(S, STRUCT, queues, queue_tracks)   \
	F(S, BOOL, held)                     \
	F(S, BOOL, freed)                    \
	F(S, BOOL, stands)                   \
	F(S, WORD, place, place_word)        \
	F(S, TEXT, place_detail)             \
	F(S, STRUCT, container, container_word) \
	F(S, UNSIGNED, container_usec)       \
	F(S, UNSIGNED, exited_usec)          \
	F(S, BOOL, exits_again)              \
	F(S, TEXT, outside)                  \
	F(S, STRUCT, unit, unit_word)        \
	F(S, BOOL, was_stopped)              \
	F(S, WORD, disk, disk_word_of)       \
	F(S, BOOL, silenced)
FIELDS(seen, struct seen, SEEN)

#define ASKING(F, S)            \
	F(S, UNSIGNED, at_usec) \
	F(S, BOOL, under_way)   \
	F(S, BOOL, again)       \
	F(S, BOOL, passed_over) \
	F(S, BOOL, suspected)   \
	F(S, NUMBERS, probes)
FIELDS(asking, struct asking, ASKING)

#define OPINION(F, S)                     \
	F(S, WORD, verdict, verdict_word) \
	F(S, WORD, finding, finding_word) \
	F(S, WORD, cause, cause_word)     \
	F(S, TEXT, detail)                \
	F(S, UNSIGNED, since_usec)        \
	F(S, UNSIGNED, older_usec)        \
	F(S, UNSIGNED, grace_until_usec)  \
	F(S, WORD, told_disk, disk_word_of)
FIELDS(opinion, struct opinion, OPINION)

#define OUTAGE(F, S)               \
	F(S, SIGNED, incident)     \
	F(S, BOOL, inherited)      \
	F(S, BOOL, proven)         \
	F(S, SIGNED, named)        \
	F(S, STRUCT, falls, falls) \
	F(S, UNSIGNED, lost_usec)  \
	F(S, UNSIGNED, back_usec)  \
	F(S, UNSIGNED, total_usec) \
	F(S, NUMBERS, incidents)
FIELDS(outage, struct outage, OUTAGE)

#define WATCH(F, S)                  \
	F(S, STRUCT, seen, seen)     \
	F(S, STRUCT, asking, asking) \
	F(S, STRUCT, opinion, opinion) \
	F(S, STRUCT, outage, outage)
FIELDS_SHARED(watch, struct watch, WATCH)

/* -- what services share */

#define INCIDENT(F, S)                    \
	F(S, TEXT, id)                    \
	F(S, BOOL, is_open)               \
	F(S, UNSIGNED, first_service)     \
	F(S, UNSIGNED, members)           \
	F(S, BOOL, is_kept)               \
	F(S, UNSIGNED, opened_usec)       \
	F(S, UNSIGNED, event_usec)        \
	F(S, UNSIGNED, close_at_usec)     \
	F(S, UNSIGNED, older_usec)        \
	F(S, UNSIGNED, down_usec)         \
	F(S, UNSIGNED, before_usec)       \
	F(S, UNSIGNED, recovered_usec)    \
	F(S, WORD, finding, finding_word) \
	F(S, WORD, cause, cause_word)     \
	F(S, UNSIGNED, ended_pid)         \
	F(S, WORD, repair, repair_state_word)   \
	F(S, WORD, rung, rung_word)       \
	F(S, BOOL, told_outside)          \
	F(S, BOOL, waits_for_unit)        \
	F(S, UNSIGNED, repair_at_usec)    \
	F(S, UNSIGNED, tried)             \
	F(S, UNSIGNED, told_withheld)     \
	F(S, BOOL, told)                  \
	F(S, BOOL, hushed)
FIELDS_SHARED(incident, struct incident, INCIDENT)

#define BUDGET(F, S)                     \
	F(S, TEXT, target)               \
	F(S, NUMBER_LIST, times_usec, n) \
	F(S, COUNT, n)
FIELDS_SHARED(budget, struct budget, BUDGET)

#define POLICY(F, S)                       \
	F(S, WORD, repair, rung_word)      \
	F(S, UNSIGNED, repair_limit)       \
	F(S, UNSIGNED, repair_window_usec) \
	F(S, UNSIGNED, probe_interval_usec) \
	F(S, UNSIGNED, probe_jitter_usec)  \
	F(S, UNSIGNED, reload_grace_usec)  \
	F(S, UNSIGNED, restart_grace_usec) \
	F(S, UNSIGNED, container_grace_usec) \
	F(S, UNSIGNED, container_word_usec) \
	F(S, UNSIGNED, container_settle_usec) \
	F(S, UNSIGNED, container_memory_usec) \
	F(S, UNSIGNED, job_grace_usec)     \
	F(S, UNSIGNED, settle_usec)        \
	F(S, UNSIGNED, proof_usec)         \
	F(S, UNSIGNED, check_usec)         \
	F(S, UNSIGNED, bind_memory_usec)   \
	F(S, UNSIGNED, confirm_usec)       \
	F(S, UNSIGNED, hold_usec)          \
	F(S, UNSIGNED, falls_max)          \
	F(S, UNSIGNED, falls_window_usec)  \
	F(S, UNSIGNED, queue_patience_usec)
FIELDS_SHARED(policy, struct policy, POLICY)

#define COUNTS(F, S)             \
	F(S, UNSIGNED, incidents) \
	F(S, GRID, repairs)      \
	F(S, NUMBERS, withheld)
FIELDS(counts, struct judge_counts, COUNTS)

#define JUDGE(F, S)                \
	F(S, STRUCT, policy, policy) \
	F(S, LEFT_WHOLE, services) /* each has a line of its own, with its watch */ \
	F(S, LEFT, watches)        \
	F(S, LEFT_WHOLE, incidents) \
	F(S, LEFT_WHOLE, budgets)  \
	F(S, STRUCT, counts, counts) \
	F(S, UNSIGNED, seed)
FIELDS_SHARED(judge, struct judge, JUDGE)

#define ACTION(F, S)                    \
	F(S, WORD, kind, action_word)   \
	F(S, UNSIGNED, service)         \
	F(S, WORD, rung, rung_word)     \
	F(S, STRUCT, record, record)
FIELDS_SHARED(action, struct action, ACTION)
/* clang-format on */

const char *repair_word(unsigned int value)
{
	return repair_state_word(value);
}
