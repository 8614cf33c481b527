/*
 * archive.h - opens one archive or one compressed stream in memory: libarchive behind one door.
 *
 * One reader for one named format, one layer at a time; never a filter that runs a program. Members are extracted into
 * memory under the budget and handed to the visitor, damaged and cut ones too, with what is left of them. Called by
 * decompose.
 */
#ifndef CSAPI_SCAN_ARCHIVE_H
#define CSAPI_SCAN_ARCHIVE_H

#include "scan/budget.h"
#include "scan/detect.h"
#include "verdict/evasion.h"
#include "verdict/scan_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARCHIVE_MEMBER_CODES_MAX 4

struct archive_member {
	const char *name; /* as stored, raw bytes, NUL-terminated; "" if it has none; borrowed */
	size_t name_size;
	const uint8_t *data; /* borrowed for the call; what was extracted, maybe not all */
	size_t size;
	bool stream; /* the content of a compressed stream, not a member */
	/* Its DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM is of a ZIP method that the engine undoes by itself. */
	bool engine_opens;
	uint64_t declared; /* with engine_opens: how many bytes the archive says it has; UINT64_MAX: it does not say */
	unsigned password; /* number of the password that opened it, from 1; 0: none was needed */
	uint64_t packed;   /* with `password`: bytes in the archive */
	/* What is wrong with this member, in no order; 0 to ARCHIVE_MEMBER_CODES_MAX of them. */
	unsigned code_count;
	struct {
		enum scan_code code;
		char text[160];
	} codes[ARCHIVE_MEMBER_CODES_MAX];
	/* A stream of a document that the engine does not read by itself: told only if it holds something. */
	bool noise;
	bool chance; /* with noise: what it seems to be may be chance, and damage in it is none */
	/* Its header lies about it, or nobody else names it; NONE: nothing of that kind. */
	enum evasion evasion;
	char evasion_text[160];
};

struct archive_visitor {
	/* One member (directories and links are passed over, but for a name in them). 0 goes on; 1 ends the walk; < 0 ends it too. */
	int (*member)(void *context, const struct archive_member *member);
	/* Something about the container itself. */
	int (*code)(void *context, enum scan_code code, const char *text);
	/* The container itself is built to be read in more than one way; each evasion once. */
	int (*evasion)(void *context, enum evasion evasion, const char *text);
	/* The member about to be extracted, before it is: what a death from now on is blamed on. */
	int (*next)(void *context, const char *name);
	/* Passwords to try on encrypted members, by number from 1, best first; NULL: there are no more. The function may be NULL: none. Borrowed until the next call. */
	const char *(*password)(void *context, unsigned number);
	/* Tries left that cost time, for all archives of a message; begins with ARCHIVE_TRIES_MOST. NULL where `password` is. */
	unsigned *tries;
	/*
	 * Were these bytes, a whole file, told before? Then a second tree of the same image need not show them again. NULL: nothing was. They are not kept.
	 */
	bool (*known)(void *context, const uint8_t *data, size_t size);
	void *context;
};

/* One try of a password on a member with AES takes some two milliseconds, by design. */
#define ARCHIVE_TRIES_MOST 1000u

/*
 * Walks one container. Never fails: trouble is a code. `budget` is charged for files and bytes; when its count of
 * files or its cumulative size is used up, the walk says so once (code) and ends. Returns what a callback returned
 * to end it, else 0.
 */
int archive_walk(enum detect_format format, const uint8_t *data, size_t size, struct budget *budget,
		 const struct archive_visitor *visitor);

/* "libarchive 3.6.2"; static. */
const char *archive_version(void);

#endif
