/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel side says, in the words of the model. Pure. */
#ifndef EVENT_H
#define EVENT_H

#include "bpf/listener_event.h"
#include "model/listener.h"

struct listener event_listener(const struct listener_socket *socket);
struct holder event_holder(const struct listener_task *task);
struct task_end event_end(const struct listener_event *event);

#endif
