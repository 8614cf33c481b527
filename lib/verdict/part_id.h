/*
 * part_id.h - ids of parts, each used once in a report.
 *
 * An id is a path for people: "2/invoice.zip/a.exe". The worker makes them unique here, and the report refuses one that
 * comes twice. Called by decompose and report.
 */
#ifndef CSAPI_VERDICT_PART_ID_H
#define CSAPI_VERDICT_PART_ID_H

#include <stdint.h>

struct part_ids {
	void *tree; /* of copies of the ids, owned */
};

/* Notes an id as used. 0, -EEXIST when it was, -ENOMEM. */
int part_ids_take(struct part_ids *ids, const char *id);
/*
 * Takes `id`, cut to REQUEST_PART_MAX bytes; where that is used, with "#2", "#3" and so on behind it. Caller frees;
 * NULL: no memory.
 */
char *part_ids_unique(struct part_ids *ids, const char *id);
void part_ids_free(struct part_ids *ids);

#endif
