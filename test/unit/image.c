/*
 * image.c - file systems are told by their superblocks, by themselves and in a partition, and not by their marks alone.
 */
#include "scan/image.h"
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(text) text, sizeof(text) - 1
#define SIZE        (96u << 10)

struct piece {
	size_t at;
	const char *bytes;
	size_t size;
};

/* Its pieces, and a byte whose change makes it something else. */
static const struct {
	enum detect_format format;
	struct piece pieces[4];
	size_t change;
} systems[] = {
	{DETECT_FAT,
	 {{0, BYTES("\xeb\x3c\x90MSDOS5.0\0\2\1")}, {16, BYTES("\2\0\2\0\10\xf8")}, {510, BYTES("\x55\xaa")}},
	 21},
	{DETECT_EXFAT,
	 {{0, BYTES("\xeb\x76\x90"
		    "EXFAT   ")},
	  {510, BYTES("\x55\xaa")}},
	 5},
	{DETECT_NTFS, {{0, BYTES("\xeb\x52\x90NTFS    \0\2\10")}, {510, BYTES("\x55\xaa")}}, 4},
	{DETECT_EXT, {{1024, BYTES("\x10\0\0\0")}, {1080, BYTES("\x53\xef\1\0\1\0")}}, 1084},
	{DETECT_UFS, {{8192 + 1372, BYTES("\x54\x19\1\0")}}, 8192 + 1373},
	{DETECT_HFS,
	 {{1024, BYTES("BD")}, {1038, BYTES("\0\3")}, {1044, BYTES("\0\0\2\0")}, {1060, BYTES("\4disk")}},
	 1047},
	{DETECT_HFSPLUS, {{1024, BYTES("H+\0\4")}}, 1027},
	{DETECT_HFSPLUS, {{1024, BYTES("HX\0\5")}}, 1027},
	{DETECT_APFS, {{32, BYTES("NXSB\0\x10\0\0")}}, 36},
	{DETECT_XFS, {{0, BYTES("XFSB\0\0\x10\0")}}, 4},
	{DETECT_BTRFS, {{65600, BYTES("_BHRfS_M")}}, 65600},
	{DETECT_EROFS, {{1024, BYTES("\xe2\xe1\xf5\xe0")}, {1036, BYTES("\x0c")}}, 1036},
	{DETECT_F2FS, {{1024, BYTES("\x10\x20\xf5\xf2\1\0")}}, 1028},
	{DETECT_JFS, {{32768, BYTES("JFS1\1\0\0\0")}}, 32772},
	{DETECT_REISERFS, {{65536 + 52, BYTES("ReIsEr2Fs")}}, 65536 + 56},
	{DETECT_LVM, {{512, BYTES("LABELONE")}, {536, BYTES("LVM2 001")}}, 536},
};

static void write_system(size_t number, uint8_t *at)
{
	for (size_t i = 0; i < 4 && systems[number].pieces[i].size; i++)
		memcpy(at + systems[number].pieces[i].at, systems[number].pieces[i].bytes,
		       systems[number].pieces[i].size);
}

/* In a heap block of just that size, so that the sanitizer sees every byte read behind it. NONE: no single one. */
static enum detect_format look(const uint8_t *data, size_t size)
{
	enum detect_format formats[IMAGE_SYSTEMS];
	uint8_t *exact = malloc(size ? size : 1);
	if (!exact)
		exit(99);
	memcpy(exact, data, size);
	unsigned count = image_find(exact, size, formats);
	free(exact);
	return count == 1 ? formats[0] : DETECT_NONE;
}

/* The second partition of a disk, eight sectors behind its begin. */
static void test_partitions(void)
{
	static uint8_t data[8192];
	memcpy(data + 446 + 16, "\0\0\0\0\x83\0\0\0\x08\0\0\0\x10\0\0\0", 16);
	ok(look(data, sizeof data) == DETECT_NONE, "a table without its mark is none");
	memcpy(data + 510, "\x55\xaa", 2);
	ok(look(data, sizeof data) == DETECT_DISK, "a disk with a partition");
	ok(image_has_partitions(data, 512, 4097) && !image_has_partitions(data, 512, 4096),
	   "on the disk, or behind its end");
	ok(image_is(DETECT_DISK, data, sizeof data) && !image_is(DETECT_FAT, data, sizeof data),
	   "asked for one of them");
	data[446 + 16] = 0x80;
	ok(look(data, sizeof data) == DETECT_DISK, "one to start from");
	data[446] = 1;
	ok(look(data, sizeof data) == DETECT_NONE, "an entry that is none");
	memset(data + 446, 0, 64);
	ok(look(data, sizeof data) == DETECT_NONE, "a table of nothing");
}

int main(void)
{
	static uint8_t data[SIZE + 4096];
	for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
		const char *text = detect_text(systems[i].format);
		memset(data, 0, sizeof data);
		write_system(i, data);
		okf(look(data, SIZE) == systems[i].format, "by itself: %s", text);
		for (size_t size = 0; size < SIZE; size += size < 2048 ? 1 : 509)
			(void)look(data, size);
		data[systems[i].change] ^= 0x80;
		okf(look(data, SIZE) == DETECT_NONE, "not with another byte: %s", text);
	}
	test_partitions();
	return tap_end();
}
