/*
 * mark.h - finds archives that begin behind foreign bytes, or are read from their end.
 *
 * Self-extracting programs and polyglots put an archive behind something else. Each mark is believed only when the
 * header that follows it proves itself by a check sum or by pointing at what it names, so that a program which merely
 * holds the mark as a constant is not taken for an archive. Called by detect and archive.
 */
#ifndef CSAPI_SCAN_MARK_H
#define CSAPI_SCAN_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARK_NONE SIZE_MAX

/* Little-endian numbers; the caller has checked that the bytes are there. */
uint16_t mark_le16(const uint8_t *data);
uint32_t mark_le32(const uint8_t *data);
uint64_t mark_le64(const uint8_t *data);
/* Big-endian, likewise. */
uint16_t mark_be16(const uint8_t *data);
uint32_t mark_be32(const uint8_t *data);
uint64_t mark_be64(const uint8_t *data);
/* Do these bytes stand there, whole? */
bool mark_starts(const uint8_t *data, size_t size, size_t offset, const char *bytes, size_t count);
#define MARK_STARTS(data, size, offset, bytes) mark_starts(data, size, offset, bytes, sizeof(bytes) - 1)
/* A sector as it lies on a CD (ECMA-130, 14.2), and with the bytes of the subchannels behind it. */
#define MARK_CD_SECTOR     2352u
#define MARK_CD_WITH_CODES 2448u
/* Does one begin there, with its twelve bytes of synchronization? */
bool mark_cd_sector(const uint8_t *data, size_t size, size_t offset);
/* From the first of them to the second: one of the two sizes. */
size_t mark_cd_step(const uint8_t *data, size_t size);
/* CRC-32 as zip, RAR and 7-Zip use it. */
uint32_t mark_crc32(const uint8_t *data, size_t size);

/* Offset of the first archive with a proven header, or MARK_NONE. A mark at offset 0 needs no proof. */
size_t mark_rar4(const uint8_t *data, size_t size);
size_t mark_rar5(const uint8_t *data, size_t size);
size_t mark_seven_zip(const uint8_t *data, size_t size);

/* Offset of the line end behind which a line is empty, with a return before its end or without: that of a header. MARK_NONE: there is none. */
size_t mark_blank_line(const uint8_t *data, size_t size);
/*
 * In a script ("#!") that is followed by an archive, where that begins: at the first mark behind the end of a line. The mark stands `offset` bytes
 * from there. MARK_NONE: it is no script, or has none.
 */
size_t mark_script(const uint8_t *data, size_t size, const char *mark, size_t offset);

/* The end record of a ZIP archive, and where the directory is that it speaks of. */
struct mark_zip_end {
	size_t record;         /* offset of the end record */
	size_t directory;      /* offset of the central directory in the data */
	size_t directory_size; /* in bytes; directory + directory_size <= record */
	size_t base;           /* what must be added to the offsets that the directory holds */
	uint64_t entries;
	bool volume; /* the record says that there are other volumes */
};

/* Finds the last end record that holds together. False if there is none. */
bool mark_zip_end(const uint8_t *data, size_t size, struct mark_zip_end *ret_end);

#endif
