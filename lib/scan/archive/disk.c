/*
 * disk.c - images of disks, and of virtual ones; see disk.h.
 */
#include "scan/archive/disk.h"

#include "scan/archive/extent.h"
#include "scan/mark.h"

#include <string.h>

/* VHD: the footer, of which a copy stands in front of a dynamic disk, and the header behind that. */
#define FOOTER          512u
#define TYPE_FIXED      2u
#define TYPE_DYNAMIC    3u
#define TYPE_DIFFERENCE 4u
#define HEADER          1024u
#define UNUSED          0xffffffffu
/* VHDX: where headers and tables of regions stand, and what they hold at most ([MS-VHDX], 2.2). */
#define KILOBYTES_64  65536u
#define REGIONS_MOST  2047u
#define METADATA_MOST 2047u
#define MEGABYTE      (1u << 20)

enum { STATE_ABSENT, STATE_UNDEFINED, STATE_ZERO, STATE_UNMAPPED, STATE_PRESENT = 6, STATE_PARTLY };

/* --- VHD --------------------------------------------------------------------------------------------------------- */

static enum scan_code open_dynamic(struct disk *disk, const uint8_t *footer, const char **ret_text)
{
	uint64_t at = mark_be64(footer + 16);
	*ret_text = "a virtual disk (VHD) whose table is not where it should be";
	if (at >= disk->size || disk->size - at < HEADER || memcmp(disk->data + at, "cxsparse", 8) != 0)
		return DEC_RESULT_MALFORMED_CONTAINER_DETECTED;
	const uint8_t *header = disk->data + at;
	uint64_t table = mark_be64(header + 16);
	disk->entries = mark_be32(header + 28);
	disk->block = mark_be32(header + 32);
	if (table >= disk->size || (disk->size - table) / 4 < disk->entries)
		return DEC_RESULT_MALFORMED_CONTAINER_DETECTED;
	if (disk->block < FOOTER || disk->block & (disk->block - 1))
		return DEC_RESULT_MALFORMED_CONTAINER_DETECTED;
	disk->table = disk->data + table;
	disk->bitmap = (size_t)(disk->block / 512 / 8 + 511) / 512 * 512;
	disk->kind = DISK_VHD;
	return SCAN_CODE_NONE;
}

static enum scan_code open_vhd(struct disk *disk, const char **ret_text)
{
	*ret_text = "a virtual disk (VHD) of an unknown type";
	if (disk->size < FOOTER)
		return DEC_RESULT_MALFORMED_CONTAINER_DETECTED;
	const uint8_t *footer = disk->data + disk->size - FOOTER;
	if (memcmp(footer, "conectix", 8) != 0)
		footer = disk->data;
	disk->bytes = mark_be64(footer + 48);
	switch (mark_be32(footer + 60)) {
	case TYPE_FIXED:
		disk->bytes = disk->size - FOOTER;
		return SCAN_CODE_NONE;
	case TYPE_DYNAMIC:
		return open_dynamic(disk, footer, ret_text);
	case TYPE_DIFFERENCE:
		*ret_text = "a virtual disk (VHD) that is the difference to another one";
		return DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM;
	default:
		return DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM;
	}
}

/* Is the sector there, or zeros? */
static bool vhd_has(const uint8_t *bitmap, uint64_t sector)
{
	return bitmap[sector / 8] >> (7 - sector % 8) & 1;
}

static const uint8_t *vhd_at(struct disk *disk, uint64_t offset, uint64_t want, uint64_t *ret_size)
{
	uint64_t number = offset / disk->block, in = offset % disk->block;
	uint32_t place = number < disk->entries ? mark_be32(disk->table + number * 4) : UNUSED;
	*ret_size = want < disk->block - in ? want : disk->block - in;
	if (place == UNUSED)
		return NULL;
	uint64_t start = (uint64_t)place * 512;
	if (start > disk->size || disk->size - start < disk->bitmap + in + *ret_size) {
		*ret_size = 0;
		return NULL;
	}
	/* As far as the sectors are all there, or all not. */
	const uint8_t *bitmap = disk->data + start;
	uint64_t sector = in / 512, next = sector + 1;
	bool there = vhd_has(bitmap, sector);
	while (next * 512 < in + *ret_size && vhd_has(bitmap, next) == there)
		next++;
	if (*ret_size > next * 512 - in)
		*ret_size = next * 512 - in;
	const uint8_t *data = bitmap + disk->bitmap + in;
	for (uint64_t i = 0; !there && !disk->doubtful && i < *ret_size; i++)
		disk->doubtful = data[i];
	return there ? data : NULL;
}

/* --- VHDX -------------------------------------------------------------------------------------------------------- */

/* Globally unique identifiers of regions and of what the region of metadata holds. */
static const uint8_t region_blocks[] = "\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08";
static const uint8_t region_metadata[] = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e";
static const uint8_t item_parameters[] = "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b";
static const uint8_t item_size[] = "\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8";
static const uint8_t item_sector[] = "\x1d\xbf\x41\x81\x6f\xa9\x09\x47\xba\x47\xf2\x33\xa8\xfa\xab\x5f";

/* The header that was written last: the one with the higher number. NULL: there is none. */
static const uint8_t *vhdx_header(const struct disk *disk)
{
	const uint8_t *found = NULL;
	for (size_t at = KILOBYTES_64; at <= 2 * KILOBYTES_64; at += KILOBYTES_64) {
		if (!MARK_STARTS(disk->data, disk->size, at, "head") || disk->size - at < 80)
			continue;
		const uint8_t *header = disk->data + at;
		if (!found || mark_le64(header + 8) > mark_le64(found + 8))
			found = header;
	}
	return found;
}

/* A region of the file that one of the two tables names. */
static bool region_find(struct disk *disk, const uint8_t *id, const uint8_t **ret_region, uint64_t *ret_size)
{
	for (size_t at = 3 * KILOBYTES_64; at <= 4 * KILOBYTES_64; at += KILOBYTES_64) {
		if (!MARK_STARTS(disk->data, disk->size, at, "regi") || disk->size - at < KILOBYTES_64)
			continue;
		uint32_t count = mark_le32(disk->data + at + 8);
		for (uint32_t i = 0; i < count && i < REGIONS_MOST; i++) {
			const uint8_t *entry = disk->data + at + 16 + 32 * (size_t)i;
			uint64_t offset = mark_le64(entry + 16);
			if (memcmp(entry, id, 16) != 0 || offset >= disk->size)
				continue;
			uint64_t left = disk->size - offset, length = mark_le32(entry + 24);
			*ret_region = disk->data + offset;
			*ret_size = length < left ? length : left;
			return true;
		}
	}
	return false;
}

/* What the region of metadata holds under this name: so many bytes. NULL: nothing. */
static const uint8_t *item_find(const uint8_t *region, uint64_t size, const uint8_t *id, size_t least)
{
	if (size < KILOBYTES_64 || memcmp(region, "metadata", 8) != 0)
		return NULL;
	uint16_t count = mark_le16(region + 10);
	for (uint16_t i = 0; i < count && i < METADATA_MOST; i++) {
		const uint8_t *entry = region + 32 + 32 * (size_t)i;
		uint32_t offset = mark_le32(entry + 16);
		if (memcmp(entry, id, 16) == 0)
			return offset <= size && size - offset >= least ? region + offset : NULL;
	}
	return NULL;
}

static enum scan_code open_vhdx(struct disk *disk, const char **ret_text)
{
	static const uint8_t none[16] = {0};
	const uint8_t *header = vhdx_header(disk), *region = NULL, *parameters, *bytes, *sector;
	uint64_t size = 0, table = 0;
	*ret_text = "a virtual disk (VHDX) whose tables are not where they should be";
	if (!header || !region_find(disk, region_metadata, &region, &size) ||
	    !region_find(disk, region_blocks, &disk->table, &table))
		return DEC_RESULT_MALFORMED_CONTAINER_DETECTED;
	parameters = item_find(region, size, item_parameters, 8);
	bytes = item_find(region, size, item_size, 8);
	sector = item_find(region, size, item_sector, 4);
	if (!parameters || !bytes || !sector)
		return DEC_RESULT_MALFORMED_CONTAINER_DETECTED;
	disk->kind = DISK_VHDX;
	disk->entries = table / 8;
	disk->block = mark_le32(parameters);
	disk->bytes = mark_le64(bytes);
	uint32_t width = mark_le32(sector);
	if (disk->block < MEGABYTE || disk->block > 256 * MEGABYTE || disk->block & (disk->block - 1) ||
	    (width != 512 && width != 4096))
		return DEC_RESULT_MALFORMED_CONTAINER_DETECTED;
	disk->ratio = ((uint64_t)width << 23) / disk->block;
	if (mark_le32(parameters + 4) & 2) {
		*ret_text = "a virtual disk (VHDX) that is the difference to another one";
		return DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM;
	}
	if (memcmp(header + 48, none, sizeof none) != 0) {
		*ret_text = "a virtual disk (VHDX) with a log that was not written into it yet";
		return DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM;
	}
	return SCAN_CODE_NONE;
}

static const uint8_t *vhdx_at(const struct disk *disk, uint64_t offset, uint64_t want, uint64_t *ret_size)
{
	uint64_t number = offset / disk->block, in = offset % disk->block, entry = number + number / disk->ratio;
	uint64_t place = entry < disk->entries ? mark_le64(disk->table + entry * 8) : 0, start = place >> 20 << 20;
	*ret_size = want < disk->block - in ? want : disk->block - in;
	if ((place & 7) != STATE_PRESENT && (place & 7) != STATE_PARTLY)
		return NULL;
	if (start > disk->size || disk->size - start < in + *ret_size) {
		*ret_size = 0;
		return NULL;
	}
	return disk->data + start + in;
}

/* --- all of them ------------------------------------------------------------------------------------------------- */

enum scan_code disk_open(struct disk *ret_disk, enum detect_format format, const uint8_t *data, size_t size,
			 const char **ret_text)
{
	*ret_disk = (struct disk){.data = data, .size = size, .bytes = size, .kind = DISK_RAW};
	*ret_text = "";
	if (format == DETECT_VHD)
		return open_vhd(ret_disk, ret_text);
	return format == DETECT_VHDX ? open_vhdx(ret_disk, ret_text) : SCAN_CODE_NONE;
}

const uint8_t *disk_at(struct disk *disk, uint64_t offset, uint64_t want, uint64_t *ret_size)
{
	*ret_size = 0;
	if (offset >= disk->bytes)
		return NULL;
	if (want > disk->bytes - offset)
		want = disk->bytes - offset;
	if (!want)
		return NULL;
	if (disk->kind == DISK_VHD)
		return vhd_at(disk, offset, want, ret_size);
	if (disk->kind == DISK_VHDX)
		return vhdx_at(disk, offset, want, ret_size);
	*ret_size = want;
	return disk->data + offset;
}

static const uint8_t *at_disk(void *context, uint64_t offset, uint64_t want, uint64_t *ret_size)
{
	return disk_at(context, offset, want, ret_size);
}

bool disk_read(struct disk *disk, uint64_t offset, void *bytes, size_t size)
{
	return extent_read(at_disk, disk, offset, bytes, size);
}
