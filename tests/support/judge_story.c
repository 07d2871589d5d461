// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/support/judge_story.h"

struct service_set services;
struct policy policy;
struct judge *judge;
struct record last; /* the newest record of any kind */

static char asked_by[INCIDENT_ID_SIZE]; /* the incident of the newest look or repair */

static void sent_by(struct fact *fact, int signal, enum sender sender, const char *command, const char *whose)
{
	struct signal_sent *sent = &fact->coverage.end.sent;

	sent->sender = sender;
	sent->signal = (uint8_t)signal;
	sent->kernel_pid = sender == SENDER_SYSTEMD ? 1 : 812;
	(void)text_copy(sent->command, sizeof(sent->command), command);
	(void)text_copy(sent->whose, sizeof(sent->whose), whose);
}

struct fact fact_of(enum happening happens, size_t service, uint64_t at)
{
	struct fact fact = { .kind = FACT_COVERAGE, .service = service };

	fact.coverage.at_usec = at;
	fact.coverage.seen = true;
	fact.coverage.end_known = true;
	fact.coverage.end.kernel_pid = 42;
	fact.coverage.end.exiting = true;
	(void)text_copy(fact.coverage.end.command, COMMAND_SIZE, "dovecot");
	switch (happens) {
	case IS_GONE:
		fact.coverage.seen = fact.coverage.end_known = false;
		break;
	case IS_THERE:
	case OPENS:
		fact.coverage.coverage = COVERAGE_FULL;
		break;
	case CRASHES:
		fact.coverage.end.signal = SIGKILL;
		break;
	case ENDS_WITH_INIT:
		fact.coverage.end.signal = SIGKILL;
		fact.coverage.end.init_exiting = true;
		fact.coverage.end.init_exit_code = 143;
		break;
	case OOM:
		fact.coverage.end.oom = true;
		fact.coverage.end.signal = SIGKILL;
		break;
	case EXITS_0:
		break;
	case EXITS_1:
		fact.coverage.end.exit_code = 1;
		break;
	case EXITS_89:
		fact.coverage.end.exit_code = 89;
		break;
	case TERMINATED:
		fact.coverage.end.signal = SIGTERM;
		break;
	case LETS_GO:
		fact.coverage.end.exiting = false;
		break;
	case DOVEADM_STOPS:
		fact.coverage.end.exiting = false;
		sent_by(&fact, SIGTERM, SENDER_PERSON, "doveadm", "session-3.scope");
		break;
	case DOVEADM_INSIDE:
		fact.coverage.end.exiting = false;
		sent_by(&fact, SIGTERM, SENDER_OWN, "doveadm", "container front");
		break;
	case PERSON_KILLS:
		fact.coverage.end.signal = SIGKILL;
		sent_by(&fact, SIGKILL, SENDER_PERSON, "kill", "session-3.scope");
		break;
	case PERSON_ENDS:
		sent_by(&fact, SIGTERM, SENDER_PERSON, "kill", "session-3.scope");
		break;
	case CRON_ENDS:
		fact.coverage.end.exiting = false;
		sent_by(&fact, SIGTERM, SENDER_OTHER, "sh", "cron.service");
		break;
	case EARLYOOM_ENDS:
		fact.coverage.end.signal = SIGTERM;
		sent_by(&fact, SIGTERM, SENDER_OTHER, "earlyoom", "earlyoom.service");
		break;
	case SYSTEMCTL_KILLS:
		fact.coverage.end.signal = SIGTERM;
		sent_by(&fact, SIGTERM, SENDER_SYSTEMD, "systemd", "");
		break;
	case LOST_EVENT:
		fact.coverage.end_known = false;
		break;
	case V6_LOST:
		fact.coverage.coverage = COVERAGE_PARTIAL;
		(void)text_copy(fact.coverage.detail, FACT_DETAIL_SIZE, "lost: ::");
		break;
	case OPENS_BESIDE:
		fact.coverage.coverage = COVERAGE_FULL;
		fact.coverage.held = true;
		break;
	case V4_TAKEN:
		fact.coverage.coverage = COVERAGE_PARTIAL;
		fact.coverage.held = true;
		(void)text_copy(fact.coverage.detail, FACT_DETAIL_SIZE, "lost: 0.0.0.0");
		break;
	case FOREIGN:
		fact.coverage.held = true;
		fact.coverage.coverage = COVERAGE_FOREIGN;
		break;
	case PORT_TAKEN:
	case TAKEN_BY_ITSELF:
	case NO_ADDRESS:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_BIND_FAILED;
		fact.service = service;
		fact.bind.at_usec = at;
		fact.bind.error = happens == NO_ADDRESS ? EADDRNOTAVAIL : EADDRINUSE;
		fact.bind.other_holds = happens == PORT_TAKEN;
		if (happens == PORT_TAKEN)
			(void)text_copy(fact.bind.holder, FACT_DETAIL_SIZE, "nc (pid 12)");
		(void)text_copy(fact.bind.detail, FACT_DETAIL_SIZE, "bind: refused");
		break;
	case WAITS:
	case FLOWS:
	case EMPTY:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_QUEUES;
		fact.service = service;
		fact.queues.n = 1;
		fact.queues.list[0].cookie = 1;
		fact.queues.list[0].counts_accepts = true;
		fact.queues.list[0].queued = happens == EMPTY ? 0 : 3;
		fact.queues.list[0].accepted = happens == WAITS ? 0 : at; /* another number each time */
		break;
	case PASSES:
	case SILENT:
	case UNREACHABLE:
	case FAILS:
	case MISTAKES_TLS:
	case WARNS:
	case TURNS_AWAY:
	case NO_ANSWER:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_ANSWER;
		fact.service = service;
		fact.answered.answer.complete = happens != NO_ANSWER;
		if (happens == SILENT)
			fact.answered.answer.finding = FINDING_NO_GREETING;
		else if (happens == UNREACHABLE)
			fact.answered.answer.finding = FINDING_UNREACHABLE;
		else if (happens == FAILS)
			fact.answered.answer.finding = FINDING_STARTTLS_NOT_OFFERED;
		else if (happens == MISTAKES_TLS)
			fact.answered.answer.finding = FINDING_WRONG_TLS_MODE;
		else if (happens == WARNS)
			fact.answered.answer.finding = FINDING_CERTIFICATE_EXPIRING;
		else if (happens == TURNS_AWAY)
			fact.answered.answer.finding = FINDING_BUSY;
		break;
	case STALE:
	case STALE_OLDER:
	case STALE_UNUSABLE:
	case ENDED:
	case ENDED_ON_DISK:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_ANSWER;
		fact.service = service;
		fact.answered.answer.complete = true;
		fact.answered.answer.finding = happens == ENDED || happens == ENDED_ON_DISK
						       ? FINDING_CERTIFICATE_EXPIRED
						       : FINDING_CERTIFICATE_STALE;
		fact.answered.disk = happens == STALE_OLDER	 ? DISK_OLDER
				     : happens == STALE_UNUSABLE ? DISK_UNUSABLE
				     : happens == ENDED_ON_DISK	 ? DISK_SAME
								 : DISK_NEWER;
		break;
	case JOB_BEGINS:
	case JOB_ENDS:
	case STOPPED:
	case ENDS_IN_JOB:
	case UNIT_FAILS:
	case UNIT_DIED:
	case UNIT_LOOPS:
	case UNIT_LEAVES:
	case UNIT_MASKS:
	case UNIT_RESTS:
	case BUS_IS_LOST:
	case UNIT_STARTS:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_UNIT;
		fact.service = service;
		fact.unit.job = happens == JOB_BEGINS;
		fact.unit.is_deaf = happens == BUS_IS_LOST;
		if (happens == UNIT_RESTS)
			fact.unit.end = (struct unit_end){ .result = "success" };
		if (happens == UNIT_DIED)
			fact.unit.end = (struct unit_end){ .result = "signal", .signal = SIGKILL };
		if (happens == UNIT_LOOPS)
			fact.unit.end = (struct unit_end){ .result = "exit-code", .exit_code = 89, .restarts = 5 };
		fact.unit.state = happens == JOB_ENDS || happens == BUS_IS_LOST				   ? UNIT_ACTIVE
				  : happens == UNIT_FAILS || happens == UNIT_DIED || happens == UNIT_LOOPS ? UNIT_FAILED
				  : happens == UNIT_MASKS						   ? UNIT_MASKED
				  : happens == STOPPED || happens == UNIT_LEAVES || happens == UNIT_RESTS
					  ? UNIT_INACTIVE
					  : UNIT_CHANGING;
		fact.unit.stopped_by_job = happens == STOPPED || happens == ENDS_IN_JOB;
		break;
	case PLACE_ENDS:
	case PLACE_ANEW:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_PLACE;
		fact.service = service;
		fact.place.place = happens == PLACE_ENDS ? PLACE_GONE : PLACE_MOVED;
		(void)text_copy(fact.place.detail, FACT_DETAIL_SIZE, happens == PLACE_ENDS ? "gone" : "anew");
		break;
	case CONTAINER_TOLD:
	case CONTAINER_STOPS:
	case CONTAINER_EXITS:
	case CONTAINER_EXITS_ONCE:
	case CONTAINER_IS_SHOT:
	case CONTAINER_RUNS:
	case CONTAINER_PAUSES:
	case CONTAINER_CUT_OFF:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_CONTAINER;
		fact.service = service;
		fact.container.state = CONTAINER_EXITED;
		if (happens == CONTAINER_TOLD || happens == CONTAINER_RUNS || happens == CONTAINER_CUT_OFF)
			fact.container.state = CONTAINER_RUNNING;
		else if (happens == CONTAINER_PAUSES)
			fact.container.state = CONTAINER_PAUSED;
		fact.container.is_cut_off = happens == CONTAINER_CUT_OFF;
		fact.container.asked = happens == CONTAINER_TOLD || happens == CONTAINER_STOPS;
		fact.container.comes_back = happens == CONTAINER_EXITS_ONCE;
		fact.container.may_be_meant = happens == CONTAINER_IS_SHOT;
		(void)text_copy(fact.container.detail, CONTAINER_DETAIL_SIZE, "by its runtime's word");
		(void)text_copy(fact.container.remedy, CONTAINER_DETAIL_SIZE, "docker start front");
		break;
	case SILENCE_BEGINS:
	case SILENCE_ENDS:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_SILENCE;
		fact.service = service;
		fact.silence.begins = happens == SILENCE_BEGINS;
		break;
	case FITS:
	case FITS_NOT:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_CHECKED;
		memcpy(fact.checked.incident, asked_by, sizeof(asked_by));
		fact.checked.ok = happens == FITS;
		(void)text_copy(fact.checked.detail, FACT_DETAIL_SIZE, "dovecot.conf:7: nonsense");
		break;
	case REPAIR_DONE:
	case REPAIR_FAILED:
		memset(&fact, 0, sizeof(fact));
		fact.kind = FACT_REPAIRED;
		memcpy(fact.repaired.incident, asked_by, sizeof(asked_by));
		fact.repaired.ok = happens == REPAIR_DONE;
		break;
	case TICK:
		fact.kind = FACT_TICK;
		break;
	}
	return fact;
}

void letters_of(const struct actions *actions, char *to)
{
	for (size_t i = 0; i < actions->n; i++) {
		const struct action *action = &actions->list[i];

		switch (action->kind) {
		case ACTION_SAY:
			*to++ = (action->record.silenced ? "OCXSFW..." : "ocxsfw...")[action->record.kind];
			last = action->record;
			break;
		case ACTION_PROBE:
			*to++ = 'p';
			break;
		case ACTION_CHECK:
			memcpy(asked_by, action->record.incident, sizeof(asked_by));
			*to++ = 'k';
			break;
		case ACTION_REPAIR:
			memcpy(asked_by, action->record.incident, sizeof(asked_by));
			*to++ = ".LR"[action->rung];
			break;
		}
	}
	*to = '\0';
}

void add(const char *name, uint16_t port, enum rendered rendered)
{
	struct service *service = service_set_add(&services);

	(void)text_copy(service->name, sizeof(service->name), name);
	(void)text_copy(service->server.unit, sizeof(service->server.unit), "dovecot.service");
	service->want.port = port;
	service->expected = true;
	service->provenance.rendered = rendered;
	(void)text_copy(service->provenance.remedy, sizeof(service->provenance.remedy), "add it.");
}

void begin(enum rung repair, enum rendered rendered)
{
	policy = policy_default;
	policy.repair = repair;
	policy.hold_usec = 0; /* what is proven is believed; test_flapping has the rest */
	service_set_clear(&services);
	judge_free(judge);
	judge = NULL;
	add("submission", 587, rendered);
	add("submissions", 465, RENDERED_YES);
	add("imaps", 993, RENDERED_YES);
	assert_int_equal(judge_new(&policy, &services, 7, &judge), 0);
	memset(&last, 0, sizeof(last));
}

void renew(void)
{
	assert_int_equal(judge_take_services(judge, &policy, &services), 0);
}

struct judge_view view_of(size_t service)
{
	struct judge_view view;

	judge_view(judge, service, &view);
	return view;
}

uint64_t closed_downtime(size_t service)
{
	return judge_downtime(judge, service, 0);
}

void play(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &rows[i];
		struct fact fact = fact_of(row->happens, row->service, START + row->at);
		struct moment now = { START + row->at, 1000000 * SEC + row->at };
		struct judge_view view;
		struct actions actions;
		char letters[JUDGE_ACTIONS_MAX + 1];

		judge_feed(judge, &fact, now, &actions);
		letters_of(&actions, letters);
		judge_view(judge, row->service, &view);
		if (strcmp(letters, row->actions) != 0 || view.verdict != row->verdict ||
		    view.finding != row->finding || view.cause != row->cause)
			fail_msg("row %zu, %s: actions \"%s\" not \"%s\", verdict %s, finding %s, cause %s", i,
				 row->why, letters, row->actions, verdict_name(view.verdict),
				 finding_name(view.finding), cause_name(view.cause));
	}
}

int story_end(void **state)
{
	service_set_clear(&services);
	judge_free(judge);
	judge = NULL;
	return 0;
}
