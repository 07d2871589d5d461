/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quoted values of docker compose's env files. Both quotes know the backslash before the quote, the
 * double ones \a \b \f \n \r \t \v \\ \$ and octal \0 besides. Pure. */
#ifndef UNQUOTE_H
#define UNQUOTE_H

/* The closing quote of what begins at @s with the opening one; NULL when there is none. */
char *unquote_find(char *s);

/* Puts what stands between the quotes, from @s up to @end, in its place, with a NUL behind it. A
 * "$" that is meant as such becomes "$$", as interpolation wants it; that is no longer than it was.
 */
void unquote(char *s, const char *end, char quote);

#endif
