/*
 * zip.h - what the directory of a ZIP archive says, between its reader and those who look for contradictions.
 *
 * Private to this folder.
 */
#ifndef CSAPI_SCAN_ARCHIVE_ZIP_H
#define CSAPI_SCAN_ARCHIVE_ZIP_H

#include "scan/archive/walk.h"
#include "scan/mark.h"

#define ZIP_LOCAL_SIZE     30u /* a local header without name and extra field */
#define ZIP_DIRECTORY_SIZE 46u /* an entry of the directory, likewise */

/* What the directory says about one member. */
struct zip_entry {
	size_t local; /* offset of the local header */
	size_t entry; /* offset of this entry */
	size_t end;   /* of the data; `local` where there is no local header */
	uint64_t packed;
	uint16_t flags, method;
	bool repeated; /* another entry has the same name, and other contents */
};

struct zip_directory {
	struct zip_entry *entries; /* sorted by `local`, then by `entry` */
	size_t count;
	size_t listed;     /* how many there are, also if the library reached fewer: see directory_cut */
	uint64_t distinct; /* local headers that they name */
	bool present;      /* there is an end record and so a directory, maybe an empty one */
};

/* The entry that the library's member with that number (from 0) came from. Numbers rise from call to call; a place begins as zeros. NULL: there is none. */
struct layout_place {
	size_t at; /* of the entries */
	uint64_t ordinal;
};
const struct zip_entry *layout_entry(const struct zip_directory *directory, struct layout_place *place,
				     uint64_t ordinal);

/* For one archive whose members may be encrypted; begins with the first two set. */
struct lock {
	struct walk *walk;
	const struct zip_directory *directory;
	unsigned last;   /* number of the password that opened a member; 0: none did yet */
	unsigned failed; /* members that nothing opened */
	uint64_t copied; /* bytes of members that were tried */
	struct layout_place place;
};

/*
 * Tries the passwords on an encrypted member, which is that of the library's with that number. True: one opened it, and its data are appended,
 * as far as the budget goes.
 */
bool lock_open(struct lock *lock, uint64_t ordinal, struct member *member);

/*
 * Tells what in an archive with a directory can be read in more than one way, all but hidden members; of those with the same name it
 * only marks the entries.
 */
void layout_judge(struct walk *walk, struct zip_directory *directory, const struct mark_zip_end *end);

/* Goes along the archive: does a rising offset lie in the data of a member, or is it the header of one? */
struct layout_cursor {
	size_t next; /* of the entries */
	size_t end;  /* of the data passed so far */
};
bool layout_covers(const struct zip_directory *directory, struct layout_cursor *cursor, size_t offset);

#endif
