/*
 * detect.c - containers are told by their bytes, and ordinary texts, pictures and programs are not taken for one.
 */
#include "scan/detect.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* detect() over a heap block of just that size, so that the sanitizer sees every byte read behind it. */
static struct detection look(const void *data, size_t size)
{
	struct detection detection;
	uint8_t *exact = malloc(size != 0 ? size : 1);
	if (exact == NULL)
		exit(99);
	memcpy(exact, data, size);
	detect(exact, size, &detection);
	free(exact);
	return detection;
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	enum detect_format format;
	const char *bytes;
	size_t size;
} marked[] = {
	{DETECT_ZIP, BYTES("PK\3\4\24\0\0\0\0\0")},
	{DETECT_ZIP, BYTES("PK\7\10PK\3\4\24\0")},
	{DETECT_ZIP, BYTES("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
	{DETECT_SEVEN_ZIP, BYTES("7z\xbc\xaf\x27\x1c\0\4")},
	{DETECT_RAR4, BYTES("Rar!\x1a\x07\x00\xcf\x90")},
	{DETECT_RAR5, BYTES("Rar!\x1a\x07\x01\x00\x33")},
	{DETECT_CPIO, BYTES("0707010000000A000081A4000000000000000000000001659F4D0000000006000000000000")},
	{DETECT_CAB, BYTES("MSCF\0\0\0\0\x40\0\0\0")},
	{DETECT_AR, BYTES("!<arch>\n")},
	{DETECT_XAR, BYTES("xar!\0\x1c\0\1")},
	{DETECT_RPM, BYTES("\xed\xab\xee\xdb\3\0")},
	{DETECT_WARC, BYTES("WARC/1.0\r\nWARC-Type: warcinfo\r\n")},
	{DETECT_GZIP, BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3")},
	{DETECT_BZIP2, BYTES("BZh91AY&SY")},
	{DETECT_XZ, BYTES("\xfd\x37zXZ\0\0\4")},
	{DETECT_LZMA, BYTES("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x3a\x1a\x08\xce")},
	{DETECT_LZIP, BYTES("LZIP\1\x0c")},
	{DETECT_LZ4, BYTES("\x04\x22\x4d\x18\x64")},
	{DETECT_ZSTD, BYTES("\x28\xb5\x2f\xfd\x24")},
	{DETECT_COMPRESS, BYTES("\x1f\x9d\x90\x61\x02")},
	{DETECT_OLE2, BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")},
	{DETECT_PDF, BYTES("%PDF-1.7\n")},
	{DETECT_PDF, BYTES("junk\n%PDF-1.7\n")},
	{DETECT_RTF, BYTES("{\\rtf1\\ansi")},
	{DETECT_TNEF, BYTES("\x78\x9f\x3e\x22\1\0")},
	{DETECT_BINHEX, BYTES("Some words\n:012345689001234568900123456890012345689001234568900123456890012\n")},
	{DETECT_BINHEX, BYTES("Some words\n(This file must be converted with BinHex 4.0)\n")},
	{DETECT_CHM, BYTES("ITSF\3\0\0\0\x60")},
	{DETECT_SZDD, BYTES("SZDD\x88\xf0\x27\x33"
			    "A")},
	{DETECT_ACE, BYTES("\0\0\x31\0\0\0\0**ACE**\x14")},
	{DETECT_ZPAQ, BYTES("zPQ\2\1")},
	{DETECT_FREEARC, BYTES("ArC\1\2")},
	{DETECT_STUFFIT, BYTES("SIT!\0\1\0\0\0\0rLau\2")},
	{DETECT_WIM, BYTES("MSWIM\0\0\0\xd0")},
	{DETECT_VHDX, BYTES("vhdxfile")},
	{DETECT_LZOP, BYTES("\x89LZO\0\r\n\x1a\n\x10")},
	{DETECT_RZIP, BYTES("RZIP\2\1")},
	{DETECT_LRZIP, BYTES("LRZI\0\6")},
	{DETECT_GRZIP, BYTES("GRZipII\0\2\4:)")},
	{DETECT_OPENPGP, BYTES("-----BEGIN PGP MESSAGE-----\n")},
	{DETECT_OPENPGP, BYTES("\x84\x05\3abcd\xd2\4abcdefg")},
	{DETECT_OPENPGP, BYTES("\xc3\x04\4\7\0\2\xd2\4abcdefg")},
	{DETECT_OPENPGP, BYTES("\xa3\2\x78\x9c\1\0\0\0\0")},
	{DETECT_OPENPGP, BYTES("\xcb\7b\0\0\0\0\0x")},
	{DETECT_OPENPGP, BYTES("\x90\x0d\3\0\10\1abcdefgh\1\xcb\7b\0\0\0\0\0x")},
	{DETECT_AGE, BYTES("age-encryption.org/v1\n-> X")},
	{DETECT_OPENSSL, BYTES("Salted__abcdefgh")},
	{DETECT_LUKS, BYTES("LUKS\xba\xbe\0\2")},
	{DETECT_KEEPASS, BYTES("\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\0")},
	{DETECT_PST, BYTES("!BDN\1\2\3\4SM\x17\0")},
	{DETECT_DBX, BYTES("\xcf\xad\x12\xfe\xc5\xfd\x74\x6f")},
	{DETECT_APPIMAGE, BYTES("\x7f\x45LF\2\1\1\0AI\2\0")},
	{DETECT_ROMFS, BYTES("-rom1fs-\0\0")},
	{DETECT_ANDROID_SPARSE, BYTES("\x3a\xff\x26\xed\1\0\0\0")},
	{DETECT_DMG_LOCKED, BYTES("encrcdsa\0\0\0\2")},
	{DETECT_CMS, BYTES("\x30\x10\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x05\xa0\3")},
	{DETECT_CMS, BYTES("\x30\x10\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x02\xa0\3")},
	{DETECT_GZIP, BYTES("#!/bin/sh\nexit\n\x1f\x8b\x08\0\0\0\0\0\0\3")},
	{DETECT_ZSTD, BYTES("#!/bin/sh\nexit\n\x28\xb5\x2f\xfd\x24")},
	{DETECT_XZ, BYTES("#!/bin/sh\nexit\n\xfd\x37zXZ\0\0\4")},
	{DETECT_BZIP2, BYTES("#!/bin/sh\nexit\nBZh91AY&SY")},
	{DETECT_STUFFIT_X, BYTES("StuffIt!\0")},
	{DETECT_ARC, BYTES("\x1a\2a.txt\0\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\0\0\4\0\0\0abcd\x1a\0")},
};

static void test_marks(void)
{
	for (size_t i = 0; i < sizeof marked / sizeof marked[0]; i++) {
		struct detection found = look(marked[i].bytes, marked[i].size);
		okf(found.count == 1 && found.formats[0] == marked[i].format &&
			    found.type == detect_type(marked[i].format),
		    "told by its mark: %s", detect_text(marked[i].format));
	}
	/* Cut anywhere, nothing is read behind the end. */
	for (size_t i = 0; i < sizeof marked / sizeof marked[0]; i++)
		for (size_t size = 0; size < marked[i].size; size++)
			look(marked[i].bytes, size);
	bool whole = true;
	for (int i = DETECT_NONE + 1; i < DETECT_FORMAT_COUNT; i++)
		whole = whole && strchr(detect_type((enum detect_format)i), '/') != NULL &&
			*detect_text((enum detect_format)i);
	okf(whole, "every format has a type and a text: %d rows", (int)DETECT_FORMAT_COUNT - 1);
	ok(detect_opener(DETECT_ZIP) == DETECT_ARCHIVE && detect_opener(DETECT_OLE2) == DETECT_ENGINE_ONLY &&
		   detect_opener(DETECT_ACE) == DETECT_NOBODY,
	   "who opens what");
}

static const struct {
	const char *type;
	const char *bytes;
	size_t size;
} harmless[] = {
	{"application/x-empty", BYTES("")},
	{"text/plain", BYTES("Hello,\nhow are you?\n")},
	{"text/plain", BYTES("gr\xc3\xbc\xc3\x9f dich\n")},
	{"text/plain", BYTES("PK is not always a zip\n")},
	{"text/plain", BYTES("#!/bin/sh\n# tells gzip by its mark\nprintf 'BZh and ustar'\nBZh9 is none\n")},
	{"text/plain", BYTES("!BDN is no word of a text\n")},
	{"text/plain", BYTES("Rar! said the lion\n")},
	{"text/plain",
	 BYTES("070701 is a number that begins nothing here, though a long text follows it; it goes on and on\n")},
	{"text/plain", BYTES("SZDD and KWAJ, LZIP, xar! and MSCF are words too\n")},
	{"text/plain", BYTES("!<arch> without its line end\n")},
	{"text/plain", BYTES("BZh9 is not enough for it\n")},
	{"text/plain", BYTES("ITSF\n")},
	{"text/plain", BYTES("zPQ or ArC or RZIP\n")},
	{"text/plain", BYTES("x-lh5-abcdefghijklmnopqrstuvwxyz\n")},
	{"text/plain", BYTES("60 EA and `\xea ARJ\n")},
	{"text/plain", BYTES("]\n")},
	{"text/plain", BYTES("ISc(hello, world; this is a text)\n")},
	{"text/plain", BYTES("KDMV, a text that is longer than nothing at all\n")},
	{"text/plain",
	 BYTES("MZ is the mark of Mark Zbikowski, and this text is long enough to be looked at as a program\n")},
	{"text/html", BYTES("\n <!DOCTYPE HTML><p>x")},
	{"text/html", BYTES("<html><body>x</body></html>")},
	{"text/xml", BYTES("<?xml version=\"1.0\"?><a/>")},
	{"image/png", BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR")},
	{"image/jpeg", BYTES("\xff\xd8\xff\xe0\0\x10JFIF")},
	{"image/gif", BYTES("GIF89a\1\0\1\0")},
	{"application/octet-stream", BYTES("\0\1\2\3\4\5\6\7")},
	{"message/rfc822", BYTES("From: a@example.org\r\n\r\nHello\r\n")},
	{"message/rfc822",
	 BYTES("Subject: how to read a file that begins with\n\n%PDF-1.7 or\n(This file must be converted with "
	       "BinHex 4.0)\n")},
};

static void test_harmless(void)
{
	for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
		struct detection found = look(harmless[i].bytes, harmless[i].size);
		okf(found.count == 0 && strcmp(found.type, harmless[i].type) == 0, "no container: %s",
		    harmless[i].type);
		if (found.count != 0)
			printf("# taken for: %s\n", detect_text(found.formats[0]));
	}
}

/* Random bytes, and random texts, many of them: chance makes no container of them. */
static void test_chance(void)
{
	uint32_t state = 12345;
	unsigned taken = 0;
	for (int round = 0; round < 20000; round++) {
		uint8_t data[700];
		for (size_t i = 0; i < sizeof data; i++) {
			state = state * 1664525u + 1013904223u;
			data[i] = round % 2 ? (uint8_t)(state >> 24) : (uint8_t)(32 + (state >> 24) % 95);
		}
		taken += look(data, sizeof data).count != 0;
	}
	ok(taken == 0, "20000 pieces of noise are no containers");
}

static void test_mail(void)
{
	static const struct {
		bool mail;
		const char *text;
	} cases[] = {
		{true, "Received: from a by b\r\nSubject: x\r\n\r\n"},
		{true, "From me@example.org Mon Jan  1 00:00:00 2024\nX-Odd: 1\nTo: you\n\n"},
		{true, "\r\n\nSubject: blank lines first\n\n"},
		{true, "X-One: 1\nX-Two: 2\n folded\nMessage-ID: <a@b>\n\n"},
		{true, "Content-Type : text/plain\n\n"},
		{true, "\xef\xbb\xbfTo: a byte order mark first\n\n"},
		{true, "SUBJECT: capitals"},
		{false, "Dear all,\nSubject: this is not a header\n"},
		{false, "name: value\nother: value\n\nSubject: behind the header\n"},
		{false, "http://example.org/\n"},
		{false, "key: value\n"},
		{false, " To: folded first line\n"},
		{false, "From the beginning it was clear.\nIt was a text.\n"},
		{false, ""},
		{false, "\n\n\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char line[24];
		snprintf(line, sizeof line, "%.20s", cases[i].text);
		for (char *c = line; *c; c++)
			if (*c < ' ')
				*c = '.';
		okf(look(cases[i].text, strlen(cases[i].text)).mail == cases[i].mail, "%s: %s",
		    cases[i].mail ? "mail" : "no mail", line);
	}
}

/* Archives behind a program are found by headers that prove themselves; the mark alone is none. */
static void test_behind(void)
{
	uint8_t data[2000] = {'M', 'Z'};
	data[8] = 4; /* four paragraphs of header: a DOS program */
	memcpy(data + 500, BYTES("Rar!\x1a\x07\x00\xcf\x90\x73\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00"));
	struct detection found = look(data, sizeof data);
	ok(found.count == 2 && found.formats[0] == DETECT_PE && found.formats[1] == DETECT_RAR4,
	   "RAR behind a program");
	ok(detect_offset(DETECT_RAR4, data, sizeof data) == 500, "and where it begins");
	data[511] ^= 1;
	found = look(data, sizeof data);
	ok(found.count == 1 && found.formats[0] == DETECT_PE, "a mark without its header is a constant in a program");

	memset(data + 500, 0, 100);
	memcpy(data + 700, BYTES("Rar!\x1a\x07\x01\x00\x33\x92\xb5\xe5\x0a\x01\x05\x06\x00\x05\x01\x01\x80\x80\x00"));
	found = look(data, sizeof data);
	ok(found.count == 2 && found.formats[1] == DETECT_RAR5, "RAR 5 behind a program");

	memset(data, 0, sizeof data);
	memcpy(data, BYTES("\x89PNG\r\n\x1a\n"));
	memcpy(data + 700, BYTES("7z\xbc\xaf\x27\x1c"));
	found = look(data, sizeof data);
	ok(found.count == 0 && strcmp(found.type, "image/png") == 0, "a mark in a picture is none");
	/* an empty archive's start header: twenty zeros, whose CRC-32 is this */
	memcpy(data + 706, BYTES("\0\4\x8d\x9b\xd5\x0f"));
	found = look(data, sizeof data);
	ok(found.count == 1 && found.formats[0] == DETECT_SEVEN_ZIP, "7-Zip behind a picture");
}

static void test_tar(void)
{
	uint8_t data[1024] = {0};
	unsigned sum = 8 * ' ';
	memcpy(data, BYTES("old.txt"));
	memcpy(data + 100, BYTES("0000644"));
	memcpy(data + 124, BYTES("00000000000"));
	for (size_t i = 0; i < 148; i++)
		sum += data[i];
	snprintf((char *)data + 148, 8, "%06o", sum);
	ok(look(data, sizeof data).formats[0] == DETECT_TAR, "old tar, by its check sum");
	data[0]++;
	ok(look(data, sizeof data).count == 0, "and not with a wrong one");
}

int main(void)
{
	test_marks();
	test_harmless();
	test_chance();
	test_mail();
	test_behind();
	test_tar();
	return tap_end();
}
