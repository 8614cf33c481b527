/*
 * name_list.h - names that end in NUL, read one by one from a file (--files0-from).
 *
 * A name longer than any path is reported and passed over, so that the list costs no more memory than one path. Called by input.c.
 */
#ifndef CSAPI_CMD_SCAN_NAME_LIST_H
#define CSAPI_CMD_SCAN_NAME_LIST_H

#include "base/why.h"

#include <stdbool.h>

struct name_list;

/* "-" is standard input. 0; a negative errno with why. */
int name_list_open(const char *path, struct name_list **ret_list, struct why *why);
/* Can the next name be read without waiting for whoever writes the list? It may be half a name, and take a while then. */
bool name_list_ready(const struct name_list *list);
/*
 * 1 with the next name, which is valid until the next call; where the name is too long, why says so and the name is
 * its beginning. 0 at the end; a negative errno with why where reading failed. why is left alone otherwise.
 */
int name_list_next(struct name_list *list, const char **ret_name, struct why *why);
/* Names returned so far. */
unsigned long name_list_count(const struct name_list *list);
/* NULL is allowed. */
void name_list_close(struct name_list *list);

#endif
