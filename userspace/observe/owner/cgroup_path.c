// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/owner/cgroup_path.h"

#include <string.h>

#include "base/cgroup_user.h"
#include "base/text.h"

#define ID_LENGTH 64

struct word { /* one component of a path, not terminated */
	const char *s;
	size_t n;
};

static bool is(struct word word, const char *s)
{
	return strlen(s) == word.n && memcmp(word.s, s, word.n) == 0;
}

static bool ends_with(struct word word, const char *suffix)
{
	size_t n = strlen(suffix);

	return word.n > n && memcmp(word.s + word.n - n, suffix, n) == 0;
}

/* Cuts @prefix and @suffix off, if both are there and leave something. */
static bool cut(struct word *word, const char *prefix, const char *suffix)
{
	size_t before = strlen(prefix), behind = strlen(suffix);

	if (word->n <= before + behind || memcmp(word->s, prefix, before) != 0 ||
	    memcmp(word->s + word->n - behind, suffix, behind) != 0)
		return false;
	word->s += before;
	word->n -= before + behind;
	return true;
}

static void copy(char *to, size_t size, struct word word)
{
	if (word.n < size)
		(void)text_format(to, size, "%.*s", (int)word.n, word.s);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes systemd's escaping of a name within a unit's: "\x2d" is '-', and '-' was '/'. */
static void copy_unescaped(char *to, size_t size, struct word word)
{
	size_t n = 0;

	for (size_t i = 0; i < word.n && n + 1 < size; i++) {
		const char *s = word.s + i;

		if (word.n - i >= 4 && s[0] == '\\' && s[1] == 'x' && hex(s[2]) >= 0 &&
		    hex(s[3]) >= 0) {
			to[n++] = (char)(hex(s[2]) << 4 | hex(s[3]));
			i += 3;
		} else {
			to[n++] = *s == '-' ? '/' : *s;
		}
	}
	to[n] = '\0';
}

static bool has_id(struct word word)
{
	for (size_t i = 0; i < word.n; i++)
		if (hex(word.s[i]) < 0)
			return false;
	return word.n == ID_LENGTH;
}

bool cgroup_is_container_id(const char *s)
{
	return has_id((struct word){ s, strlen(s) });
}

/* docker-ID.scope, cri-containerd-ID.scope, crio-ID.scope, libpod-ID.scope; below a cgroupfs driver
 * ID, libpod-ID, crio-ID; kubepods...slice:cri-containerd:ID. */
static bool take_id(struct word word, struct word parent, char *to)
{
	struct word id = word;

	(void)cut(&id, "", ".scope");
	if (id.n < ID_LENGTH)
		return false;
	id.s += id.n - ID_LENGTH;
	id.n = ID_LENGTH;
	if (!has_id(id) || (id.s > word.s && !strchr("-:", id.s[-1])))
		return false;
	word.n = (size_t)(id.s - word.s);
	/* Who watches over a container is not in it; and a bare id there is a pod's. */
	if (is(word, "conmon-") || ends_with(word, "-conmon-") ||
	    (word.n == 0 && is(parent, "libpod_parent")))
		return false;
	copy(to, CONTAINER_ID_SIZE, id);
	return true;
}

/* lxc.payload.NAME, lxc.payload/NAME and lxc/NAME; systemd-nspawn@NAME.service and
 * machine-NAME.scope. */
static bool take_name(struct word word, struct word parent, struct word next, char *to)
{
	if (cut(&word, "lxc.payload.", "") || is(parent, "lxc") || is(parent, "lxc.payload")) {
		copy(to, CONTAINER_ID_SIZE, word);
		return true;
	}
	if (is(next, "supervisor"))
		return false;
	if (!cut(&word, "systemd-nspawn@", ".service") && !cut(&word, "machine-", ".scope"))
		return false;
	copy_unescaped(to, CONTAINER_ID_SIZE, word);
	return true;
}

static struct word next_word(const char **path)
{
	struct word word;

	*path += strspn(*path, "/");
	word = (struct word){ *path, strcspn(*path, "/") };
	*path += word.n;
	return word;
}

static bool is_unit(struct word word)
{
	return word.n < UNIT_NAME_SIZE &&
	       (ends_with(word, ".service") || ends_with(word, ".scope"));
}

/* The uppermost unit is the manager's own; below user@UID, that user's manager runs another. */
static void take_unit(struct word word, bool in_container, struct owner *owner)
{
	/* systemd puts '_' before a name that the kernel could mistake for one of its files. */
	if (word.n > 1 && *word.s == '_') {
		word.s++;
		word.n--;
	}
	if (!is_unit(word) || is(word, "init.scope"))
		return;
	if (in_container && owner->manager != MANAGER_CONTAINER) {
		owner->manager = MANAGER_CONTAINER;
	} else if (!*owner->unit) {
		owner->manager = in_container ? MANAGER_CONTAINER : MANAGER_SYSTEM;
	} else if (owner->manager == MANAGER_SYSTEM && text_starts_with(owner->unit, "user@")) {
		owner->manager = MANAGER_USER;
	} else {
		return;
	}
	copy(owner->unit, sizeof(owner->unit), word);
}

/* A user's own is told apart by his number, so that it is never taken for root's of that name. */
static void tell_apart(uint32_t user, char to[static CONTAINER_ID_SIZE])
{
	char name[CONTAINER_ID_SIZE];

	memcpy(name, to, sizeof(name));
	if (user && text_format(to, CONTAINER_ID_SIZE, "%u:%s", user, name) < 0)
		(void)text_format(to, CONTAINER_ID_SIZE, "%u:", user); /* a name too long for it */
}

static const char deleted[] = " (deleted)";

void cgroup_path_parse(const char *path, struct owner *ret)
{
	struct word parent = { "", 0 }, word = next_word(&path), next;
	uint32_t user = 0;

	memset(ret, 0, sizeof(*ret));
	for (; word.n; parent = word, word = next) {
		bool in_container = *ret->container;

		next = next_word(&path);
		if (!next.n && ends_with(word, deleted))
			word.n -= strlen(deleted); /* all its processes are gone */
		if (in_container) {
			take_unit(word, true, ret);
			continue;
		}
		if (!user)
			user = cgroup_user_of_word(word.s, word.n);
		if (take_id(word, parent, ret->container) ||
		    take_name(word, parent, next, ret->container)) {
			tell_apart(user, ret->container);
			/* The scope of a container is no unit of its own; a service that runs one
			 * is. */
			if (ends_with(word, ".service"))
				take_unit(word, false, ret);
			continue;
		}
		take_unit(word, false, ret);
	}
}

bool cgroup_path_is_manager(const char *path)
{
	size_t n = strlen(path), end = strlen("/init.scope");
	struct owner owner;

	/* A user's manager, and that of a container, has one of that name too. */
	cgroup_path_parse(path, &owner);
	return !*owner.unit && !*owner.container && n >= end &&
	       strcmp(path + n - end, "/init.scope") == 0;
}

void cgroup_lines_parse(const char *text, struct owner *ret)
{
	bool decided = false;

	memset(ret, 0, sizeof(*ret));
	while (*text) {
		size_t n = strcspn(text, "\n");
		struct owner owner;
		char line[4096 + 1];
		const char *path;

		(void)text_format(line, sizeof(line), "%.*s", n < sizeof(line) ? (int)n : 0, text);
		text += n;
		text += *text == '\n';
		path = strchr(line, ':');
		path = path ? strchr(path + 1, ':') : NULL;
		if (!path)
			continue;
		cgroup_path_parse(path + 1, &owner);
		if (*owner.container) {
			*ret = owner;
			return;
		}
		if (decided || !*owner.unit)
			continue;
		*ret = owner;
		decided = strstr(line, ":name=systemd:") || text_starts_with(line, "0::");
	}
}
