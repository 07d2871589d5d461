// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/fact_fields.h"

/* -- words */

const char *finding_word(unsigned int value)
{
	return value < FINDING_COUNT ? finding_name((enum finding)value) : NULL;
}

const char *cause_word(unsigned int value)
{
	return value < CAUSE_COUNT ? cause_name((enum cause)value) : NULL;
}

const char *verdict_word(unsigned int value)
{
	return value < VERDICT_COUNT ? verdict_name((enum verdict)value) : NULL;
}

const char *disk_word_of(unsigned int value)
{
	return value <= DISK_UNUSABLE ? disk_name((enum disk)value) : NULL;
}

const char *rung_word(unsigned int value)
{
	return value <= RUNG_RESTART ? rung_name((enum rung)value) : NULL;
}

static const char *withheld_word(unsigned int value)
{
	return value < WITHHELD_COUNT ? withheld_name((enum withheld)value) : NULL;
}

static const char *record_word(unsigned int value)
{
	return value < RECORD_KIND_COUNT ? record_kind_name((enum record_kind)value) : NULL;
}

static const char *protocol_word(unsigned int value)
{
	return value < PROTOCOL_COUNT ? protocol_name((enum protocol)value) : NULL;
}

static const char *tls_word(unsigned int value)
{
	return value < TLS_MODE_COUNT ? tls_mode_name((enum tls_mode)value) : NULL;
}

static const char *staple_word(unsigned int value)
{
	return value < STAPLE_COUNT ? staple_name((enum staple)value) : NULL;
}

static const char *dane_word(unsigned int value)
{
	return value < DANE_COUNT ? dane_name((enum dane)value) : NULL;
}

/* clang-format off */
FIELD_WORDS(fact_kind_word, enum fact_kind,
	FIELD_SAYS(FACT_COVERAGE, "coverage")
	FIELD_SAYS(FACT_ANSWER, "answer")
	FIELD_SAYS(FACT_BIND_FAILED, "bind-failed")
	FIELD_SAYS(FACT_CONTAINER, "container")
	FIELD_SAYS(FACT_PLACE, "place")
	FIELD_SAYS(FACT_SILENCE, "silence")
	FIELD_SAYS(FACT_QUEUES, "queues")
	FIELD_SAYS(FACT_UNIT, "unit")
	FIELD_SAYS(FACT_LEARNED, "learned")
	FIELD_SAYS(FACT_CHECKED, "checked")
	FIELD_SAYS(FACT_REPAIRED, "repaired")
	FIELD_SAYS(FACT_TICK, "tick"))
FIELD_WORDS(coverage_kind_word, enum coverage,
	FIELD_SAYS(COVERAGE_NONE, "none")
	FIELD_SAYS(COVERAGE_PARTIAL, "partial")
	FIELD_SAYS(COVERAGE_FOREIGN, "foreign")
	FIELD_SAYS(COVERAGE_FULL, "full"))
FIELD_WORDS(place_kind_word, enum place,
	FIELD_SAYS(PLACE_THERE, "there")
	FIELD_SAYS(PLACE_GONE, "gone")
	FIELD_SAYS(PLACE_MOVED, "moved"))
FIELD_WORDS(sender_word, enum sender,
	FIELD_SAYS(SENDER_NONE, "none")
	FIELD_SAYS(SENDER_OTHER, "other")
	FIELD_SAYS(SENDER_OWN, "own")
	FIELD_SAYS(SENDER_PERSON, "person")
	FIELD_SAYS(SENDER_SYSTEMD, "systemd"))
FIELD_WORDS(unit_state_word, enum unit_state,
	FIELD_SAYS(UNIT_UNKNOWN, "unknown")
	FIELD_SAYS(UNIT_ACTIVE, "active")
	FIELD_SAYS(UNIT_CHANGING, "changing")
	FIELD_SAYS(UNIT_INACTIVE, "inactive")
	FIELD_SAYS(UNIT_FAILED, "failed")
	FIELD_SAYS(UNIT_MASKED, "masked"))
FIELD_WORDS(container_state_word, enum container_state,
	FIELD_SAYS(CONTAINER_UNKNOWN, "unknown")
	FIELD_SAYS(CONTAINER_CREATED, "created")
	FIELD_SAYS(CONTAINER_RUNNING, "running")
	FIELD_SAYS(CONTAINER_PAUSED, "paused")
	FIELD_SAYS(CONTAINER_RESTARTING, "restarting")
	FIELD_SAYS(CONTAINER_EXITED, "exited")
	FIELD_SAYS(CONTAINER_REMOVED, "removed"))
FIELD_WORDS(proxy_header_word, enum proxy_header,
	FIELD_SAYS(PROXY_HEADER_NO, "no")
	FIELD_SAYS(PROXY_HEADER_V2, "v2")
	FIELD_SAYS(PROXY_HEADER_V1, "v1"))
FIELD_WORDS(published_word, enum published_mode,
	FIELD_SAYS(PUBLISHED_UNSET, "")
	FIELD_SAYS(PUBLISHED_NONE, "none")
	FIELD_SAYS(PUBLISHED_AUTO, "auto")
	FIELD_SAYS(PUBLISHED_LIST, "list"))
FIELD_WORDS(pin_word, enum pin_kind,
	FIELD_SAYS(PIN_CERTIFICATE, "sha256")
	FIELD_SAYS(PIN_KEY, "spki-sha256"))
FIELD_WORDS(rendered_word, enum rendered,
	FIELD_SAYS(RENDERED_UNKNOWN, "unknown")
	FIELD_SAYS(RENDERED_NO, "no")
	FIELD_SAYS(RENDERED_YES, "yes"))

/* -- services */

#define ADDRESS(F, S)                  \
	F(S, UNSIGNED, family)         \
	F(S, BYTES, bytes)
FIELDS(address, struct address, ADDRESS)

#define PUBLISHED(F, S)                        \
	F(S, WORD, mode, published_word)       \
	F(S, LIST, addresses, n, address)      \
	F(S, COUNT, n)
FIELDS(published, struct published, PUBLISHED)

#define PIN(F, S)                        \
	F(S, WORD, kind, pin_word)       \
	F(S, BYTES, sha256)
FIELDS(pin, struct pin, PIN)

#define TLSA(F, S)               \
	F(S, UNSIGNED, usage)    \
	F(S, UNSIGNED, selector) \
	F(S, UNSIGNED, matching) \
	F(S, UNSIGNED, size)     \
	F(S, BYTES, data)
FIELDS(tlsa, struct tlsa, TLSA)

#define TRUST(F, S)                    \
	F(S, UNSIGNED, tls_minimum)    \
	F(S, COUNT, n_pins)            \
	F(S, COUNT, n_tlsa)            \
	F(S, LIST, pins, n_pins, pin)  \
	F(S, LIST, tlsa, n_tlsa, tlsa)
FIELDS(trust, struct trust, TRUST)

#define WANT(F, S)                                        \
	F(S, UNSIGNED, port)                              \
	F(S, WORD, protocol, protocol_word)               \
	F(S, WORD, tls, tls_word)                         \
	F(S, LIST, addresses, n_addresses, address)       \
	F(S, COUNT, n_addresses)                          \
	F(S, WORD, proxy_header, proxy_header_word)       \
	F(S, STRUCT, published, published)                \
	F(S, STRUCT, trust, trust)
FIELDS(want, struct want, WANT)

#define PROVENANCE(F, S)                      \
	F(S, UNSIGNED, sources)               \
	F(S, WORD, rendered, rendered_word)   \
	F(S, TEXT, remedy)
FIELDS(provenance, struct provenance, PROVENANCE)

#define SERVER(F, S)                \
	F(S, TEXT, unit)            \
	F(S, BOOL, unit_is_guess)   \
	F(S, TEXT, restart_command) \
	F(S, TEXT, certificate)     \
	F(S, TEXT, key)             \
	F(S, BOOL, keys_unknown)    \
	F(S, LEFT, files_pid)       \
	F(S, LEFT, files_mntns)     \
	F(S, TEXT, container)       \
	F(S, UNSIGNED, container_port)
FIELDS(server, struct server, SERVER)

#define SERVICE(F, S)                        \
	F(S, TEXT, name)                     \
	F(S, BOOL, expected)                 \
	F(S, UNSIGNED, place)                \
	F(S, STRUCT, want, want)             \
	F(S, STRUCT, provenance, provenance) \
	F(S, STRUCT, server, server)
FIELDS_SHARED(service, struct service, SERVICE)

/* -- facts */

#define SIGNAL_SENT(F, S)            \
	F(S, WORD, sender, sender_word) \
	F(S, UNSIGNED, signal)       \
	F(S, UNSIGNED, kernel_pid)   \
	F(S, UNSIGNED, uid)          \
	F(S, TEXT, command)          \
	F(S, TEXT, whose)
FIELDS(signal_sent, struct signal_sent, SIGNAL_SENT)

#define TASK_END(F, S)               \
	F(S, BOOL, exiting)          \
	F(S, BOOL, oom)              \
	F(S, UNSIGNED, signal)       \
	F(S, UNSIGNED, exit_code)    \
	F(S, UNSIGNED, kernel_pid)   \
	F(S, UNSIGNED, pid_here)     \
	F(S, TEXT, command)          \
	F(S, BOOL, init_exiting)     \
	F(S, UNSIGNED, init_signal)  \
	F(S, UNSIGNED, init_exit_code) \
	F(S, STRUCT, sent, signal_sent)
FIELDS_SHARED(task_end, struct task_end, TASK_END)

#define UNIT_END(F, S)            \
	F(S, TEXT, result)        \
	F(S, UNSIGNED, signal)    \
	F(S, UNSIGNED, exit_code) \
	F(S, UNSIGNED, restarts)
FIELDS(unit_end, struct unit_end, UNIT_END)

#define UNIT_WORD(F, S)                   \
	F(S, WORD, state, unit_state_word) \
	F(S, BOOL, job)                   \
	F(S, BOOL, stopped_by_job)        \
	F(S, BOOL, is_deaf)               \
	F(S, STRUCT, end, unit_end)
FIELDS_SHARED(unit_word, struct unit_word, UNIT_WORD)

#define CONTAINER_WORD(F, S)                    \
	F(S, WORD, state, container_state_word) \
	F(S, BOOL, asked)                       \
	F(S, BOOL, comes_back)                  \
	F(S, BOOL, may_be_meant)                \
	F(S, BOOL, is_cut_off)                  \
	F(S, TEXT, detail)                      \
	F(S, TEXT, remedy)
FIELDS_SHARED(container_word, struct container_word, CONTAINER_WORD)

#define QUEUE(F, S)                    \
	F(S, UNSIGNED, cookie)         \
	F(S, UNSIGNED, arrived)        \
	F(S, UNSIGNED, accepted)       \
	F(S, UNSIGNED, last_accept_usec) \
	F(S, UNSIGNED, queued)         \
	F(S, UNSIGNED, backlog)        \
	F(S, STRUCT, address, address) \
	F(S, BOOL, counts_arrivals)    \
	F(S, BOOL, counts_accepts)
FIELDS_SHARED(queue, struct queue, QUEUE)

#define ANSWER_FINDING(F, S)                 \
	F(S, WORD, finding, finding_word)    \
	F(S, TEXT, detail)
FIELDS(answer_finding, struct answer_finding, ANSWER_FINDING)

#define ANSWER(F, S)                                     \
	F(S, BOOL, complete)                             \
	F(S, WORD, finding, finding_word)                \
	F(S, TEXT, detail)                               \
	F(S, TEXT, tls_version)                          \
	F(S, TEXT, cipher)                               \
	F(S, TEXT, subject)                              \
	F(S, TEXT, issuer)                               \
	F(S, SIGNED, not_before)                         \
	F(S, SIGNED, not_after)                          \
	F(S, UNSIGNED, connect_usec)                     \
	F(S, UNSIGNED, greeting_usec)                    \
	F(S, UNSIGNED, tls_usec)                         \
	F(S, UNSIGNED, total_usec)                       \
	F(S, COUNT, n_findings)                          \
	F(S, LIST, findings, n_findings, answer_finding) \
	F(S, COUNT, n_notices)                           \
	F(S, LIST, notices, n_notices, answer_finding)   \
	F(S, TEXT, tls_group)                            \
	F(S, TEXT, names)                                \
	F(S, TEXT, key)                                  \
	F(S, TEXT, signature)                            \
	F(S, BYTES, fingerprint)                         \
	F(S, BYTES, spki)                                \
	F(S, UNSIGNED, chain_length)                     \
	F(S, BOOL, client_certificate_asked)             \
	F(S, WORD, staple, staple_word)                  \
	F(S, WORD, dane, dane_word)
FIELDS(answer, struct answer, ANSWER)

#define MEMBER(name) __typeof__(((struct fact *)0)->name)

#define COVERAGE(F, S)                           \
	F(S, WORD, coverage, coverage_kind_word) \
	F(S, UNSIGNED, at_usec)                  \
	F(S, BOOL, held)                         \
	F(S, BOOL, seen)                         \
	F(S, UNSIGNED, owner)                    \
	F(S, BOOL, end_known)                    \
	F(S, STRUCT, end, task_end)              \
	F(S, TEXT, detail)
FIELDS(coverage, MEMBER(coverage), COVERAGE)

#define ANSWERED(F, S)                     \
	F(S, STRUCT, answer, answer)       \
	F(S, WORD, disk, disk_word_of)
FIELDS(answered, MEMBER(answered), ANSWERED)

#define BIND(F, S)             \
	F(S, UNSIGNED, at_usec) \
	F(S, SIGNED, error)    \
	F(S, BOOL, other_holds) \
	F(S, UNSIGNED, pid)    \
	F(S, TEXT, command)    \
	F(S, TEXT, unit)       \
	F(S, TEXT, holder)     \
	F(S, TEXT, detail)
FIELDS(bind, MEMBER(bind), BIND)

#define PLACE(F, S)                        \
	F(S, WORD, place, place_kind_word) \
	F(S, TEXT, detail)
FIELDS(place, MEMBER(place), PLACE)

#define QUEUES(F, S)               \
	F(S, LIST, list, n, queue) \
	F(S, COUNT, n)
FIELDS(queues, MEMBER(queues), QUEUES)

#define SILENCE(F, S) F(S, BOOL, begins)
FIELDS(silence, MEMBER(silence), SILENCE)

#define LEARNED(F, S) F(S, TEXT, unit)
FIELDS(learned, MEMBER(learned), LEARNED)

#define CHECKED(F, S)        \
	F(S, TEXT, incident) \
	F(S, BOOL, ok)       \
	F(S, TEXT, detail)
FIELDS(checked, MEMBER(checked), CHECKED)

#define FACT(F, S)                       \
	F(S, LEFT, kind) /* is told by the line's own word */ \
	F(S, LEFT, generation)                                \
	F(S, UNSIGNED, service)                               \
	F(S, LEFT_WHOLE, coverage) /* and whatever else stands there: fact_fields_of() */
FIELDS_SHARED(fact, struct fact, FACT)

/* -- records */

#define RECORD(F, S)                         \
	F(S, WORD, kind, record_word)        \
	F(S, TEXT, incident)                 \
	F(S, TEXT, service)                  \
	F(S, UNSIGNED, port)                 \
	F(S, WORD, protocol, protocol_word)  \
	F(S, TEXT, ports)                    \
	F(S, TEXT, names)                    \
	F(S, TEXT, unit)                     \
	F(S, WORD, verdict, verdict_word)    \
	F(S, WORD, finding, finding_word)    \
	F(S, WORD, cause, cause_word)        \
	F(S, TEXT, detail)                   \
	F(S, TEXT, remedy)                   \
	F(S, BOOL, joined)                   \
	F(S, BOOL, wanted)                   \
	F(S, UNSIGNED, downtime_usec)        \
	F(S, WORD, rung, rung_word)          \
	F(S, WORD, withheld, withheld_word)  \
	F(S, UNSIGNED, next_usec)            \
	F(S, SIGNED, repair_error)           \
	F(S, BOOL, silenced)
FIELDS_SHARED(record, struct record, RECORD)
/* clang-format on */

const char *fact_word(unsigned int value)
{
	return fact_kind_word(value);
}

const char *coverage_word(unsigned int value)
{
	return coverage_kind_word(value);
}

const char *place_word(unsigned int value)
{
	return place_kind_word(value);
}

const struct fields *fact_fields_of(enum fact_kind kind, size_t *ret_offset)
{
	*ret_offset = offsetof(struct fact, coverage);
	switch (kind) {
	case FACT_COVERAGE:
		return &coverage_fields;
	case FACT_ANSWER:
		return &answered_fields;
	case FACT_BIND_FAILED:
		return &bind_fields;
	case FACT_CONTAINER:
		return &container_word_fields;
	case FACT_SILENCE:
		return &silence_fields;
	case FACT_PLACE:
		return &place_fields;
	case FACT_QUEUES:
		return &queues_fields;
	case FACT_UNIT:
		return &unit_word_fields;
	case FACT_LEARNED:
		return &learned_fields;
	case FACT_CHECKED:
	case FACT_REPAIRED:
		return &checked_fields;
	case FACT_TICK:
		return NULL;
	}
	return NULL;
}
