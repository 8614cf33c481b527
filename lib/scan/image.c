/*
 * image.c - file systems, in images of disks and by themselves; see image.h.
 *
 * Marks of two or four bytes are believed only with numbers beside them that are possible. Called by detect.
 */
#include "scan/image.h"

#include "scan/mark.h"

#include <string.h>

/* The boot sector of a file system that Windows reads: a jump, a name, and numbers that fit each other. */
static bool is_boot_sector(const uint8_t *data, size_t size)
{
	if (size < 512 || data[510] != 0x55 || data[511] != 0xaa || (data[0] != 0xeb && data[0] != 0xe9))
		return false;
	unsigned bytes = mark_le16(data + 11), sectors = data[13];
	return (bytes == 512 || bytes == 1024 || bytes == 2048 || bytes == 4096) && sectors &&
	       !(sectors & (sectors - 1));
}

static bool exfat_at(const uint8_t *data, size_t size)
{
	return size >= 512 && MARK_STARTS(data, size, 3, "EXFAT   ") && data[510] == 0x55 && data[511] == 0xaa;
}

static bool fat_at(const uint8_t *data, size_t size)
{
	/* one or two tables, and the medium */
	return is_boot_sector(data, size) && (data[16] == 1 || data[16] == 2) && data[21] >= 0xf0;
}

static bool ntfs_at(const uint8_t *data, size_t size)
{
	return is_boot_sector(data, size) && MARK_STARTS(data, size, 3, "NTFS    ");
}

static bool ext_at(const uint8_t *data, size_t size)
{
	/* The superblock: block size and mark, and a state and a handling of errors of which there are few. */
	return size >= 2048 && MARK_STARTS(data, size, 1024 + 56, "\x53\xef") && mark_le32(data + 1024 + 24) <= 6 &&
	       mark_le16(data + 1024 + 58) <= 7 && mark_le16(data + 1024 + 60) <= 3 && mark_le32(data + 1024) != 0;
}

static bool ufs_at(const uint8_t *data, size_t size)
{
	return MARK_STARTS(data, size, 8192 + 1372, "\x54\x19\x01\x00") ||
	       MARK_STARTS(data, size, 65536 + 1372, "\x19\x01\x54\x19") ||
	       MARK_STARTS(data, size, 8192 + 1372, "\x00\x01\x19\x54");
}

/* The old one: a count of 512-byte pieces, bitmap and name of the volume that are possible (Inside Macintosh: Files, 2-60). */
static bool hfs_at(const uint8_t *data, size_t size)
{
	return size >= 1024 + 162 && MARK_STARTS(data, size, 1024, "BD") && mark_be16(data + 1024 + 14) >= 3 &&
	       mark_be32(data + 1024 + 20) && mark_be32(data + 1024 + 20) % 512 == 0 && data[1024 + 36] >= 1 &&
	       data[1024 + 36] <= 27 && !MARK_STARTS(data, size, 1024 + 124, "H+");
}

static bool hfsplus_at(const uint8_t *data, size_t size)
{
	return size >= 1024 + 512 &&
	       (MARK_STARTS(data, size, 1024, "H+\0\4") || MARK_STARTS(data, size, 1024, "HX\0\5"));
}

/* The superblock of a container, and the size of its blocks. */
static bool apfs_at(const uint8_t *data, size_t size)
{
	return size >= 40 && MARK_STARTS(data, size, 32, "NXSB") && mark_le32(data + 36) >= 4096 &&
	       mark_le32(data + 36) <= 65536 && mark_le32(data + 36) % 4096 == 0;
}

static bool xfs_at(const uint8_t *data, size_t size)
{
	return size >= 512 && MARK_STARTS(data, size, 0, "XFSB") && mark_be32(data + 4) >= 512 &&
	       mark_be32(data + 4) <= 65536;
}

static bool btrfs_at(const uint8_t *data, size_t size)
{
	return MARK_STARTS(data, size, 65536 + 64, "_BHRfS_M");
}

/* The superblock, whose blocks are of 512 bytes to 64 KiB. */
static bool erofs_at(const uint8_t *data, size_t size)
{
	return size >= 1024 + 128 && MARK_STARTS(data, size, 1024, "\xe2\xe1\xf5\xe0") && data[1024 + 12] >= 9 &&
	       data[1024 + 12] <= 16;
}

static bool f2fs_at(const uint8_t *data, size_t size)
{
	return size >= 1024 + 128 && MARK_STARTS(data, size, 1024, "\x10\x20\xf5\xf2") &&
	       mark_le16(data + 1024 + 4) == 1;
}

static bool jfs_at(const uint8_t *data, size_t size)
{
	return MARK_STARTS(data, size, 32768, "JFS1\1\0\0\0") || MARK_STARTS(data, size, 32768, "JFS1\2\0\0\0");
}

static bool reiserfs_at(const uint8_t *data, size_t size)
{
	return MARK_STARTS(data, size, 65536 + 52, "ReIsErFs") || MARK_STARTS(data, size, 65536 + 52, "ReIsEr2Fs") ||
	       MARK_STARTS(data, size, 65536 + 52, "ReIsEr3Fs") || MARK_STARTS(data, size, 65536, "ReIsEr4");
}

static bool lvm_at(const uint8_t *data, size_t size)
{
	return MARK_STARTS(data, size, 512, "LABELONE") && MARK_STARTS(data, size, 512 + 24, "LVM2 001");
}

bool image_has_partitions(const uint8_t *data, size_t size, uint64_t bytes)
{
	bool found = false;
	if (size < 512 || data[510] != 0x55 || data[511] != 0xaa)
		return false;
	for (const uint8_t *entry = data + 446; entry < data + 510; entry += 16) {
		uint64_t start = (uint64_t)mark_le32(entry + 8) * 512;
		if (entry[0] & 0x7f)
			return false;
		found |= entry[4] && start && start < bytes && mark_le32(entry + 12);
	}
	return found;
}

static bool disk_at(const uint8_t *data, size_t size)
{
	return image_has_partitions(data, size, size);
}

static const struct {
	enum detect_format format;
	bool (*at)(const uint8_t *data, size_t size);
} systems[IMAGE_SYSTEMS] = {
	{DETECT_DISK, disk_at}, {DETECT_FAT, fat_at}, {DETECT_EXFAT, exfat_at},       {DETECT_NTFS, ntfs_at},
	{DETECT_EXT, ext_at},   {DETECT_UFS, ufs_at}, {DETECT_HFS, hfs_at},           {DETECT_HFSPLUS, hfsplus_at},
	{DETECT_APFS, apfs_at}, {DETECT_XFS, xfs_at}, {DETECT_BTRFS, btrfs_at},       {DETECT_EROFS, erofs_at},
	{DETECT_F2FS, f2fs_at}, {DETECT_JFS, jfs_at}, {DETECT_REISERFS, reiserfs_at}, {DETECT_LVM, lvm_at},
};

unsigned image_find(const uint8_t *data, size_t size, enum detect_format ret_formats[IMAGE_SYSTEMS])
{
	unsigned count = 0;
	for (size_t i = 0; i < IMAGE_SYSTEMS; i++)
		if (systems[i].at(data, size))
			ret_formats[count++] = systems[i].format;
	return count;
}

bool image_is(enum detect_format format, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < IMAGE_SYSTEMS; i++)
		if (systems[i].format == format)
			return systems[i].at(data, size);
	return false;
}
