// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/owner/sender.h"

#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define SESSION_MAX (16 * 1024)
#define PREFIX	    "session-"
#define SUFFIX	    ".scope"

/* Of those that nobody knows better, a session is a person's: he may have left by now. */
static bool is_background(const char *sessions, const char *unit)
{
	size_t n = strlen(unit) - strlen(PREFIX) - strlen(SUFFIX);
	cleanup(memory_freep) char *text = NULL;
	char path[PATH_MAX];

	if (strchr(unit, '/') ||
	    text_format(path, sizeof(path), "%s/%.*s", sessions, (int)n, unit + strlen(PREFIX)) <
		    0 ||
	    file_read(path, SESSION_MAX, &text, NULL) < 0)
		return false;
	/* Where cron and at open a session at all (not on Debian), it is of this class. */
	return strstr(text, "\nCLASS=background") != NULL;
}

static bool is_person(const struct owner *owner, const char *sessions)
{
	size_t n = strlen(owner->unit);

	if (owner->manager == MANAGER_USER)
		return true;
	if (owner->manager != MANAGER_SYSTEM)
		return false;
	if (text_starts_with(owner->unit, "user@"))
		return true;
	return text_starts_with(owner->unit, PREFIX) && n > strlen(PREFIX SUFFIX) &&
	       strcmp(owner->unit + n - strlen(SUFFIX), SUFFIX) == 0 &&
	       !is_background(sessions, owner->unit);
}

static bool is_own(const struct owner *owner, const struct listener *listener)
{
	if (*owner->container || *listener->container)
		return strcmp(owner->container, listener->container) == 0;
	return *owner->unit && owner->manager == listener->manager &&
	       strcmp(owner->unit, listener->unit) == 0;
}

static enum sender kind_of(const struct owner *owner, bool is_manager,
			   const struct listener *listener, const char *sessions)
{
	if (is_manager)
		return SENDER_SYSTEMD;
	if (!*owner->container && is_person(owner, sessions))
		return SENDER_PERSON;
	return is_own(owner, listener) ? SENDER_OWN : SENDER_OTHER;
}

void sender_enter(const struct owner *owner, bool is_manager, const struct listener *listener,
		  const char *sessions, struct signal_sent *sent)
{
	char name[CONTAINER_NAME_SIZE];

	sent->sender = kind_of(owner, is_manager, listener, sessions);
	*sent->whose = '\0';
	if (*owner->container) {
		container_show(owner->container, owner->container_name, name);
		(void)text_format(sent->whose, sizeof(sent->whose), "container %s", name);
	} else {
		(void)text_copy(sent->whose, sizeof(sent->whose), owner->unit);
	}
}
