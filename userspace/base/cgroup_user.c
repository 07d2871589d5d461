// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/cgroup_user.h"

#include <string.h>

/* The number between @prefix and @suffix, of at most ten digits; 0: it is none. */
static uint32_t number_between(const char *word, size_t n, const char *prefix, const char *suffix)
{
	size_t before = strlen(prefix), behind = strlen(suffix);
	uint64_t number = 0;

	if (n <= before + behind || n > before + behind + 10 || memcmp(word, prefix, before) != 0 ||
	    memcmp(word + n - behind, suffix, behind) != 0)
		return 0;
	for (size_t i = before; i < n - behind; i++) {
		if (word[i] < '0' || word[i] > '9')
			return 0;
		number = number * 10 + (uint64_t)(word[i] - '0');
	}
	return number < UINT32_MAX ? (uint32_t)number : 0;
}

uint32_t cgroup_user_of_word(const char *word, size_t n)
{
	return number_between(word, n, "user@", ".service");
}

bool cgroup_is_users(const char *path, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t length = strcspn(path + i, "/");

		if (length > n - i)
			length = n - i;
		if (cgroup_user_of_word(path + i, length))
			return true;
		i += length + 1;
	}
	return false;
}
