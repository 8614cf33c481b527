/*
 * detect.c - tells by their bytes which containers data could be, and what to call them.
 *
 * Marks that ordinary data could hold by chance are believed only with more proof (a check sum, a plausible header),
 * for a clean text or picture must never become unscannable. Called by decompose and archive.
 */
#include "scan/detect.h"

#include "scan/image.h"
#include "scan/mark.h"
#include "scan/openpgp.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Where in a header of tar its mark stands. */
#define TAR_MARK 257u
/* How far into the data a text is looked at to tell what it is. */
#define TEXT_LOOK 4096u
/* Of how many first header fields one must be well known. */
#define MAIL_FIELDS_LOOK 12

static const struct {
	enum detect_opener opener;
	const char *type;
	const char *text;
} rows[DETECT_FORMAT_COUNT] = {
#define DETECT_FORMAT(name, row_opener, row_type, row_text) [DETECT_##name] = {row_opener, row_type, row_text},
#include "verdict/container.def"
#undef DETECT_FORMAT
};

struct mark {
	enum detect_format format;
	size_t offset;
	size_t size;
	const char *bytes;
};

#define MARK(format, offset, bytes)                                                                                    \
	{                                                                                                              \
		DETECT_##format, offset, sizeof(bytes) - 1, bytes                                                      \
	}

/* Formats that their mark alone gives away. */
static const struct mark marks[] = {
	MARK(ZIP, 0, "PK\3\4"),
	MARK(ZIP, 0, "PK\7\10PK"),
	MARK(ZIP, 0, "PK00PK\3\4"),
	MARK(TAR, 257, "ustar\00000"),
	MARK(TAR, 257, "ustar  \0"),
	MARK(CPIO, 0, "070701"),
	MARK(CPIO, 0, "070702"),
	MARK(CPIO, 0, "070707"),
	MARK(CAB, 0, "MSCF\0\0\0\0"),
	MARK(ISO9660, 32769, "CD001"),
	MARK(AR, 0, "!<arch>\n"),
	MARK(XAR, 0, "xar!\0"),
	MARK(RPM, 0, "\xed\xab\xee\xdb"),
	MARK(GZIP, 0, "\x1f\x8b\x08"),
	MARK(XZ, 0, "\xfd\x37zXZ\0"),
	MARK(LZIP, 0, "LZIP\1"),
	MARK(LZIP, 0, "LZIP\0"),
	MARK(LZ4, 0, "\x04\x22\x4d\x18"),
	MARK(LZ4, 0, "\x02\x21\x4c\x18"),
	MARK(ZSTD, 0, "\x28\xb5\x2f\xfd"),
	MARK(OLE2, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
	MARK(RTF, 0, "{\\rt"),
	MARK(ONENOTE, 0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"),
	MARK(CHM, 0, "ITSF\3\0\0\0"),
	MARK(SIS, 0, "\x7a\x1a\x20\x10"),
	MARK(SIS, 8, "\x19\x04\x00\x10"),
	MARK(SZDD, 0, "SZDD\x88\xf0\x27\x33"),
	MARK(TNEF, 0, "\x78\x9f\x3e\x22"),
	MARK(APPLESINGLE, 0, "\0\5\x16\0\0\2\0\0"),
	MARK(APPLESINGLE, 0, "\0\5\x16\7\0\2\0\0"),
	MARK(ALZ, 0, "ALZ\1"),
	MARK(EGG, 0, "EGGA\0\1"),
	MARK(ACE, 7, "**ACE**"),
	MARK(ZOO, 20, "\xdc\xa7\xc4\xfd"),
	MARK(ZPAQ, 0, "7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3zPQ"),
	MARK(ZPAQ, 0, "zPQ\1"),
	MARK(ZPAQ, 0, "zPQ\2"),
	MARK(FREEARC, 0, "ArC\1"),
	MARK(STUFFIT, 0, "StuffIt (c)1997-"),
	MARK(STUFFIT, 10, "rLau"),
	MARK(RAR_OLD, 0, "RE\x7e\x5e"),
	MARK(WIM, 0, "MSWIM\0\0\0"),
	MARK(ROMFS, 0, "-rom1fs-"),
	MARK(ANDROID_SPARSE, 0, "\x3a\xff\x26\xed\1\0"),
	MARK(DBX, 0, "\xcf\xad\x12\xfe\xc5\xfd\x74\x6f"),
	MARK(DMG_LOCKED, 0, "encrcdsa"),
	MARK(CRAMFS, 16, "Compressed ROMFS"),
	MARK(VHD, 0, "conectix\0"),
	MARK(VHDX, 0, "vhdxfile"),
	MARK(QCOW, 0, "QFI\xfb"),
	MARK(VMDK, 0, "KDMV"),
	MARK(LZOP, 0, "\x89LZO\0\r\n\x1a\n"),
	MARK(RZIP, 0, "RZIP\2"),
	MARK(LRZIP, 0, "LRZI\0"),
	MARK(GRZIP, 0, "GRZipII\0"),
	MARK(SNAPPY, 0, "\xff\x06\x00\x00sNaPpY"),
	MARK(KWAJ, 0, "KWAJ\x88\xf0\x27\xd1"),
	MARK(INSTALLSHIELD, 0, "ISc("),
	MARK(ANDROID_BACKUP, 0, "ANDROID BACKUP\n"),
	MARK(AGE, 0, "age-encryption.org/v1\n"),
	MARK(AGE, 0, "-----BEGIN AGE ENCRYPTED FILE-----"),
	MARK(OPENSSL, 0, "Salted__"),
	MARK(AXCRYPT, 0, "\xc0\xb9\x07\x2e\x4f\x93\xf1\x46\xa0\x15\x79\x2c\xa1\xd9\xe8\x21"),
	MARK(LUKS, 0, "LUKS\xba\xbe\0"),
	MARK(BITLOCKER, 3, "-FVE-FS-"),
	MARK(KEEPASS, 0, "\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5"),
	MARK(VDI, 64, "\x7f\x10\xda\xbe"),
	MARK(STUFFIT_X, 0, "StuffIt!"),
	MARK(STUFFIT_X, 0, "StuffIt?"),
	MARK(UHARC, 0, "UHA\6"),
	MARK(GCA, 0, "GCAX"),
	MARK(PBZX, 0, "pbzx\0\0"),
	MARK(LZFSE, 0, "bvx2"),
	MARK(ACTIVEMIME, 0, "ActiveMime"),
	MARK(CD_SECTORS, 0, "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0"),
	MARK(DAA, 0, "DAA\0\0\0\0\0"),
	MARK(DAA, 0, "GBI\0\0\0\0\0"),
	MARK(ISZ, 0, "IsZ!"),
	MARK(CSO, 0, "CISO\x18\0\0\0"),
	MARK(CSO, 0, "CISO\0\0\0\0"),
	MARK(CSO, 0, "ZISO\x18\0\0\0"),
	MARK(NSF, 0, "\x1a\0\0\3\0\0"),
	MARK(NSF, 0, "\x1a\0\0\4\0\0"),
	MARK(PACK200, 0, "\xca\xfe\xd0\x0d"),
};

/* An octal field of a tar header, as tar writes it: blanks, digits, a blank or NUL. -1 if it is none. */
static int64_t tar_octal(const uint8_t *field, size_t size)
{
	size_t i = 0;
	int64_t value = 0;
	while (i < size && field[i] == ' ')
		i++;
	if (i == size || field[i] < '0' || field[i] > '7')
		return -1;
	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		value = value * 8 + (field[i] - '0');
	return i == size || field[i] == ' ' || field[i] == 0 ? value : -1;
}

bool detect_tar_header(const uint8_t *data, size_t size)
{
	int64_t unsigned_sum = 0;
	int64_t signed_sum = 0;
	if (size < 512 || data[0] == 0)
		return false;
	for (size_t i = 0; i < 512; i++) {
		uint8_t byte = i >= 148 && i < 156 ? ' ' : data[i];
		unsigned_sum += byte;
		signed_sum += (int8_t)byte;
	}
	int64_t told = tar_octal(data + 148, 8);
	/* The size is octal, or binary with the highest bit set. */
	return told > 0 && (told == unsigned_sum || told == signed_sum) &&
	       (tar_octal(data + 124, 12) >= 0 || data[124] & 0x80);
}

static bool is_tar(const uint8_t *data, size_t size)
{
	return detect_tar_header(data, size);
}

static bool is_zip(const uint8_t *data, size_t size)
{
	struct mark_zip_end end;
	return mark_zip_end(data, size, &end);
}

static bool is_bzip2(const uint8_t *data, size_t size)
{
	return size >= 4 && MARK_STARTS(data, size, 0, "BZh") && data[3] >= '1' && data[3] <= '9' &&
	       (size < 10 || MARK_STARTS(data, size, 4, "\x31\x41\x59\x26\x53\x59") ||
		MARK_STARTS(data, size, 4, "\x17\x72\x45\x38\x50\x90"));
}

/* No mark at all: what encoders write is narrow enough, with a properties byte, a dictionary size and a size. */
static bool is_lzma(const uint8_t *data, size_t size)
{
	if (size < 18 || data[0] >= 225 || data[13] != 0)
		return false;
	uint32_t dictionary = mark_le32(data + 1);
	uint64_t length = mark_le64(data + 5);
	/* a power of two, or one and a half of it, from 4 KiB */
	uint32_t odd = dictionary;
	while (odd != 0 && !(odd & 1))
		odd >>= 1;
	if (dictionary < 4096 || (odd != 1 && odd != 3 && dictionary != UINT32_MAX))
		return false;
	/* the unusual properties only together with "size unknown", eight bytes of 0xff */
	return length == UINT64_MAX || (data[0] == 0x5d && length != 0 && length < (uint64_t)1 << 38);
}

static bool is_compress(const uint8_t *data, size_t size)
{
	return size > 3 && data[0] == 0x1f && data[1] == 0x9d && !(data[2] & 0x60) && (data[2] & 0x1f) >= 9 &&
	       (data[2] & 0x1f) <= 16;
}

/* The skippable frames of LZ4 and Zstandard are the same: what follows them tells. */
static enum detect_format after_skippable(const uint8_t *data, size_t size)
{
	size_t at = 0;
	while (size - at >= 8 && (data[at] & 0xf0) == 0x50 && MARK_STARTS(data, size, at + 1, "\x2a\x4d\x18")) {
		uint32_t length = mark_le32(data + at + 4);
		if (length > size - at - 8)
			return DETECT_NONE;
		at += 8 + length;
	}
	if (at != 0 && MARK_STARTS(data, size, at, "\x04\x22\x4d\x18"))
		return DETECT_LZ4;
	return at != 0 && MARK_STARTS(data, size, at, "\x28\xb5\x2f\xfd") ? DETECT_ZSTD : DETECT_NONE;
}

static bool is_zstd(const uint8_t *data, size_t size)
{
	return after_skippable(data, size) == DETECT_ZSTD;
}

static bool is_lz4(const uint8_t *data, size_t size)
{
	return after_skippable(data, size) == DETECT_LZ4;
}

static bool is_lha(const uint8_t *data, size_t size)
{
	if (size < 22 || data[2] != '-' || data[6] != '-' || data[3] != 'l' || (data[4] != 'h' && data[4] != 'z'))
		return false;
	if (data[20] > 1) /* levels 2 and 3 tell the header's size instead of a check sum */
		return data[20] == 2 ? mark_le16(data) >= 26 : data[20] == 3 && mark_le16(data) == 4;
	size_t length = data[0];
	uint8_t sum = 0;
	if (length < 20 || length > size - 2)
		return false;
	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + data[2 + i]);
	return sum == data[1];
}

/* The binary cpio header, in either byte order: a plausible file type and a name that ends where it says. */
static bool is_cpio(const uint8_t *data, size_t size)
{
	if (size < 28)
		return false;
	bool little = MARK_STARTS(data, size, 0, "\xc7\x71");
	if (!little && !MARK_STARTS(data, size, 0, "\x71\xc7"))
		return false;
	size_t name = little ? mark_le16(data + 20) : (size_t)(data[20] << 8 | data[21]);
	unsigned mode = little ? mark_le16(data + 6) : (unsigned)(data[6] << 8 | data[7]);
	unsigned type = mode >> 12;
	bool known =
		type == 0 || type == 1 || type == 2 || type == 4 || type == 6 || type == 8 || type == 10 || type == 12;
	return known && name >= 2 && name <= 1024 && name <= size - 26 && data[26] != 0 && data[26 + name - 1] == 0 &&
	       memchr(data + 26, 0, name) == data + 26 + name - 1;
}

static bool is_warc(const uint8_t *data, size_t size)
{
	return MARK_STARTS(data, size, 0, "WARC/0.") || MARK_STARTS(data, size, 0, "WARC/1.0\r\n") ||
	       MARK_STARTS(data, size, 0, "WARC/1.0\n") || MARK_STARTS(data, size, 0, "WARC/1.1\r\n");
}

static bool is_program(const uint8_t *data, size_t size)
{
	if (size < 64 || !MARK_STARTS(data, size, 0, "MZ"))
		return false;
	uint32_t header = mark_le32(data + 60);
	if (header <= size - 4 && (memcmp(data + header, "PE\0\0", 4) == 0 || memcmp(data + header, "NE", 2) == 0 ||
				   memcmp(data + header, "LE", 2) == 0 || memcmp(data + header, "LX", 2) == 0))
		return true;
	/* plain DOS: the header's size in paragraphs, and bytes on the last page, of a program that is there */
	uint16_t paragraphs = mark_le16(data + 8);
	return paragraphs >= 2 && (size_t)paragraphs * 16 <= size && mark_le16(data + 2) < 512;
}

static bool is_nsis(const uint8_t *data, size_t size)
{
	return is_program(data, size) && memmem(data, size, "\xef\xbe\xad\xdeNullsoftInst", 16) != NULL;
}

/* A loader's data stand in a program behind this line. */
static bool is_inno(const uint8_t *data, size_t size)
{
	return is_program(data, size) && memmem(data, size, "Inno Setup Setup Data (", 23) != NULL;
}

/* A program for Linux with an ISO 9660 or SquashFS image behind it. */
static bool is_appimage(const uint8_t *data, size_t size)
{
	return MARK_STARTS(data, size, 0, "\x7f\x45LF") &&
	       (MARK_STARTS(data, size, 8, "AI\1") || MARK_STARTS(data, size, 8, "AI\2"));
}

/* And the client that it is for: [MS-PST] 2.2.2.6. */
static bool is_pst(const uint8_t *data, size_t size)
{
	return MARK_STARTS(data, size, 0, "!BDN") &&
	       (MARK_STARTS(data, size, 8, "SM") || MARK_STARTS(data, size, 8, "SO") ||
		MARK_STARTS(data, size, 8, "AB"));
}

/* The sizes, packed and not, and the kind: [MS-OXRTFCP] 2.1.3.1. */
static bool is_lzfu(const uint8_t *data, size_t size)
{
	return (MARK_STARTS(data, size, 8, "LZFu") || MARK_STARTS(data, size, 8, "MELA")) && size >= 16 &&
	       mark_le32(data) >= 12;
}

/* The trailer of the image, which is its header. */
static bool is_uif(const uint8_t *data, size_t size)
{
	return size >= 64 && MARK_STARTS(data, size, size - 64, "bbis");
}

/* In the first 1024 bytes, as viewers have it, and in either form (ISO 32000-1, annex H.3, notes 13 and 14). */
static bool is_pdf(const uint8_t *data, size_t size)
{
	size_t most = size < 1024 ? size : 1024;
	const uint8_t *end = data + most, *at = data, *script = memmem(data, most, "%!PS-Adobe-", 11);
	while ((at = memmem(at, (size_t)(end - at), "%PDF-", 5)) != NULL) {
		at += 5;
		if (at < data + size && (isdigit(*at) || *at == '\r' || *at == '\n'))
			return true;
	}
	size_t left = script ? (size_t)(end - script) : 0;
	return script && memmem(script, left < 32 ? left : 32, " PDF-", 5);
}

static bool is_arj(const uint8_t *data, size_t size)
{
	/* mark, size of the basic header, the header, its CRC-32 */
	if (size < 8 || !MARK_STARTS(data, size, 0, "\x60\xea"))
		return false;
	size_t length = mark_le16(data + 2);
	if (length < 30 || length > 2600 || length + 8 > size)
		return false;
	return mark_le32(data + 4 + length) == mark_crc32(data + 4, length);
}

/* A colon and a whole line of BinHex: 64 characters. */
static bool is_binhex_line(const uint8_t *line, size_t size)
{
	static const char alphabet[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
	size_t at = 1;
	while (at < size && line[at] && strchr(alphabet, line[at]))
		at++;
	return at == 64 && at < size && (line[at] == '\n' || line[at] == '\r');
}

/* Where its first line begins; MARK_NONE. */
static size_t find_binhex(const uint8_t *data, size_t size)
{
	static const char line[] = "(This file must be converted with BinHex";
	size_t most = size < 2 * TEXT_LOOK ? size : 2 * TEXT_LOOK, length = sizeof line - 1;
	for (size_t at = 0; at < most; at++) {
		bool begins = at == 0 || data[at - 1] == '\n' || data[at - 1] == '\r';
		if (!begins)
			continue;
		/* Without its line of introduction too. */
		if (data[at] == ':' && is_binhex_line(data + at, size - at))
			return at;
		if (data[at] == '(' && size - at >= length && strncasecmp((const char *)data + at, line, length) == 0)
			return at;
	}
	return MARK_NONE;
}

static bool is_binhex(const uint8_t *data, size_t size)
{
	return find_binhex(data, size) != MARK_NONE;
}

/* A yEnc header has a line length and, unless a "=yend" follows, at least size and name beside it. */
static size_t find_yenc(const uint8_t *data, size_t size)
{
	static const char begin[] = "=ybegin ", end[] = "\n=yend";
	bool ends = true; /* searched for once only: what is not ahead here is not ahead further on */
	for (size_t at = 0; at < size;) {
		const uint8_t *mark = memmem(data + at, size - at, begin, sizeof begin - 1);
		if (!mark)
			return MARK_NONE;
		size_t left = size - (size_t)(mark - data);
		const uint8_t *stop = memchr(mark, '\n', left < TEXT_LOOK ? left : TEXT_LOOK);
		size_t length = stop ? (size_t)(stop - mark) : left < TEXT_LOOK ? left : TEXT_LOOK;
		at = (size_t)(mark - data) + length;
		if ((mark != data && mark[-1] != '\n' && mark[-1] != '\r') || !memmem(mark, length, "line=", 5))
			continue;
		ends = ends && memmem(mark, left, end, sizeof end - 1);
		if (ends || (memmem(mark, length, "size=", 5) && memmem(mark, length, "name=", 5)))
			return (size_t)(mark - data);
	}
	return MARK_NONE;
}

static bool is_yenc(const uint8_t *data, size_t size)
{
	return find_yenc(data, size) != MARK_NONE;
}

size_t detect_encoded(const uint8_t *data, size_t size)
{
	size_t binhex = find_binhex(data, size), yenc = find_yenc(data, size), first = binhex < yenc ? binhex : yenc;
	return first < size ? first : size;
}

/* No mark: a head of 128 bytes that is zero where it has to be, and forks that fill up the rest. */
static bool is_macbinary(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[] = {0, 74, 82};
	if (size < 128 || data[1] == 0 || data[1] > 63)
		return false;
	for (size_t i = 0; i < sizeof zeros; i++)
		if (data[zeros[i]] != 0)
			return false;
	for (size_t i = 2; i < 2u + data[1]; i++)
		if (data[i] < ' ')
			return false;
	uint64_t first = mark_be32(data + 83), second = mark_be32(data + 87);
	uint64_t blocks = 128 + (first + 127) / 128 * 128, all = blocks + (second + 127) / 128 * 128;
	/* The last fill is left out by some. */
	return first + second > 0 && size <= all && size >= (second ? blocks + second : 128 + first);
}

/* A content info (RFC 5652, 3) of data, signed, digested, authenticated, enveloped, encrypted or compressed ones: its first bytes. */
static bool is_cms(const uint8_t *data, size_t size)
{
	static const uint8_t pkcs7[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07};
	static const uint8_t smime[] = {0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01};
	if (size < 2 || data[0] != 0x30)
		return false;
	size_t at = 2 + (data[1] > 0x80 ? data[1] & 0x7fu : 0);
	if (at > 10 || size < at + sizeof pkcs7 + 1)
		return false;
	if (memcmp(data + at, pkcs7, sizeof pkcs7) == 0) {
		uint8_t kind = data[at + sizeof pkcs7];
		return kind >= 1 && kind <= 6;
	}
	if (size < at + sizeof smime + 1 || memcmp(data + at, smime, sizeof smime) != 0)
		return false;
	return data[at + sizeof smime] == 2 || data[at + sizeof smime] == 9 || data[at + sizeof smime] == 23;
}

static bool is_dmg(const uint8_t *data, size_t size)
{
	return size >= 512 && MARK_STARTS(data, size, size - 512, "koly\0\0\0\4");
}

static bool is_vhd(const uint8_t *data, size_t size)
{
	return size >= 1024 && MARK_STARTS(data, size, size - 512, "conectix\0\0\0");
}

static bool is_udf(const uint8_t *data, size_t size)
{
	if (!MARK_STARTS(data, size, 32769, "BEA01") && !MARK_STARTS(data, size, 32769, "CD001"))
		return false;
	for (size_t sector = 17; sector < 32; sector++)
		if (MARK_STARTS(data, size, sector * 2048 + 1, "NSR02") ||
		    MARK_STARTS(data, size, sector * 2048 + 1, "NSR03"))
			return true;
	return false;
}

/* mark, method, a name in 13 bytes, size: the next record must begin with the mark again */
static bool is_arc(const uint8_t *data, size_t size)
{
	if (size < 31 || data[0] != 0x1a || data[1] < 1 || data[1] > 11)
		return false;
	const uint8_t *end = memchr(data + 2, 0, 13);
	if (end == NULL || end == data + 2)
		return false;
	for (const uint8_t *at = data + 2; at < end; at++)
		if (*at < 0x20 || *at == 0x7f)
			return false;
	size_t next = (size_t)mark_le32(data + 15) + (data[1] == 1 ? 25 : 29);
	return next < size && data[next] == 0x1a;
}

static bool is_stuffit(const uint8_t *data, size_t size)
{
	return MARK_STARTS(data, size, 0, "SIT!");
}

static bool is_squashfs(const uint8_t *data, size_t size)
{
	if (size < 96)
		return false;
	return (MARK_STARTS(data, size, 0, "hsqs") && mark_le16(data + 28) <= 4) ||
	       (MARK_STARTS(data, size, 0, "sqsh") && data[28] == 0 && data[29] <= 4);
}

static bool is_openpgp(const uint8_t *data, size_t size)
{
	return openpgp_kind(data, size) != OPENPGP_NONE;
}

/* A script that says what it is in its first lines, and is one: people write of such as well. */
static bool is_shar(const uint8_t *data, size_t size)
{
	size_t look = size < TEXT_LOOK ? size : TEXT_LOOK;
	if (!MARK_STARTS(data, size, 0, "#!") && !MARK_STARTS(data, size, 0, "# ") && !MARK_STARTS(data, size, 0, ": "))
		return false;
	return memmem(data, look, "# This is a shell archive", 25) ||
	       memmem(data, look, "#This is a shell archive", 24);
}

/* Formats that need more than a mark, in the order in which they are asked for. */
static const struct {
	enum detect_format format;
	bool (*is)(const uint8_t *data, size_t size);
} checks[] = {
	{DETECT_TAR, is_tar},
	{DETECT_BZIP2, is_bzip2},
	{DETECT_COMPRESS, is_compress},
	{DETECT_LZMA, is_lzma},
	{DETECT_ZSTD, is_zstd},
	{DETECT_LZ4, is_lz4},
	{DETECT_LHA, is_lha},
	{DETECT_CPIO, is_cpio},
	{DETECT_WARC, is_warc},
	{DETECT_NSIS, is_nsis},
	{DETECT_INNO, is_inno},
	{DETECT_PE, is_program},
	{DETECT_APPIMAGE, is_appimage},
	{DETECT_PST, is_pst},
	{DETECT_LZFU, is_lzfu},
	{DETECT_UIF, is_uif},
	{DETECT_PDF, is_pdf},
	{DETECT_ARJ, is_arj},
	{DETECT_BINHEX, is_binhex},
	{DETECT_DMG, is_dmg},
	{DETECT_VHD, is_vhd},
	{DETECT_UDF, is_udf},
	{DETECT_ARC, is_arc},
	{DETECT_STUFFIT, is_stuffit},
	{DETECT_SQUASHFS, is_squashfs},
	{DETECT_ZIP, is_zip},
	{DETECT_SHAR, is_shar},
	{DETECT_OPENPGP, is_openpgp},
	{DETECT_YENC, is_yenc},
	{DETECT_CMS, is_cms},
	{DETECT_MACBINARY, is_macbinary},
};

/* In a script that unpacks what stands behind it. */
static size_t find_script_tar(const uint8_t *data, size_t size)
{
	size_t at = mark_script(data, size, "ustar", TAR_MARK);
	return at != MARK_NONE && detect_tar_header(data + at, size - at) ? at : MARK_NONE;
}

static size_t find_script_gzip(const uint8_t *data, size_t size)
{
	return mark_script(data, size, "\x1f\x8b\x08", 0);
}

static size_t find_script_bzip2(const uint8_t *data, size_t size)
{
	size_t at = mark_script(data, size, "BZh", 0);
	return at != MARK_NONE && is_bzip2(data + at, size - at) ? at : MARK_NONE;
}

static size_t find_script_xz(const uint8_t *data, size_t size)
{
	return mark_script(data, size, "\xfd\x37zXZ", 0);
}

static size_t find_script_zstd(const uint8_t *data, size_t size)
{
	return mark_script(data, size, "\x28\xb5\x2f\xfd", 0);
}

/* Formats whose mark may stand behind foreign bytes. */
static const struct {
	enum detect_format format;
	size_t (*find)(const uint8_t *data, size_t size);
} finds[] = {
	{DETECT_RAR4, mark_rar4},      {DETECT_RAR5, mark_rar5},        {DETECT_SEVEN_ZIP, mark_seven_zip},
	{DETECT_TAR, find_script_tar}, {DETECT_GZIP, find_script_gzip}, {DETECT_BZIP2, find_script_bzip2},
	{DETECT_XZ, find_script_xz},   {DETECT_ZSTD, find_script_zstd},
};

static void add(struct detection *detection, enum detect_format format)
{
	for (unsigned i = 0; i < detection->count; i++)
		if (detection->formats[i] == format)
			return;
	if (detection->count < DETECT_FORMATS_MAX)
		detection->formats[detection->count++] = format;
}

/* Some marks are also the beginning of harmless things. */
static bool mark_doubtful(const struct mark *mark, const uint8_t *data, size_t size)
{
	switch (mark->format) {
	case DETECT_STUFFIT: /* "rLau" belongs to "SIT!" or one of its siblings "ST46", "ST50", ... */
		return mark->offset == 10 && !MARK_STARTS(data, size, 0, "ST") && !MARK_STARTS(data, size, 0, "SIT");
	case DETECT_CPIO: /* the old form has octal digits throughout, the new one hexadecimal */
		for (size_t i = 6; i < 76; i++)
			if (i >= size || !isxdigit(data[i]))
				return size >= 76;
		return false;
	case DETECT_INSTALLSHIELD: /* a version follows, whose highest byte is small */
		return size < 20 || data[7] > 4;
	case DETECT_VMDK:
		return size < 512 || mark_le32(data + 4) == 0 || mark_le32(data + 4) > 3;
	case DETECT_SIS:
		return size < 16 || (mark->offset == 8 && data[3] != 0x10);
	default:
		return false;
	}
}

static void find_formats(const uint8_t *data, size_t size, struct detection *ret)
{
	for (size_t i = 0; i < sizeof finds / sizeof finds[0]; i++)
		if (size >= 32 ? finds[i].find(data, 32) == 0 : finds[i].find(data, size) == 0)
			add(ret, finds[i].format);
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (mark_starts(data, size, marks[i].offset, marks[i].bytes, marks[i].size) &&
		    !mark_doubtful(&marks[i], data, size))
			add(ret, marks[i].format);
	enum detect_format systems[IMAGE_SYSTEMS];
	unsigned system_count = image_find(data, size, systems);
	for (unsigned i = 0; i < system_count; i++)
		add(ret, systems[i]);
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		/* These marks need not stand first, so a message may merely quote them. */
		enum detect_format format = checks[i].format;
		bool quoted = ret->mail && (format == DETECT_PDF || format == DETECT_BINHEX || format == DETECT_YENC);
		if (!quoted && checks[i].is(data, size))
			add(ret, checks[i].format);
	}
}

/*
 * Readers of these do not look behind their end, or there is room in front of it: a disk is mostly empty. An archive may stand where none of their
 * files is.
 */
static bool has_room(enum detect_format format)
{
	static const enum detect_format formats[] = {DETECT_DISK, DETECT_FAT,  DETECT_EXFAT,   DETECT_NTFS,
						     DETECT_VHD,  DETECT_VHDX, DETECT_UDF,     DETECT_XAR,
						     DETECT_LZ4,  DETECT_CMS,  DETECT_ISO9660, DETECT_ACTIVEMIME};
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (formats[i] == format)
			return true;
	return false;
}

/* What stands behind foreign bytes; an archive that we open anyway would only show its own members again. */
static void find_behind(const uint8_t *data, size_t size, struct detection *ret)
{
	bool document = detect_has(ret, DETECT_RTF);
	bool opens = ret->count && detect_opener(ret->formats[0]) == DETECT_ARCHIVE && !has_room(ret->formats[0]);
	if (ret->mail || (opens && !document))
		return;
	for (size_t i = 0; i < sizeof finds / sizeof finds[0]; i++)
		if (finds[i].find(data, size) != MARK_NONE)
			add(ret, finds[i].format);
}

size_t detect_offset(enum detect_format format, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < sizeof finds / sizeof finds[0]; i++)
		if (finds[i].format == format) {
			size_t offset = finds[i].find(data, size);
			return offset == MARK_NONE ? 0 : offset;
		}
	return 0;
}

/* Header fields that nothing but a message begins with. */
static const char *const mail_fields[] = {
	"received",
	"from",
	"to",
	"cc",
	"bcc",
	"subject",
	"date",
	"message-id",
	"return-path",
	"mime-version",
	"content-type",
	"reply-to",
	"sender",
	"delivered-to",
	"envelope-to",
	"x-envelope-to",
	"x-original-to",
	"dkim-signature",
	"in-reply-to",
	"references",
	"resent-from",
	"resent-to",
	"resent-date",
	"x-mailer",
	"x-uidl",
	"x-account-key",
	"arc-seal",
	"received-spf",
	"authentication-results",
	"content-transfer-encoding",
	"content-disposition",
	"apparently-to",
};

static bool mail_field_known(const uint8_t *name, size_t size)
{
	for (size_t i = 0; i < sizeof mail_fields / sizeof mail_fields[0]; i++)
		if (strlen(mail_fields[i]) == size && strncasecmp((const char *)name, mail_fields[i], size) == 0)
			return true;
	return false;
}

/* Length of the line at `data` with its end; `*ret_text` without it. */
static size_t line_length(const uint8_t *data, size_t size, size_t *ret_text)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t whole = end != NULL ? (size_t)(end - data) + 1 : size;
	*ret_text = end != NULL ? whole - 1 : whole;
	if (*ret_text > 0 && data[*ret_text - 1] == '\r')
		--*ret_text;
	return whole;
}

/* 1: a field of a known name; 0: a field or the continuation of one; -1: neither. */
static int mail_line(const uint8_t *line, size_t size, bool first)
{
	size_t name = 0;
	if (line[0] == ' ' || line[0] == '\t')
		return first ? -1 : 0;
	while (name < size && line[name] > 0x20 && line[name] < 0x7f && line[name] != ':')
		name++;
	size_t colon = name;
	while (colon < size && (line[colon] == ' ' || line[colon] == '\t'))
		colon++;
	if (name == 0 || colon == size || line[colon] != ':')
		return -1;
	return mail_field_known(line, name);
}

static bool is_mail(const uint8_t *data, size_t size)
{
	size_t at = MARK_STARTS(data, size, 0, "\xef\xbb\xbf") ? 3 : 0;
	size_t text;
	bool first = true;

	while (at < size && isspace(data[at]) && data[at] != ' ' && data[at] != '\t')
		at++;
	if (MARK_STARTS(data, size, at, "From ") || MARK_STARTS(data, size, at, ">From "))
		at += line_length(data + at, size - at, &text);
	while (at < size && (data[at] == '\r' || data[at] == '\n'))
		at++;
	for (int fields = 0; fields < MAIL_FIELDS_LOOK && at < size; first = false) {
		size_t whole = line_length(data + at, size - at, &text);
		if (text == 0)
			return false;
		int line = mail_line(data + at, text, first);
		if (line != 0)
			return line > 0;
		fields += data[at] != ' ' && data[at] != '\t';
		at += whole;
	}
	return false;
}

/* Common files that are no containers; only for the report. */
static const struct {
	size_t offset, size;
	const char *bytes;
	const char *type;
} plain[] = {
	{0, 8, "\x89PNG\r\n\x1a\n", "image/png"},
	{0, 3, "\xff\xd8\xff", "image/jpeg"},
	{0, 6, "GIF87a", "image/gif"},
	{0, 6, "GIF89a", "image/gif"},
	{0, 4, "II*\0", "image/tiff"},
	{0, 4, "MM\0*", "image/tiff"},
	{8, 4, "WEBP", "image/webp"},
	{0, 4,
	 "\x7f"
	 "ELF",
	 "application/x-executable"},
	{0, 4, "\xfe\xed\xfa\xce", "application/x-mach-binary"},
	{0, 4, "\xcf\xfa\xed\xfe", "application/x-mach-binary"},
	{0, 4, "\xca\xfe\xba\xbe", "application/java-vm"},
	{0, 5, "<?xml", "text/xml"},
	{4, 4, "ftyp", "video/mp4"},
	{0, 4, "OggS", "application/ogg"},
	{0, 3, "ID3", "audio/mpeg"},
	{0, 8, "L\0\0\0\1\24\2\0", "application/x-ms-shortcut"},
};

static bool is_html(const uint8_t *data, size_t size)
{
	static const char *const tags[] = {"<!doctype html", "<html", "<head", "<body", "<script", "<title", "<!--"};
	size_t at = MARK_STARTS(data, size, 0, "\xef\xbb\xbf") ? 3 : 0;
	while (at < size && isspace(data[at]))
		at++;
	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		size_t length = strlen(tags[i]);
		if (size - at >= length && strncasecmp((const char *)data + at, tags[i], length) == 0)
			return true;
	}
	return false;
}

static bool is_text(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size && i < TEXT_LOOK; i++)
		if (data[i] == 0x7f || (data[i] < 0x20 && !isspace(data[i]) && data[i] != 0x1b && data[i] != '\b'))
			return false;
	return true;
}

static const char *plain_type(const uint8_t *data, size_t size, bool mail)
{
	if (size == 0)
		return "application/x-empty";
	if (mail)
		return "message/rfc822";
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (mark_starts(data, size, plain[i].offset, plain[i].bytes, plain[i].size))
			return plain[i].type;
	if (is_html(data, size))
		return "text/html";
	return is_text(data, size) ? "text/plain" : "application/octet-stream";
}

bool detect_has(const struct detection *detection, enum detect_format format)
{
	for (unsigned i = 0; i < detection->count; i++)
		if (detection->formats[i] == format)
			return true;
	return false;
}

const char *detect_plain(const uint8_t *data, size_t size)
{
	return plain_type(data, size, false);
}

/* Sectors of a CD from begin to end: what else seems to stand there is cut by what belongs to the sectors, and whole without them. */
static bool is_all_sectors(const uint8_t *data, size_t size)
{
	size_t step = mark_cd_step(data, size);
	for (size_t at = 0; at < size; at += step)
		if (!mark_cd_sector(data, size, at))
			return false;
	return size % step == 0;
}

void detect(const uint8_t *data, size_t size, struct detection *ret_detection)
{
	memset(ret_detection, 0, sizeof *ret_detection);
	if (size != 0) {
		ret_detection->mail = is_mail(data, size);
		find_formats(data, size, ret_detection);
		find_behind(data, size, ret_detection);
	}
	if (ret_detection->count > 1 && detect_has(ret_detection, DETECT_CD_SECTORS) && is_all_sectors(data, size)) {
		ret_detection->count = 1;
		ret_detection->formats[0] = DETECT_CD_SECTORS;
	}
	if (ret_detection->count != 0 && !ret_detection->mail)
		ret_detection->type = detect_type(ret_detection->formats[0]);
	else
		ret_detection->type = plain_type(data, size, ret_detection->mail);
}

enum detect_opener detect_opener(enum detect_format format)
{
	assert(format > DETECT_NONE && format < DETECT_FORMAT_COUNT);
	return rows[format].opener;
}

const char *detect_type(enum detect_format format)
{
	assert(format > DETECT_NONE && format < DETECT_FORMAT_COUNT);
	return rows[format].type;
}

const char *detect_text(enum detect_format format)
{
	assert(format > DETECT_NONE && format < DETECT_FORMAT_COUNT);
	return rows[format].text;
}
