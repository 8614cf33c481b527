/*
 * outline.h - the parts of a message as a reader sees them who takes everything for structure that looks like it.
 *
 * GMime reads a message in one way; mail programs read a broken or ambiguous one in many. This reader believes no declared
 * boundary, no order of fields and no name that is written correctly: a part begins wherever a line of dashes or a field
 * Content-* stands, and ends where the next begins. It finds too much, never too little: what it finds is scanned, and
 * told only if there is something in it. Only finds: nothing is decoded. Called by readings.
 */
#ifndef CSAPI_SCAN_OUTLINE_H
#define CSAPI_SCAN_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outline_part {
	size_t start, size;     /* of the body, in the data; no line end in front of a boundary */
	bool declared;          /* a field Content-* stands in front of it */
	bool base64;            /* the header has the word somewhere, however it is written */
	bool quoted;            /* likewise quoted-printable */
	unsigned encodings;     /* fields that look like Content-Transfer-Encoding */
	size_t name, name_size; /* of the file, in the data, as it stands; size 0: none */
};

/* Parts of one text that are found; more are not told apart from the last one. Ours: ordinary mail has a few dozen. */
#define OUTLINE_PARTS_MOST 4096u

struct outline {
	struct outline_part *parts; /* owned; in order */
	unsigned count;
	bool cut; /* there are more */
};

/* A stretch of the data in which no structure is looked for, since it is known to be one encoded body. */
struct outline_gap {
	size_t start, size;
};

/*
 * Finds the parts; gaps in order, not overlapping. 0 with *ret_outline set up, to be freed with outline_free; -ENOMEM with nothing to free.
 */
int outline_find(const uint8_t *data, size_t size, const struct outline_gap *gaps, size_t gap_count,
		 struct outline *ret_outline);
void outline_free(struct outline *outline);

#endif
