/*
 * password_list.h - passwords to try on encrypted archives, as a value.
 *
 * Read by format/password_file, carried by a request, tried by the worker. Pure value: no ownership.
 */
#ifndef CSAPI_VERDICT_PASSWORD_LIST_H
#define CSAPI_VERDICT_PASSWORD_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Longest password, in bytes. */
#define PASSWORD_MOST 127u
/* Bytes of all in one file, each with its end: what is tried costs time. A request has room for those of two, the client's and the scanner's. */
#define PASSWORD_FILE_ROOM 4096u
#define PASSWORD_LIST_ROOM ((size_t)2 * PASSWORD_FILE_ROOM)

struct password_list {
	size_t size; /* of text that is in use */
	char text[PASSWORD_LIST_ROOM];
};

/* Is it UTF-8 of 1 to PASSWORD_MOST bytes? */
bool password_valid(const char *password);
/* Adds a valid one, unless it is there. 0; -E2BIG: there is no room. */
int password_list_add(struct password_list *list, const char *password);
/* The one behind `password`, NULL: the first. NULL: there are no more. */
const char *password_list_next(const struct password_list *list, const char *password);
/* Adds all of another list; those beyond the room are left out, which lists of one file each never are. */
void password_list_join(struct password_list *list, const struct password_list *other);

#endif
