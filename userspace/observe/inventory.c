// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observe/inventory.h"

#include <string.h>

#define INIT 1 /* its pid */

/* The place of @cookie, or where it would have to go. */
static size_t place(const struct inventory *inventory, uint64_t cookie)
{
	size_t low = 0, high = inventory->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (inventory->list[middle]->cookie < cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void inventory_clear(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n; i++)
		free(inventory->list[i]);
	free(inventory->list);
	memset(inventory, 0, sizeof(*inventory));
}

struct listener *inventory_find(const struct inventory *inventory, uint64_t cookie)
{
	size_t i = place(inventory, cookie);

	return i < inventory->n && inventory->list[i]->cookie == cookie ? inventory->list[i] : NULL;
}

void inventory_recount(struct inventory *inventory)
{
	inventory->n_foreign = 0;
	for (size_t i = 0; i < inventory->n; i++)
		inventory->n_foreign += !netns_set_has(inventory->own, inventory->list[i]->netns);
}

/* Others fill what is theirs, and never the room of those that matter. */
static bool has_room(const struct inventory *inventory, bool is_own)
{
	return inventory->n < INVENTORY_MAX &&
	       (is_own || inventory->n_foreign < INVENTORY_MAX - INVENTORY_RESERVED);
}

bool inventory_is_full(const struct inventory *inventory, uint32_t netns)
{
	return !has_room(inventory, netns_set_has(inventory->own, netns));
}

static bool insert(struct inventory *inventory, size_t i, struct listener *listener)
{
	bool is_own = netns_set_has(inventory->own, listener->netns);

	if (!has_room(inventory, is_own)) {
		inventory->n_left_out++;
		inventory->n_left_out_own += is_own;
		return false;
	}
	if (inventory->n == inventory->room) {
		size_t room = inventory->room ? 2 * inventory->room : 32;
		struct listener **list = realloc(inventory->list, room * sizeof(struct listener *));

		if (!list)
			return false;
		inventory->list = list;
		inventory->room = room;
	}
	memmove(inventory->list + i + 1, inventory->list + i,
		(inventory->n - i) * sizeof(struct listener *));
	inventory->list[i] = listener;
	inventory->n++;
	inventory->n_foreign += !is_own;
	return true;
}

struct listener *inventory_put(struct inventory *inventory, const struct listener *listener)
{
	size_t i = place(inventory, listener->cookie);
	cleanup(memory_freep) struct listener *copy = NULL;

	if (i < inventory->n && inventory->list[i]->cookie == listener->cookie) {
		*inventory->list[i] = *listener;
		return inventory->list[i];
	}
	copy = malloc(sizeof(*copy));
	if (!copy)
		return NULL;
	*copy = *listener;
	return insert(inventory, i, copy) ? TAKE_PTR(copy) : NULL;
}

bool inventory_adopt(struct inventory *inventory, struct listener *listener)
{
	return insert(inventory, place(inventory, listener->cookie), listener);
}

void inventory_remove(struct inventory *inventory, uint64_t cookie)
{
	size_t i = place(inventory, cookie);

	if (i == inventory->n || inventory->list[i]->cookie != cookie)
		return;
	inventory->n_foreign -= !netns_set_has(inventory->own, inventory->list[i]->netns);
	free(inventory->list[i]);
	inventory->n--;
	memmove(inventory->list + i, inventory->list + i + 1,
		(inventory->n - i) * sizeof(struct listener *));
}

void listener_add_holder(struct listener *listener, const struct holder *holder)
{
	size_t i = 0;

	for (size_t j = 0; j < listener->n_holders; j++)
		if (listener->holders[j].kernel_pid == holder->kernel_pid)
			return;
	while (i < listener->n_holders && listener->holders[i].started_ns <= holder->started_ns)
		i++;
	if (i == LISTENER_HOLDERS_MAX)
		return;
	if (listener->n_holders < LISTENER_HOLDERS_MAX)
		listener->n_holders++;
	memmove(listener->holders + i + 1, listener->holders + i,
		(listener->n_holders - i - 1) * sizeof(*holder));
	listener->holders[i] = *holder;
}

bool listener_is_of(const struct listener *listener, const struct holder *holder)
{
	const struct holder *oldest = &listener->holders[0];

	if (!listener->n_holders)
		return true;
	if (oldest->kernel_pid == INIT)
		return listener->n_holders == 1 ||
		       holder->started_ns < listener->holders[1].started_ns;
	return holder->kernel_pid != INIT && holder->started_ns < oldest->started_ns;
}

void inventory_note_end(struct inventory *inventory, const struct task_end *end)
{
	inventory->ends[inventory->n_ends++ % INVENTORY_ENDS_MAX] = *end;
}

void inventory_forget_end(struct inventory *inventory, uint32_t kernel_pid)
{
	for (size_t i = 0; i < INVENTORY_ENDS_MAX; i++)
		if (inventory->ends[i].kernel_pid == kernel_pid)
			inventory->ends[i].kernel_pid = 0;
}

const struct task_end *inventory_end(const struct inventory *inventory, uint32_t kernel_pid)
{
	size_t known =
		inventory->n_ends < INVENTORY_ENDS_MAX ? inventory->n_ends : INVENTORY_ENDS_MAX;

	for (size_t back = 1; back <= known && kernel_pid; back++) {
		const struct task_end *end =
			&inventory->ends[(inventory->n_ends - back) % INVENTORY_ENDS_MAX];

		if (end->kernel_pid == kernel_pid)
			return end;
	}
	return NULL;
}

bool task_end_is_abnormal(const struct task_end *end)
{
	return end->oom || end->signal || end->exit_code;
}

struct task_end inventory_explain(const struct inventory *inventory,
				  const struct listener *listener, const struct task_end *closer)
{
	const struct task_end *opener = inventory_end(inventory, listener->opener);

	if (!opener)
		return *closer;
	/* An opener that ended well (a daemon's first process) explains nothing: who came after
	 * does. */
	return task_end_is_abnormal(opener) ? *opener : *closer;
}
