/*
 * archive.c - archives made by the ordinary tools come out whole, and broken ones with the code that says how.
 *
 * Each case is a shell command that makes the file `out` in a scratch directory with a.txt, b.txt and dir/c.txt, and
 * what the walk is to say of it: members as name(size), codes of a member behind it as !CODE, codes of the container
 * as #CODE, evasions likewise with @; the DEC_RESULT_ in front is left out, and so is the code of every stream. A member named a.txt, or the
 * content of a stream, must be a.txt byte for byte unless it has a code. A case whose tool is not installed is
 * skipped.
 */
#include "scan/archive.h"
#include "tap.h"

#include <archive.h>
#include <dlfcn.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint8_t *wanted; /* a.txt */
static size_t wanted_size;

struct summary {
	char text[4096];
	bool wrong; /* bytes differ */
	char next[4096];
	bool unannounced;
	int end_after; /* members until the visitor ends the walk; 0: never */
	int seen;
	bool engine_opens;
};

static void add(struct summary *summary, const char *format, ...)
{
	size_t used = strlen(summary->text);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(summary->text + used, sizeof summary->text - used, format, arguments);
	va_end(arguments);
}

static const char *shorter(enum scan_code code)
{
	return scan_code_name(code) + strlen("DEC_RESULT_");
}

static int on_member(void *context, const struct archive_member *member)
{
	struct summary *summary = context;
	bool coded = false;
	add(summary, "%s%s(%zu)", summary->text[0] ? " " : "", member->name, member->size);
	for (unsigned i = 0; i < member->code_count; i++)
		if (member->codes[i].code != DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN) {
			add(summary, "!%s", shorter(member->codes[i].code));
			coded = true;
		} else if (!member->stream) {
			summary->wrong = true;
		}
	if (member->evasion != EVASION_NONE)
		add(summary, "@%s", evasion_word(member->evasion));
	summary->engine_opens = summary->engine_opens || member->engine_opens;
	summary->unannounced = summary->unannounced || strcmp(summary->next, member->name) != 0;
	/* what is in a package is a stream of its own */
	bool package = member->size > 2 && memcmp(member->data, "\x1f\x8b", 2) == 0;
	if (!coded && !package && (strcmp(member->name, "a.txt") == 0 || member->stream))
		summary->wrong = summary->wrong || member->size % wanted_size != 0 || member->size == 0 ||
				 memcmp(member->data, wanted, wanted_size) != 0;
	return ++summary->seen == summary->end_after;
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	struct summary *summary = context;
	add(summary, "%s#%s", summary->text[0] ? " " : "", shorter(code));
	return text == NULL;
}

static int on_evasion(void *context, enum evasion evasion, const char *text)
{
	struct summary *summary = context;
	add(summary, "%s@%s", summary->text[0] ? " " : "", evasion_word(evasion));
	return text == NULL;
}

static int on_next(void *context, const char *name)
{
	struct summary *summary = context;
	snprintf(summary->next, sizeof summary->next, "%s", name);
	return 0;
}

static uint8_t *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	if (file == NULL || fstat(fileno(file), &status) != 0)
		exit(99);
	*ret_size = (size_t)status.st_size;
	uint8_t *data = malloc(*ret_size + 1);
	if (data == NULL || fread(data, 1, *ret_size, file) != *ret_size)
		exit(99);
	fclose(file);
	return data;
}

static struct budget budget_of(uint64_t size, uint64_t cumulative, uint64_t files)
{
	struct limits limits;
	struct budget budget;
	limits_defaults(&limits);
	limits.value[LIMIT_max_extract_size] = size;
	limits.value[LIMIT_max_cumulative_extract_size] = cumulative;
	limits.value[LIMIT_max_file_count] = files;
	budget_init(&budget, &limits);
	return budget;
}

static int walk_file(const char *path, enum detect_format format, struct budget *budget, struct summary *summary)
{
	struct archive_visitor visitor = {on_member, on_code, on_evasion, on_next, NULL, NULL, NULL, summary};
	size_t size;
	uint8_t *data = read_file(path, &size);
	/* A heap block of just that size, so that the sanitizer sees every byte read behind it. */
	uint8_t *exact = malloc(size != 0 ? size : 1);
	if (exact == NULL)
		exit(99);
	memcpy(exact, data, size);
	free(data);
	int result = archive_walk(format, exact, size, budget, &visitor);
	free(exact);
	return result;
}

static bool detects(const char *path, enum detect_format format)
{
	struct detection detection;
	size_t size;
	uint8_t *data = read_file(path, &size);
	detect(data, size, &detection);
	free(data);
	for (unsigned i = 0; i < detection.count; i++)
		if (detection.formats[i] == format)
			return true;
	return false;
}

static void report(bool good, const char *name, const char *got, const char *expected)
{
	ok(good, name);
	if (!good)
		printf("#      got: %s\n# expected: %s\n", got, expected);
}

struct test {
	const char *name;
	enum detect_format format;
	const char *command;
	const char *expected;
};

#define BOTH    "a.txt(108894) b.txt(7)"
#define ALL     "a.txt(108894) b.txt(7) dir/c.txt(6)"
#define STREAM  "(108894)"
#define RAR     "\"$MAKE_RAR\" "
#define LHA     "python3 \"$MAKE_LHA\" "
#define MAKE_7Z "7z a -bd "
#define EDIT    "python3 -c 'd=bytearray(open(\"out\",\"rb\").read()); "
#define SAVE    "; open(\"out\",\"wb\").write(d)'"
/* An archive by the writers in test/fixture/containers.py, of a.txt and b.txt as `m`. */
#define WRITE                                                                                                          \
	"python3 -c 'import containers as c; m=[(n,open(n,\"rb\").read()) for n in (\"a.txt\",\"b.txt\")]; "           \
	"open(\"out\",\"wb\").write("
#define WRITTEN ")'"

/* A file of test/corpus/archive. */
#define CORPUS(name) "base64 -d \"$CORPUS/" name ".b64\" > out"

static const struct test tests[] = {
	/* what ordinary tools make is read whole and without a word */
	{"zip, deflated, with a directory", DETECT_ZIP, "zip -q -r out.zip a.txt b.txt dir", ALL},
	{"zip, stored", DETECT_ZIP, "zip -q -0 out.zip a.txt b.txt", BOTH},
	{"zip, bzip2", DETECT_ZIP, MAKE_7Z "-tzip -mm=BZip2 out.zip a.txt b.txt", BOTH},
	{"zip, LZMA", DETECT_ZIP, MAKE_7Z "-tzip -mm=LZMA out.zip a.txt b.txt", BOTH},
	{"zip, PPMd", DETECT_ZIP, MAKE_7Z "-tzip -mm=PPMd out.zip a.txt b.txt", BOTH},
	{"zip, XZ", DETECT_ZIP, "bsdtar -cf out.zip --format zip a.txt b.txt", BOTH},
	{"zip to a pipe: sizes behind the data", DETECT_ZIP, "zip -q - a.txt b.txt | cat > out", BOTH},
	{"zip to a pipe, stored", DETECT_ZIP, "zip -q -0 -fd - a.txt b.txt | cat > out", BOTH},
	{"zip, forced 64-bit", DETECT_ZIP, "zip -q -fz - a.txt b.txt | cat > out", BOTH},
	{"zip of its standard input", DETECT_ZIP, "cat a.txt | zip -q > out", "-(108894)"},
	{"zip with a zip stored in it", DETECT_ZIP,
	 "zip -q in.zip b.txt dir/c.txt; zip -q -0 out.zip a.txt in.zip; mv out.zip out", "a.txt(108894) in.zip(319)"},
	{"zip with a zip stored in it, to a pipe", DETECT_ZIP,
	 "zip -q in.zip b.txt dir/c.txt; zip -q -0 -fd - a.txt in.zip | cat > out", "a.txt(108894) in.zip(319)"},
	{"zip, made by Python with a comment", DETECT_ZIP,
	 "python3 -c 'import zipfile; z=zipfile.ZipFile(\"out\",\"w\"); z.write(\"a.txt\"); z.write(\"b.txt\"); "
	 "z.comment=b\"x\"*60000; z.close()'",
	 BOTH},
	{"zip behind a program, offsets adjusted", DETECT_ZIP,
	 "zip -q in.zip a.txt b.txt; cat /bin/true in.zip > out; zip -q -A out", BOTH},
	{"zip behind a program, offsets not adjusted", DETECT_ZIP,
	 "zip -q in.zip a.txt b.txt; cat /bin/true in.zip > out", BOTH},
	{"zip, empty", DETECT_ZIP, "printf 'PK\\5\\6\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0' > out", ""},
	{"zip with a symbolic link", DETECT_ZIP, "ln -s a.txt link; zip -q -y out.zip link b.txt", "b.txt(7)"},
	{"7z, LZMA2", DETECT_SEVEN_ZIP, MAKE_7Z "out.7z a.txt b.txt dir", ALL},
	{"7z, LZMA", DETECT_SEVEN_ZIP, MAKE_7Z "-m0=LZMA out.7z a.txt b.txt", BOTH},
	{"7z, PPMd", DETECT_SEVEN_ZIP, MAKE_7Z "-m0=PPMd out.7z a.txt b.txt", BOTH},
	{"7z, BZip2", DETECT_SEVEN_ZIP, MAKE_7Z "-m0=BZip2 out.7z a.txt b.txt", BOTH},
	{"7z, Deflate", DETECT_SEVEN_ZIP, MAKE_7Z "-m0=Deflate out.7z a.txt b.txt", BOTH},
	{"7z, copied", DETECT_SEVEN_ZIP, MAKE_7Z "-m0=Copy out.7z a.txt b.txt", BOTH},
	{"7z, BCJ", DETECT_SEVEN_ZIP, MAKE_7Z "-m0=BCJ -m1=LZMA2 out.7z a.txt b.txt", BOTH},
	{"7z, Delta", DETECT_SEVEN_ZIP, MAKE_7Z "-m0=Delta:4 -m1=LZMA2 out.7z a.txt b.txt", BOTH},
	{"7z behind a program", DETECT_SEVEN_ZIP, MAKE_7Z "in.7z a.txt b.txt; cat /bin/true in.7z > out", BOTH},
	{"7z, empty", DETECT_SEVEN_ZIP,
	 "python3 -c 'import zlib; z=bytes(20); "
	 "open(\"out\",\"wb\").write(b\"7z\\xbc\\xaf\\x27\\x1c\\0\\4\"+zlib.crc32(z).to_bytes(4,\"little\")+z)'",
	 ""},
	{"tar, GNU", DETECT_TAR, "tar --format=gnu -cf out a.txt b.txt dir", ALL},
	{"tar, ustar", DETECT_TAR, "tar --format=ustar -cf out a.txt b.txt", BOTH},
	{"tar, pax", DETECT_TAR, "tar --format=pax -cf out a.txt b.txt", BOTH},
	{"tar, version 7", DETECT_TAR, "tar --format=v7 -cf out a.txt b.txt", BOTH},
	{"tar, sparse", DETECT_TAR, "truncate -s 300000 hole; tar -S -cf out hole b.txt", "hole(300000) b.txt(7)"},
	{"tar with links", DETECT_TAR, "ln a.txt hard; ln -s a.txt soft; tar -cf out a.txt hard soft b.txt", BOTH},
	{"tar and junk behind it", DETECT_TAR, "tar -cf out a.txt b.txt; head -c 5000 /bin/true | tail -c 3000 >> out",
	 BOTH},
	{"tar of nothing but a directory", DETECT_TAR, "mkdir empty; tar -cf out empty", ""},
	{"cpio, newc", DETECT_CPIO, "bsdtar -cf out --format newc a.txt b.txt", BOTH},
	{"cpio, odc", DETECT_CPIO, "bsdtar -cf out --format odc a.txt b.txt", BOTH},
	{"cpio, binary", DETECT_CPIO, "bsdtar -cf out --format bin a.txt b.txt", BOTH},
	{"cab, stored", DETECT_CAB, WRITE "c.cab([(\"c\",m[0][1][:20000]),m[1]])" WRITTEN, "c(20000) b.txt(7)"},
	{"iso9660", DETECT_ISO9660, "genisoimage -quiet -R -o out a.txt b.txt 2> log", BOTH},
	{"iso9660, Joliet", DETECT_ISO9660, "genisoimage -quiet -J -o out a.txt b.txt 2> log", BOTH},
	{"iso9660 and UDF", DETECT_ISO9660, "genisoimage -quiet -udf -R -o out a.txt b.txt 2> log", BOTH},
	{"lha", DETECT_LHA, LHA "out.lzh a.txt b.txt", BOTH},
	{"ar", DETECT_AR, "ar rc out.a a.txt b.txt", BOTH},
	{"deb", DETECT_AR,
	 "mkdir -p p/DEBIAN; printf 'Package: p\\nVersion: 1\\nArchitecture: all\\nMaintainer: p <p@p>\\nDescription: "
	 "p\\n' > "
	 "p/DEBIAN/control; chmod -R go-w p; dpkg-deb --root-owner-group -Zxz -b p out > log; cp out deb; ar p deb "
	 "debian-binary > b.txt; test -s b.txt; ar x deb; for f in debian-binary control.tar.xz data.tar.xz; do echo "
	 "\"$f($(stat -c %s $f))\"; done | paste -sd ' ' > expected",
	 NULL},
	{"warc", DETECT_WARC, WRITE "c.warc(m)" WRITTEN, "/a.txt(108894) /b.txt(7)"},
	{"xar", DETECT_XAR, "bsdtar -cf out --format xar a.txt b.txt", BOTH},
	{"rpm", DETECT_RPM, WRITE "c.rpm(m)" WRITTEN, "(*)"},
	{"rar 4, stored", DETECT_RAR4, RAR "--rar4 out a.txt=a.txt b.txt=b.txt", BOTH},
	{"rar 5, stored", DETECT_RAR5, RAR "--rar5 out a.txt=a.txt b.txt=b.txt", BOTH},
	{"rar 4 behind a program", DETECT_RAR4, RAR "--rar4 --sfx /bin/true out a.txt=a.txt b.txt=b.txt", BOTH},
	{"rar 5 behind a program", DETECT_RAR5, RAR "--rar5 --sfx /bin/true out a.txt=a.txt b.txt=b.txt", BOTH},

	/* streams */
	{"gzip", DETECT_GZIP, "gzip -nc a.txt > out", STREAM},
	{"gzip with a name", DETECT_GZIP, "gzip -c a.txt > out", "a.txt(108894)"},
	{"gzip, two streams", DETECT_GZIP, "gzip -nc a.txt > out; gzip -nc a.txt >> out", "(217788)"},
	{"gzip and padding", DETECT_GZIP, "gzip -nc a.txt > out; head -c 600 /dev/zero >> out", STREAM},
	{"bzip2", DETECT_BZIP2, "bzip2 -c a.txt > out", STREAM},
	{"bzip2, two streams", DETECT_BZIP2, "bzip2 -c a.txt > out; bzip2 -c a.txt >> out", "(217788)"},
	{"xz", DETECT_XZ, "xz -c a.txt > out", STREAM},
	{"xz, two streams and padding", DETECT_XZ,
	 "xz -c a.txt > out; printf '\\0\\0\\0\\0' >> out; xz -c a.txt >> out", "(217788)"},
	{"lzma", DETECT_LZMA, "xz --format=lzma -c a.txt > out", STREAM},
	{"lzma with a size", DETECT_LZMA,
	 "python3 -c 'import lzma; "
	 "d=bytearray(lzma.compress(open(\"a.txt\",\"rb\").read(),format=lzma.FORMAT_ALONE)); "
	 "d[5:13]=(108894).to_bytes(8,\"little\"); open(\"out\",\"wb\").write(d)'",
	 STREAM},
	{"lzip", DETECT_LZIP, "lzip -c a.txt > out", STREAM},
	{"lzip, two members", DETECT_LZIP, "lzip -c a.txt > out; lzip -c a.txt >> out", "(217788)"},
	{"lz4", DETECT_LZ4, "lz4 -q -c a.txt > out", STREAM},
	{"lz4, legacy", DETECT_LZ4, "lz4 -q -l -c a.txt > out", STREAM},
	{"lz4, two frames", DETECT_LZ4, "lz4 -q -c a.txt > out; lz4 -q -c a.txt >> out", "(217788)"},
	{"zstd", DETECT_ZSTD, "zstd -q -c a.txt > out", STREAM},
	{"zstd, two frames", DETECT_ZSTD, "zstd -q -c a.txt > out; zstd -q -c a.txt >> out", "(217788)"},
	{"zstd behind a frame to skip", DETECT_ZSTD, "printf 'P*M\\30\\4\\0\\0\\0abcd' > out; zstd -q -c a.txt >> out",
	 STREAM},
	{"zstd, a line end behind it", DETECT_ZSTD, "zstd -q -c a.txt > out; echo >> out", STREAM},
	{"zstd of a known size without a check sum, a note behind it", DETECT_ZSTD,
	 "zstd -q --no-check -c a.txt > out; zstd -q --no-check --stream-size=108894 < a.txt >> out; echo note >> out",
	 "(217788)"},
	{"compress", DETECT_COMPRESS, "compress -c a.txt > out", STREAM},

	/* encrypted */
	{"zip, encrypted member", DETECT_ZIP, "zip -q -P secret out.zip a.txt; zip -q out.zip b.txt",
	 "a.txt(0)!ENCRYPTED_CONTAINER_CHILD_DETECTED b.txt(7)"},
	{"zip, AES", DETECT_ZIP, MAKE_7Z "-tzip -psecret -mem=AES256 out.zip a.txt",
	 "a.txt(0)!ENCRYPTED_CONTAINER_CHILD_DETECTED"},
	{"zip, encrypted, to a pipe", DETECT_ZIP, "zip -q -P secret - a.txt | cat > out",
	 "a.txt(0)!ENCRYPTED_CONTAINER_CHILD_DETECTED"},
	{"7z, encrypted data", DETECT_SEVEN_ZIP, MAKE_7Z "-psecret out.7z b.txt",
	 "b.txt(0)!ENCRYPTED_CONTAINER_CHILD_DETECTED"},
	{"7z, encrypted headers", DETECT_SEVEN_ZIP, MAKE_7Z "-psecret -mhe=on out.7z b.txt",
	 "#ENCRYPTED_CONTAINER_DETECTED"},
	{"rar 4, encrypted data", DETECT_RAR4, RAR "--rar4 --encrypted out a.txt=a.txt",
	 "a.txt(0)!ENCRYPTED_CONTAINER_CHILD_DETECTED"},
	{"rar 5, encrypted data", DETECT_RAR5, RAR "--rar5 --encrypted out a.txt=a.txt",
	 "a.txt(0)!ENCRYPTED_CONTAINER_CHILD_DETECTED"},
	{"rar 4, encrypted headers", DETECT_RAR4, RAR "--rar4 --encrypted-headers out a.txt=a.txt",
	 "#ENCRYPTED_CONTAINER_DETECTED"},
	{"rar 5, encrypted headers", DETECT_RAR5, RAR "--rar5 --encrypted-headers out a.txt=a.txt",
	 "#ENCRYPTED_CONTAINER_DETECTED"},

	/* what no free program writes */
	{"rar 4, compressed", DETECT_RAR4, CORPUS("rar4-compressed.rar"),
	 "LibarchiveAddingTest.html(20111) testdir/test.txt(20) testdir/LibarchiveAddingTest.html(20111)"},
	{"rar 4 with links", DETECT_RAR4, CORPUS("rar4-links.rar"), "test.txt(20) testdir/test.txt(20)"},
	{"rar 4, names in Unicode", DETECT_RAR4, CORPUS("rar4-unicode.rar"),
	 "*(0) *(5) abcdefghijklmnopqrs\343\203\206\343\202\271\343\203\210.txt(16)"},
	{"rar 5, compressed", DETECT_RAR5, CORPUS("rar5-compressed.rar"), "test.bin(1200)"},
	{"rar 5, solid", DETECT_RAR5, CORPUS("rar5-solid.rar"),
	 "test.bin(1200) test1.bin(4096) test2.bin(4096) test3.bin(4096) test4.bin(4096) test5.bin(4096) "
	 "test6.bin(4096)"},
	{"rar 4, one member of two encrypted", DETECT_RAR4, CORPUS("rar4-one-encrypted.rar"),
	 "foo.txt(0)!ENCRYPTED_CONTAINER_CHILD_DETECTED bar.txt(16)"},
	{"rar 4, headers encrypted by RAR", DETECT_RAR4, CORPUS("rar4-encrypted-headers.rar"),
	 "#ENCRYPTED_CONTAINER_DETECTED"},
	{"rar 4, first volume by RAR", DETECT_RAR4, CORPUS("rar4-first-volume.rar"),
	 "#FILE_SPLIT_ACROSS_CONTAINERS LibarchiveAddingTest.html(6893)!FILE_SPLIT_ACROSS_CONTAINERS"},
	{"rar 5, first volume by RAR", DETECT_RAR5, CORPUS("rar5-first-volume.rar"),
	 "#FILE_SPLIT_ACROSS_CONTAINERS cebula.txt(814) test.bin(1200) * "
	 "elf-Linux-ARMv7-ls(0)!FILE_SPLIT_ACROSS_CONTAINERS"},
	{"zip, encrypted directory", DETECT_ZIP, CORPUS("zip-encrypted-directory.zip"),
	 "#ENCRYPTED_CONTAINER_DETECTED"},

	/* one of several volumes */
	{"rar 4, first volume", DETECT_RAR4, RAR "--rar4 --split out b.txt=b.txt a.txt=a.txt",
	 "#FILE_SPLIT_ACROSS_CONTAINERS b.txt(7) a.txt(54447)!FILE_SPLIT_ACROSS_CONTAINERS"},
	{"rar 5, first volume", DETECT_RAR5, RAR "--rar5 --split out b.txt=b.txt a.txt=a.txt",
	 "#FILE_SPLIT_ACROSS_CONTAINERS b.txt(7) a.txt(54447)!FILE_SPLIT_ACROSS_CONTAINERS"},
	{"zip, first volume", DETECT_ZIP,
	 "head -c 200000 /dev/urandom > r; zip -q -s 65536 s.zip r b.txt; mv s.z01 out",
	 "#FILE_SPLIT_ACROSS_CONTAINERS r(*)!MALFORMED_CONTAINER_DETECTED"},
	{"zip, last volume", DETECT_ZIP,
	 "zip -q s.zip b.txt; head -c 200000 /dev/urandom > r; zip -q -s 65536 s2.zip r b.txt; mv "
	 "s2.zip out",
	 "#FILE_SPLIT_ACROSS_CONTAINERS b.txt(7)"},
	{"7z, first volume", DETECT_SEVEN_ZIP,
	 "head -c 200000 /dev/urandom > r; 7z a -bd -v65536b s.7z r; mv s.7z.001 out", "#MALFORMED_CONTAINER_DETECTED"},
	{"cab, one of a set", DETECT_CAB,
	 WRITE "c.cab(m[1:])" WRITTEN "; " EDIT
	       "d[30]|=2; d[36:36]=b\"x\\0y\\0\"; d[8:12]=len(d).to_bytes(4,\"little\"); d[16]+=4; d[36+4]+=4" SAVE,
	 "#FILE_SPLIT_ACROSS_CONTAINERS*"},

	/* damaged: what is left is still handed over */
	{"zip without its directory", DETECT_ZIP,
	 "zip -q -0 out.zip a.txt b.txt; head -c 50000 out.zip > out; rm out.zip",
	 "#MALFORMED_CONTAINER_DETECTED a.txt(49937)!MALFORMED_CONTAINER_DETECTED"},
	{"zip, wrong check sum", DETECT_ZIP,
	 "zip -q -0 out.zip b.txt; mv out.zip out; " EDIT "d[d.index(b\"second\")]^=1" SAVE,
	 "b.txt(7)!MALFORMED_CONTAINER_DETECTED"},
	{"7z, cut", DETECT_SEVEN_ZIP, "7z a -bd o.7z a.txt; head -c 600 o.7z > out", "#MALFORMED_CONTAINER_DETECTED"},
	{"7z, damaged data", DETECT_SEVEN_ZIP, "7z a -bd -m0=Copy o.7z b.txt; mv o.7z out; " EDIT "d[34]^=1" SAVE,
	 "b.txt(7)!MALFORMED_CONTAINER_DETECTED"},
	{"tar, cut", DETECT_TAR, "tar -cf o.tar b.txt a.txt; head -c 20000 o.tar > out",
	 "b.txt(7) a.txt(18464)!MALFORMED_CONTAINER_DETECTED"},
	{"tar, cut in a header", DETECT_TAR, "tar -cf o.tar b.txt a.txt; head -c 1100 o.tar > out",
	 "b.txt(7) #MALFORMED_CONTAINER_DETECTED"},
	{"gzip, cut", DETECT_GZIP, "gzip -nc a.txt | head -c 1000 > out", "*!MALFORMED_CONTAINER_DETECTED"},
	{"gzip, cut after very little", DETECT_GZIP, "gzip -nc b.txt | head -c 18 > out",
	 "(*!MALFORMED_CONTAINER_DETECTED"},
	{"gzip, wrong check sum", DETECT_GZIP, "gzip -nc b.txt > out; " EDIT "d[-6]^=1" SAVE,
	 "(7)!MALFORMED_CONTAINER_DETECTED"},
	{"bzip2, cut", DETECT_BZIP2, "bzip2 -1c a.txt | head -c 12000 > out", "*!MALFORMED_CONTAINER_DETECTED"},
	{"xz, cut", DETECT_XZ, "xz -c a.txt | head -c 2000 > out", "*!MALFORMED_CONTAINER_DETECTED"},
	{"xz, wrong check sum", DETECT_XZ, "xz -c b.txt > out; " EDIT "d[-30]^=1" SAVE,
	 "*!MALFORMED_CONTAINER_DETECTED"},
	{"lzma, cut", DETECT_LZMA, "xz --format=lzma -c a.txt | head -c 2000 > out", "*!MALFORMED_CONTAINER_DETECTED"},
	{"lzip, cut", DETECT_LZIP, "lzip -c a.txt | head -c 2000 > out", "*!MALFORMED_CONTAINER_DETECTED"},
	{"lz4, cut in a later block", DETECT_LZ4, "lz4 -q -B4 -BD -c a.txt > o; head -c 70000 o | head -c -5000 > out",
	 "*!MALFORMED_CONTAINER_DETECTED"},
	{"zstd, cut in a later block", DETECT_ZSTD, "seq 1 200000 | zstd -1 -q -c > o; head -c -500 o > out",
	 "*!MALFORMED_CONTAINER_DETECTED"},
	{"zstd, the second frame cut", DETECT_ZSTD, "zstd -q -c a.txt > out; zstd -q -c a.txt | head -c 2000 >> out",
	 STREAM " *(2000)"},
	{"lz4, cut", DETECT_LZ4, "lz4 -q -c a.txt | head -c 2000 > out",
	 "#OPEN_CONTAINER_FAILED #MALFORMED_CONTAINER_DETECTED"},
	{"zstd, cut", DETECT_ZSTD, "zstd -q -c a.txt | head -c 2000 > out",
	 "#OPEN_CONTAINER_FAILED #MALFORMED_CONTAINER_DETECTED"},
	{"rar 4, cut", DETECT_RAR4, RAR "--rar4 o.rar b.txt=b.txt a.txt=a.txt; head -c 5000 o.rar > out",
	 "#MALFORMED_CONTAINER_DETECTED b.txt(7) a.txt(*)!MALFORMED_CONTAINER_DETECTED"},
	{"rar 5, cut", DETECT_RAR5, RAR "--rar5 o.rar b.txt=b.txt a.txt=a.txt; head -c 5000 o.rar > out",
	 "#MALFORMED_CONTAINER_DETECTED b.txt(7) a.txt(*)!MALFORMED_CONTAINER_DETECTED"},
	{"rar 5, wrong check sum", DETECT_RAR5, RAR "--rar5 out b.txt=b.txt; " EDIT "d[d.index(b\"second\")]^=1" SAVE,
	 "b.txt(7)!MALFORMED_CONTAINER_DETECTED"},
	{"cab, cut", DETECT_CAB, WRITE "c.cab([(\"c\",m[0][1][:20000]),m[1]])[:15000]" WRITTEN,
	 "*#MALFORMED_CONTAINER_DETECTED"},
	{"iso9660, cut", DETECT_ISO9660, "genisoimage -quiet -R -o o a.txt b.txt 2> log; head -c 60000 o > out",
	 "*MALFORMED_CONTAINER_DETECTED*"},
	{"cpio, cut", DETECT_CPIO, "bsdtar -cf o --format newc b.txt a.txt; head -c 3000 o > out",
	 "b.txt(7) a.txt(*)!MALFORMED_CONTAINER_DETECTED"},
	{"lha, cut", DETECT_LHA, LHA "o.lzh b.txt a.txt; head -c 3000 o.lzh > out",
	 "b.txt(7) a.txt(*)!MALFORMED_CONTAINER_DETECTED"},
	{"a 7z that is nothing behind its mark", DETECT_SEVEN_ZIP,
	 "printf \"7z\\274\\257'\\034\" > out; head -c 200 /dev/zero | tr '\\0' x >> out", "#*"},
	{"a gzip that is nothing behind its mark", DETECT_GZIP, "printf '\\037\\213\\010\\377junkjunkjunk' > out",
	 "#OPEN_CONTAINER_FAILED (0)!MALFORMED_CONTAINER_DETECTED"},

	/* methods that nobody here undoes */
	{"zip, Deflate64", DETECT_ZIP, MAKE_7Z "-tzip -mm=Deflate64 out.zip a.txt b.txt",
	 "a.txt(0)!CONTAINER_UNKNOWN_ALGORITHM b.txt(7)"},
	{"7z, Deflate64", DETECT_SEVEN_ZIP, MAKE_7Z "-m0=Deflate64 out.7z a.txt",
	 "a.txt(0)!CONTAINER_UNKNOWN_ALGORITHM"},

	/* what one reader alone does not see */
	{"zip: a member that the directory hides", DETECT_ZIP,
	 "zip -q one.zip b.txt; zip -q out.zip a.txt; mv out.zip out; " EDIT
	 "h=open(\"one.zip\",\"rb\").read(); h=h[:h.index(b\"PK\\1\\2\")]; c=d.index(b\"PK\\1\\2\"); d[c:c]=h; "
	 "d[-6:-2]=(c+len(h)).to_bytes(4,\"little\")" SAVE,
	 BOTH "@HiddenZipMember"},
	{"zip: two archives, one behind the other", DETECT_ZIP,
	 "zip -q one.zip b.txt; zip -q two.zip a.txt; cat one.zip two.zip > out",
	 "@SeveralZipDirectories a.txt(108894) b.txt(7)@HiddenZipMember"},
	{"zip: a directory that holds data", DETECT_ZIP,
	 "python3 -c 'import zipfile; z=zipfile.ZipFile(\"out\",\"w\"); z.writestr(\"b.txt\",\"second\\n\"); "
	 "z.writestr(\"x/\",\"hidden\"); z.close()'",
	 "b.txt(7) #MALFORMED_CONTAINER_DETECTED"},
	{"tar: two archives, one behind the other", DETECT_TAR, "tar -cf out a.txt; tar -cf - b.txt >> out",
	 "a.txt(108894) (10240)"},
	{"gzip: another archive behind it", DETECT_GZIP, "gzip -nc a.txt > out; xz -c b.txt >> out",
	 "(108894) (64)@HiddenContainer"},
	{"rar 5: another archive behind it", DETECT_RAR5, RAR "out b.txt=b.txt; gzip -nc b.txt >> out",
	 "b.txt(7) (27)@HiddenContainer"},
	{"7z: another archive behind it", DETECT_SEVEN_ZIP, "7z a -bd o.7z b.txt; gzip -nc b.txt >> o.7z; mv o.7z out",
	 "b.txt(7) (27)@HiddenContainer"},
};

/* `expected` may hold * for anything. */
static bool matches(const char *got, const char *expected)
{
	if (*expected == '*')
		return matches(got, expected + 1) || (*got && matches(got + 1, expected));
	return *got == *expected && (*got == 0 || matches(got + 1, expected + 1));
}

static bool tools_there(const char *command)
{
	static const char *const tools[] = {"lzip", "lz4", "zstd", "compress", "genisoimage", "dpkg-deb"};
	char look[64];
	for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
		const char *at = strstr(command, tools[i]);
		if (at == NULL || (at != command && at[-1] != ' ') || at[strlen(tools[i])] != ' ')
			continue;
		snprintf(look, sizeof look, "command -v %s > tools", tools[i]);
		if (system(look) != 0)
			return false;
	}
	return true;
}

/* Makes `out`: tools that insist on an ending of their own are followed by a rename. */
static bool make(const char *command)
{
	char shell[4096];
	snprintf(shell, sizeof shell,
		 "rm -rf ./*; cp -r ../keep/. .; { %s; } > log 2>&1 || { cat log; exit 1; }; "
		 "for f in out.*; do if test -f \"$f\"; then mv \"$f\" out; fi; done; test -f out",
		 command);
	return system(shell) == 0;
}

static void test_one(const struct test *test)
{
	struct summary summary = {0};
	struct budget budget = budget_of(104857600, 0, 5000);
	char line[4096] = "";
	const char *expected = test->expected;

	if (!tools_there(test->command)) {
		skip(test->name, "its tool is not installed");
		return;
	}
	if (!make(test->command)) {
		report(false, test->name, "the archive could not be made", expected != NULL ? expected : "");
		return;
	}
	if (expected == NULL) {
		size_t size;
		uint8_t *data = read_file("expected", &size);
		snprintf(line, sizeof line, "%.*s", (int)(size != 0 ? size - 1 : 0), (const char *)data);
		free(data);
		expected = line;
	}
	bool detected = detects("out", test->format);
	int result = walk_file("out", test->format, &budget, &summary);
	if (!detected)
		add(&summary, " (not detected)");
	if (summary.wrong)
		add(&summary, " (other bytes)");
	if (summary.unannounced)
		add(&summary, " (not announced)");
	report(result == 0 && matches(summary.text, expected), test->name, summary.text, expected);
}

static void test_limits(void)
{
	struct summary summary = {0};
	struct budget budget = budget_of(100000, 0, 5000);
	if (!make("tar -cf out a.txt b.txt"))
		exit(99);
	walk_file("out", DETECT_TAR, &budget, &summary);
	report(strcmp(summary.text, "a.txt(100000)!MAXIMUM_EXTRACT_SIZE_EXCEEDED b.txt(7)") == 0,
	       "a member is cut at its limit and the next one follows", summary.text, "");

	summary = (struct summary){0};
	budget = budget_of(104857600, 100000, 5000);
	walk_file("out", DETECT_TAR, &budget, &summary);
	report(strcmp(summary.text, "#MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED "
				    "a.txt(100000)!MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED") == 0 &&
		       budget.usage.cumulative == 100000,
	       "the limit of the sum ends the walk, and is said once", summary.text, "");

	summary = (struct summary){0};
	budget = budget_of(104857600, 0, 1);
	walk_file("out", DETECT_TAR, &budget, &summary);
	report(strcmp(summary.text, "a.txt(108894) #MAXIMUM_FILES_EXTRACTED") == 0,
	       "the limit of files ends the walk, and is said once", summary.text, "");

	summary = (struct summary){.end_after = 1};
	budget = budget_of(104857600, 0, 5000);
	int result = walk_file("out", DETECT_TAR, &budget, &summary);
	report(result == 1 && strcmp(summary.text, "a.txt(108894)") == 0, "the visitor ends the walk", summary.text,
	       "");
}

static void test_charged_once(void)
{
	struct summary summary = {0};
	struct budget budget = budget_of(104857600, 0, 5000);
	if (!make("zip -q - a.txt b.txt | cat > out"))
		exit(99);
	walk_file("out", DETECT_ZIP, &budget, &summary);
	report(budget.usage.files == 2 && budget.usage.cumulative == 108894 + 7 && budget.usage.largest == 108894,
	       "two readers, and each member is charged once", summary.text, "");

	summary = (struct summary){0};
	if (!make("7z a -bd -tzip -mm=Deflate64 out.zip a.txt"))
		exit(99);
	walk_file("out", DETECT_ZIP, &budget, &summary);
	report(summary.engine_opens, "Deflate64 is marked as the engine's", summary.text, "");
}

/* Takes the library's place, for it closes everything that can be made to order without a complaint. */
static bool close_fails;

int archive_read_close(struct archive *archive)
{
	int (*real)(struct archive *) = NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "archive_read_close");
	int result = real(archive);
	return close_fails ? ARCHIVE_WARN : result;
}

static void test_close(void)
{
	struct summary summary = {0};
	struct budget budget = budget_of(104857600, 0, 5000);
	if (!make("tar -cf out a.txt"))
		exit(99);
	close_fails = true;
	walk_file("out", DETECT_TAR, &budget, &summary);
	close_fails = false;
	report(strcmp(summary.text, "a.txt(108894) #CLOSE_CONTAINER_FAILED") == 0, "an archive that cannot be closed",
	       summary.text, "");
}

static void test_names(void)
{
	struct summary summary = {0};
	struct budget budget = budget_of(104857600, 0, 5000);
	if (!make("cp b.txt 'gr\303\274n.txt'; 7z a -bd out.7z 'gr\303\274n.txt'"))
		exit(99);
	walk_file("out", DETECT_SEVEN_ZIP, &budget, &summary);
	report(strcmp(summary.text, "gr\303\274n.txt(7)") == 0, "a name in UTF-16 comes out as UTF-8", summary.text,
	       "");
}

/* The sources are found from $top_srcdir, or from the directory in which the tests are started. */
static void environment(void)
{
	const char *top = getenv("top_srcdir");
	char *here = realpath(top != NULL ? top : ".", NULL);
	char path[4096];
	if (here == NULL)
		exit(99);
	snprintf(path, sizeof path, "%s/scripts/make-rar", here);
	setenv("MAKE_RAR", path, 1);
	snprintf(path, sizeof path, "%s/test/fixture/lha.py", here);
	setenv("MAKE_LHA", path, 1);
	snprintf(path, sizeof path, "%s/test/fixture", here);
	setenv("PYTHONPATH", path, 1);
	snprintf(path, sizeof path, "%s/test/corpus/archive", here);
	setenv("CORPUS", path, 1);
	setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	free(here);
}

static void scratch(char *directory)
{
	if (mkdtemp(directory) == NULL || chdir(directory) != 0 ||
	    system("mkdir keep keep/dir work && cd keep && seq 1 20000 > a.txt && echo second > b.txt && "
		   "echo third > dir/c.txt") != 0 ||
	    chdir("work") != 0)
		exit(99);
}

int main(void)
{
	char directory[] = "/tmp/csapi-archive-XXXXXX";
	char remove[64];
	setlocale(LC_CTYPE, "C.UTF-8");
	environment();
	scratch(directory);
	wanted = read_file("../keep/a.txt", &wanted_size);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		test_one(&tests[i]);
	test_limits();
	test_charged_once();
	test_names();
	test_close();
	snprintf(remove, sizeof remove, "rm -rf %s", directory);
	if (chdir("/") != 0 || system(remove) != 0)
		tap_failures++;
	free(wanted);
	return tap_end();
}
