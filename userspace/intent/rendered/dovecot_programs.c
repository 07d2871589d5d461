// SPDX-License-Identifier: LGPL-2.1-or-later
#include "intent/rendered/dovecot_programs.h"

#include <string.h>

#include "base/cleanup.h"

static const struct {
	const char *program;
	enum protocol protocol;
} dovecot_programs[] = {
	{ "submission-login", PROTOCOL_SUBMISSION },
	{ "imap-login", PROTOCOL_IMAP },
	{ "pop3-login", PROTOCOL_POP3 },
	{ "managesieve-login", PROTOCOL_SIEVE },
	{ "lmtp", PROTOCOL_LMTP },
};

const char *dovecot_program_of(enum protocol protocol)
{
	for (size_t i = 0; i < ARRAY_SIZE(dovecot_programs); i++)
		if (dovecot_programs[i].protocol == protocol)
			return dovecot_programs[i].program;
	return NULL;
}

enum protocol dovecot_program_protocol(const char *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(dovecot_programs); i++)
		if (strcmp(dovecot_programs[i].program, program) == 0)
			return dovecot_programs[i].protocol;
	return PROTOCOL_UNSET;
}
