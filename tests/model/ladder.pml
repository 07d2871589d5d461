/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One service and the repair of its incident, among an operator, a squatter on its port, a server that dies, and
 * systemd: whatever they do, and in whatever order its word of it comes.
 *
 * What happens is in the world's variables; the judge knows what its queue of facts has told it. The states of a repair
 * and the ways between them are those of userspace/judge/repair.c, a move() each; tests/model/check-ladder.sh compares
 * them with the ways that the code was seen to go.
 *
 * Safety: no repair is begun against the operator, a held port, a job of systemd's, or beyond the budget, by all that
 * the judge knows in that moment; an incident is opened once, and closed on proof.
 * Liveness: every outage is told; what was told ends with the service up, or with a repair that is withheld for a
 * reason that was told, or with a human being asked. */

#ifndef EVENTS
#define EVENTS 4 /* that happen, at most: then all is left alone, and must come to rest */
#endif
#define LIMIT 1 /* repairs in a window */

mtype = { idle, planned, checking, running, proving };
mtype = { lost, back, passed, stopped, started, masked, unmasked, busy, quiet, taken, freed, did, failed, fits, fits_not };
mtype = { restart, look };

chan facts = [8] of { mtype };
chan asked = [2] of { mtype }; /* what the judge wants carried out */

/* the world */
bool up = true, is_stopped, is_masked, is_held, is_busy, is_spoilt;
byte events;
/* what the judge knows of it */
bool k_up = true, k_stopped, k_masked, k_held, k_busy;
/* the judge */
mtype repair = idle;
bool incident, told, withheld, proven = true;
byte spent, opened, closed, begun;

#define is_forbidden (k_stopped || k_masked || k_held)

inline move(from, to) { assert(repair == from); repair = to }

/* -- the judge */

inline withhold() { withheld = true }

/* The one gate; it is asked when a repair is planned, when it is looked at, and when it begins. */
inline plan() {
	if
	:: is_forbidden || spent == LIMIT -> withhold()
	:: else -> move(idle, planned)
	fi
}
inline open_incident() {
	assert(!incident);
	incident = true; told = true; withheld = false; opened++;
	plan()
}
inline close_incident() {
	assert(incident && k_up);
	incident = false; told = false; withheld = false; closed++;
	assert(opened == closed);
	if
	:: repair == planned -> move(planned, idle)
	:: repair == checking -> move(checking, idle)
	:: repair == proving -> move(proving, idle)
	:: else -> skip /* idle; or running: its end is still to be told */
	fi
}
inline due() {
	if
	:: repair == planned && k_up -> move(planned, idle)
	:: repair == planned && !k_up && k_busy -> skip /* not ours to cross: asked again when the job is done */
	:: repair == planned && !k_up && !k_busy && (is_forbidden || spent == LIMIT) -> move(planned, idle); withhold()
	:: repair == planned && !k_up && !k_busy && !is_forbidden && spent < LIMIT -> move(planned, checking); asked!look
	:: repair == proving && incident && !k_up -> move(proving, idle); plan()
	:: else -> skip
	fi
}
inline begin_repair() {
	if
	:: !incident || k_up -> move(checking, idle)
	:: incident && !k_up && k_busy -> move(checking, planned)
	:: incident && !k_up && !k_busy && (is_forbidden || spent == LIMIT) -> move(checking, idle); withhold()
	:: else ->
		move(checking, running);
		spent++; begun++;
		assert(!k_stopped && !k_masked && !k_held && !k_busy && begun <= LIMIT);
		asked!restart
	fi
}
inline repair_ended() {
	if
	:: incident -> move(running, proving)
	:: else -> move(running, idle)
	fi
}
/* What was withheld may be possible now, or again. */
inline reconsider() {
	if
	:: incident && !k_up && repair == idle -> plan()
	:: else -> skip
	fi
}

active proctype judge() {
	mtype fact;
end:	do
	:: atomic { facts?fact ->
		if
		:: fact == lost -> k_up = false;
			if
			:: !incident -> open_incident()
			:: incident && repair == proving -> move(proving, idle); plan() /* a second loss */
			:: else -> reconsider()
			fi
		:: fact == back -> k_up = true /* a conversation is asked for, and holds or does not */
		:: fact == passed ->
			if
			:: incident && k_up -> close_incident()
			:: else -> skip
			fi
		:: fact == stopped -> k_stopped = true
		:: fact == started -> k_stopped = false; reconsider()
		:: fact == masked -> k_masked = true
		:: fact == unmasked -> k_masked = false; reconsider()
		:: fact == taken -> k_held = true
		:: fact == freed -> k_held = false; reconsider()
		:: fact == busy -> k_busy = true
		:: fact == quiet -> k_busy = false
		:: fact == fits -> if :: repair == checking -> begin_repair() :: else -> skip fi
		:: fact == fits_not ->
			if
			:: repair == checking && incident -> move(checking, planned); withhold()
			:: repair == checking && !incident -> move(checking, idle)
			:: else -> skip
			fi
		:: fact == did || fact == failed -> if :: repair == running -> repair_ended() :: else -> skip fi
		fi; fact = 0 }
	:: atomic { empty(facts) && repair == planned && (k_up || !k_busy) -> due() } /* its timer */
	:: atomic { empty(facts) && empty(asked) && repair == proving && !k_up -> due() }
	od
}

/* -- who carries out what it asks for */

active proctype hands() {
	mtype what;
end:	do
	:: asked?what ->
		if
		:: what == look -> if :: is_spoilt -> facts!fits_not :: else -> facts!fits fi
		:: what == restart ->
			atomic {
				if
				:: is_masked || is_stopped && !up || is_held || is_spoilt -> facts!failed
				:: else -> if :: !up -> up = true; facts!back; facts!passed :: else -> skip fi; facts!did
				fi
			}
		fi
	od
}

/* -- what happens */

active proctype world() {
	do
	:: events == EVENTS -> break
	:: events < EVENTS && len(facts) < 3 -> events++;
		if
		:: atomic { up -> up = false; facts!lost } /* it dies */
		:: atomic { !is_busy -> is_busy = true; facts!busy } /* a job of the operator's: a restart, a stop */
		:: atomic { is_busy && up -> up = false; is_stopped = true; facts!stopped; facts!lost }
		:: atomic { !is_held && !up -> is_held = true; facts!taken }
		:: atomic { !is_masked -> is_masked = true; facts!masked }
		:: atomic { !is_spoilt -> is_spoilt = true } /* its configuration */
		:: skip
		fi
	od;
	/* What was begun ends: a job, and a squatter. A stop, a mask and a mistake may stay. */
	atomic { if :: is_busy -> is_busy = false; facts!quiet :: else -> skip fi };
	atomic { if :: is_held -> is_held = false; facts!freed :: else -> skip fi };
	atomic {
		if
		:: is_stopped && !is_masked && !up && !is_spoilt -> is_stopped = false; up = true; facts!started; facts!back; facts!passed
		:: skip
		fi
	}
}

#define at_rest (!incident || withheld)
ltl every_outage_is_told { [] (!up -> <> (up || told)) }
ltl none_is_forgotten { [] (told -> <> at_rest) }
