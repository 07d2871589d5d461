// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report/show_style.h"

static const struct {
	const char *word;
	const char *color;
} states[] = {
	[PLUGIN_OK] = { "OK", "\033[32m" },
	[PLUGIN_WARNING] = { "WARNING", "\033[33m" },
	[PLUGIN_CRITICAL] = { "CRITICAL", "\033[31m" },
	[PLUGIN_UNKNOWN] = { "UNKNOWN", "\033[35m" },
};

const char *show_style_word(enum plugin_state state)
{
	return states[state].word;
}

const char *show_style_color(const struct show_style *style, enum plugin_state state)
{
	return style->color ? states[state].color : "";
}

const char *show_style_plain(const struct show_style *style)
{
	return style->color ? "\033[0m" : "";
}
