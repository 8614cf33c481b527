/*
 * disk.c - images of disks: the first byte chooses what they are, and the rest are pieces of one, each behind its place and its size, for an image
 * is mostly zeros. Records of NTFS are made whole, so that what is in them is looked at. A file system without an end ends.
 */
#define MEMBERS_BYTES_MOST (256u << 10)
#include "members.h"

#include "scan/image.h"
#include "scan/mark.h"

#define IMAGE_MOST (6u << 20)
#define RECORD     1024u

static const enum detect_format formats[] = {DETECT_FAT,  DETECT_EXFAT, DETECT_NTFS,
					     DETECT_DISK, DETECT_VHD,   DETECT_VHDX};

/* Puts the pieces in their places; how large the image is. */
static size_t expand(const uint8_t *data, size_t size, uint8_t *image)
{
	size_t whole = 0;
	for (size_t at = 0; size - at > 6;) {
		size_t place = mark_le32(data + at) % IMAGE_MOST, piece = mark_le16(data + at + 4);
		at += 6;
		if (piece > size - at)
			piece = size - at;
		if (piece > IMAGE_MOST - place)
			piece = IMAGE_MOST - place;
		memcpy(image + place, data + at, piece);
		whole = place + piece > whole ? place + piece : whole;
		at += piece;
	}
	return whole;
}

/* The ends of sectors as they are written, and what belongs there in front. */
static void mend_records(uint8_t *image, size_t size)
{
	for (size_t at = 0; at + RECORD <= size; at += 512) {
		uint8_t *record = image + at;
		if (memcmp(record, "FILE", 4) != 0)
			continue;
		memcpy(record + 4, "\x30\0\3\0", 4);
		memcpy(record + 50, record + 510, 2);
		memcpy(record + 52, record + 1022, 2);
		memcpy(record + 510, record + 48, 2);
		memcpy(record + 1022, record + 48, 2);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Zeros between two inputs. */
	static uint8_t image[IMAGE_MOST];
	unsigned codes = 0;
	if (!size)
		return 0;
	size_t whole = expand(data + 1, size - 1, image);
	mend_records(image, whole);
	/* A block of just that size, so that the sanitizer sees what is read behind it. */
	uint8_t *exact = malloc(whole ? whole : 1);
	if (exact) {
		memcpy(exact, image, whole);
		enum detect_format format = formats[data[0] % (sizeof formats / sizeof *formats)];
		members_walk(format, exact, whole, (struct archive_visitor){.known = NULL}, &codes);
	}
	free(exact);
	memset(image, 0, whole);
	return 0;
}
