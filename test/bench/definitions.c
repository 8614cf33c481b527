/*
 * definitions.c - writes a set of virus definitions of any size that is shaped like ClamAV's official one (main and daily).
 *
 *     definitions [--signatures=N] [--seed=N] DIRECTORY
 *
 * Most of the official 8.7 million signatures are hashes of files and of sections of PE files; the matchers of bytes hold some
 * hundred thousand. No list of the shares is published: those below are ours, chosen so that the engine needs the memory
 * and the time to load that users report of the official set (1.2 to 1.4 GB, 20 to 30 seconds).
 * The patterns begin as real ones do, with machine code, script, markup and words that mail is full of too, so that a matcher
 * walks into them; each holds a random piece, so that no harmless message matches by chance.
 *
 * The same arguments give the same bytes. Called by test/bench/run.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURES_MOST 20000000

/* What of ten thousand signatures is of which kind; the rest of the lines below is a constant few. */
enum { PARTS = 10000, MDB = 4590, HSB = 3330, HDB = 1270, MSB = 500, NDB = 125, LDB = 185 };
_Static_assert(MDB + HSB + HDB + MSB + NDB + LDB == PARTS, "the shares make a whole");

static FILE *out;

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static uint64_t state;

/* splitmix64: small, quick, and the same everywhere. */
static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint32_t below(uint32_t end)
{
	return (uint32_t)((next() >> 32) * end >> 32);
}

static bool percent(uint32_t chance)
{
	return below(100) < chance;
}

/* --- bytes as hexadecimal digits ---------------------------------------------------------------------------------- */

static void put_byte(unsigned byte)
{
	static const char digits[] = "0123456789abcdef";
	putc_unlocked(digits[byte >> 4 & 15], out);
	putc_unlocked(digits[byte & 15], out);
}

static void put_text(const char *text)
{
	while (*text)
		put_byte((unsigned char)*text++);
}

static void put_random(unsigned count)
{
	while (count--)
		put_byte((unsigned)next() & 255);
}

static void put_letters(unsigned count)
{
	while (count--)
		put_byte((unsigned char)"abcdefghijklmnopqrstuvwxyz0123456789"[below(36)]);
}

#define PICK(list) list[below(sizeof list / sizeof list[0])]

static const char *const code[] = {"558bec",   "83ec",   "8b45",   "ff15",   "6a00",     "68",    "e8",     "c20400",
				   "90909090", "0f84",   "33c0",   "c745",   "8d85",     "5356",  "57ff75", "85c074",
				   "8bff",     "000000", "ffffff", "4883ec", "488bcb",   "ff25",  "a1",     "3bc3",
				   "0fb6",     "8a06",   "eb",     "75",     "50ff7508", "598b4", "5dc3",   "cccccccc"};
static const char *const script[] = {"<script>",
				     "document.write(",
				     "unescape(",
				     "eval(",
				     "function ",
				     "http://",
				     "https://www.",
				     "<iframe src=",
				     "var ",
				     "String.fromCharCode(",
				     "CreateObject(\"",
				     "powershell -",
				     "cmd.exe /c ",
				     "<a href=\"",
				     "Wscript.Shell",
				     "<div style=\"",
				     ".appendChild(",
				     "return ",
				     "window.location",
				     "base64_decode(",
				     "<?php ",
				     "Sub AutoOpen()",
				     "Shell(",
				     "/JavaScript",
				     "/OpenAction",
				     "<meta http-equiv=\"",
				     ".exe",
				     "URLDownloadToFile",
				     "MSXML2.XMLHTTP",
				     "<html><body>"};
static const char *const words[] = {
	"Dear ",     "account",   "invoice",    "Subject: ", "Content-Type: ", "please ",    "update ",
	"your ",     "bank ",     "Received: ", "payment ",  "click here",     "confirm ",   "customer ",
	"delivery ", "document ", "attached ",  "From: ",    "Message-ID: <",  "name=\"",    "security ",
	"password",  "contract",  "the ",       "order ",    "X-Mailer: ",     "image/jpeg", "filename="};

/* One of the three sorts of content. Each ends with a random piece that is the pattern's own. */
enum sort { CODE, SCRIPT, WORDS };

static void put_code(unsigned pieces)
{
	while (pieces--) {
		const char *piece = PICK(code);
		fputs(piece, out);
		if (strlen(piece) % 2)
			putc_unlocked("0123456789abcdef"[below(16)], out);
		if (percent(60))
			put_random(1 + below(3));
	}
}

/*
 * A matcher goes by the first three bytes and then looks at all patterns that begin with them, so how evenly those are spread decides
 * how fast it is. Texts are cut out at any place: few begin where a word or a tag does.
 */
static void put_opening(void)
{
	uint32_t chance = below(100);
	if (chance < 5)
		return;
	if (chance < 20) {
		const char *piece = percent(50) ? PICK(script) : PICK(words);
		put_text(piece + below((uint32_t)strlen(piece)));
		return;
	}
	for (unsigned i = 1 + below(3); i; i--) {
		put_byte((unsigned char)"bcdfghjklmnpqrstvwxz -=./\"'(<0123456789"[below(39)]);
		put_byte((unsigned char)"aeiouaeiouaeioutnrsldy"[below(22)]);
		put_byte((unsigned char)"bcdfghjklmnpqrstvwxzaeiou_ \"=:"[below(30)]);
	}
}

static void put_content(enum sort sort, unsigned pieces)
{
	switch (sort) {
	case CODE:
		put_code(pieces);
		put_random(8 + below(16));
		break;
	case SCRIPT:
		put_opening();
		for (unsigned i = 0; i < pieces; i++)
			put_text(percent(60) ? PICK(script) : PICK(words));
		put_letters(10 + below(12));
		break;
	case WORDS:
		put_opening();
		for (unsigned i = 0; i < pieces; i++)
			put_text(PICK(words));
		put_letters(10 + below(12));
		break;
	}
}

static void put_wildcard(void)
{
	switch (below(5)) {
	case 0:
		fputs("????", out);
		break;
	case 1:
		fprintf(out, "{%" PRIu32 "}", 1 + below(30));
		break;
	case 2:
		fprintf(out, "{-%" PRIu32 "}", 4 + below(60));
		break;
	case 3:
		fputs("(0d0a|0a20|2020)", out);
		break;
	default:
		putc_unlocked('*', out);
	}
}

/* --- names, kinds of files ---------------------------------------------------------------------------------------- */

static void put_name(void)
{
	static const char *const platforms[] = {"Win",  "Win", "Win",  "Win", "Win", "Doc", "Html", "Js",
						"Andr", "Pdf", "Unix", "Osx", "Xls", "Txt", "Email"};
	static const char *const kinds[] = {"Trojan",     "Malware", "Dropper", "Downloader", "Packed",
					    "Ransomware", "Worm",    "Virus",   "Exploit",    "Phishing"};
	static const char *const families[] = {"Agent",  "Generic", "Zusy",    "Emotet", "Zbot",   "Upatre",
					       "Kovter", "Razy",    "Gamarue", "Virut",  "Ramnit", "Fareit"};
	static uint32_t number;
	fprintf(out, "%s.%s.%s-%" PRIu32 "-0", PICK(platforms), PICK(kinds), PICK(families), 1000000 + number++);
}

/* A target type and what is found in such files; the shares are of a thousand. */
struct target {
	unsigned share, type;
	enum sort sort;
};
static const struct target body_targets[] = {{280, 0, SCRIPT}, {60, 0, CODE},   {380, 1, CODE}, {110, 3, SCRIPT},
					     {50, 4, WORDS},   {40, 7, SCRIPT}, {40, 2, CODE},  {20, 6, CODE},
					     {10, 10, SCRIPT}, {10, 9, CODE}};
static const struct target logical_targets[] = {{900, 1, CODE},  {12, 0, SCRIPT}, {8, 0, CODE},     {28, 2, SCRIPT},
						{14, 3, SCRIPT}, {10, 7, SCRIPT}, {10, 10, SCRIPT}, {3, 4, WORDS},
						{10, 6, CODE},   {5, 9, CODE}};

static const struct target *target_pick(const struct target *targets)
{
	uint32_t left = below(1000);
	while (left >= targets->share) {
		left -= targets->share;
		targets++;
	}
	return targets;
}

/* --- signatures --------------------------------------------------------------------------------------------------- */

/* Sizes of files spread over many decades; sections are padded to 512 bytes. */
static uint32_t file_size(void)
{
	unsigned bits = 9 + below(13);
	return (1u << bits) + below(1u << bits);
}

static void put_hash(bool sha256)
{
	for (unsigned i = 0; i < (sha256 ? 4u : 2u); i++)
		fprintf(out, "%016" PRIx64, next());
}

static void put_file_hash(bool sha256)
{
	put_hash(sha256);
	/* About a tenth of them do not know the size. */
	bool sized = !sha256 || !percent(10);
	if (sized)
		fprintf(out, ":%" PRIu32 ":", file_size());
	else
		fputs(":*:", out);
	put_name();
	fputs(sized ? "\n" : ":73\n", out);
}

static void put_section_hash(bool sha256)
{
	fprintf(out, "%" PRIu32 ":", (1 + below(percent(70) ? 400 : 6000)) * 512);
	put_hash(sha256);
	putc_unlocked(':', out);
	put_name();
	putc_unlocked('\n', out);
}

static void put_body(void)
{
	const struct target *target = target_pick(body_targets);
	put_name();
	fprintf(out, ":%u:", target->type);
	if (target->type == 1 && percent(50))
		fprintf(out, "EP+%" PRIu32, below(200));
	else if (target->type == 1 && percent(10))
		fprintf(out, "S0+%" PRIu32, below(4000));
	else if (percent(4))
		fprintf(out, "%" PRIu32, below(1000));
	else
		putc_unlocked('*', out);
	putc_unlocked(':', out);
	put_content(target->sort, 1 + below(5));
	if (percent(25)) {
		put_wildcard();
		put_content(target->sort, 1 + below(3));
	}
	putc_unlocked('\n', out);
}

static void put_logical(void)
{
	static const char *const expressions[] = {"0",         "0&1",           "0&1&2",          "(0|1)&2&3",
						  "0&1&2&3&4", "0&1&(2|3|4)>1", "(0&1)|(2&3&4&5)"};
	static const unsigned counts[] = {1, 2, 3, 4, 5, 5, 6};
	const struct target *target = target_pick(logical_targets);
	size_t which = below(sizeof counts / sizeof counts[0]);
	put_name();
	fprintf(out, ";Engine:51-255,%sTarget:%u;%s", target->type == 1 && percent(30) ? "FileSize:1024-2000000," : "",
		target->type, expressions[which]);
	for (unsigned i = 0; i < counts[which]; i++) {
		putc_unlocked(';', out);
		put_content(target->sort, 1 + below(3));
		if (percent(20)) {
			put_wildcard();
			put_content(target->sort, 1);
		}
		if (target->sort != CODE && percent(30))
			fputs("::i", out);
	}
	putc_unlocked('\n', out);
}

static void put_member(void)
{
	put_name();
	fprintf(out, ":CL_TYPE_ZIP:*:^(invoice|document|scan)_%08" PRIx32 "\\.(exe|scr|js)$:*:*:*:*:*:*\n",
		(uint32_t)next());
}

/* Domains whose imitation counts as phishing, and links between domains that do not. */
static void put_protected(void)
{
	fprintf(out, "H:bank%08" PRIx32 ".com\n", (uint32_t)next());
}

static void put_allowed(void)
{
	fprintf(out, "M:www.shop%08" PRIx32 ".com:www.shop%08" PRIx32 ".net\n", (uint32_t)next(), (uint32_t)next());
}

static void put_harmless(void)
{
	put_hash(false);
	fprintf(out, ":%" PRIu32 ":Harmless-%08" PRIx32 "\n", file_size(), (uint32_t)next());
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static void md5_file(void)
{
	put_file_hash(false);
}
static void sha256_file(void)
{
	put_file_hash(true);
}
static void md5_section(void)
{
	put_section_hash(false);
}
static void sha256_section(void)
{
	put_section_hash(true);
}

static int write_file(const char *directory, const char *name, uint64_t count, void (*put)(void))
{
	char path[4096];
	int length = snprintf(path, sizeof path, "%s/bench.%s", directory, name);
	if (length < 0 || (size_t)length >= sizeof path)
		return -ENAMETOOLONG;
	out = fopen(path, "we");
	if (!out)
		return -errno;
	static char room[1 << 20];
	(void)setvbuf(out, room, _IOFBF, sizeof room);
	while (count--)
		put();
	bool failed = ferror(out) != 0;
	if (fclose(out) || failed)
		return -EIO;
	return 0;
}

static int write_set(const char *directory, uint64_t signatures)
{
	uint64_t share = signatures < 100000 ? 1 + signatures / 400 : 250;
	const struct {
		const char *name;
		uint64_t count;
		void (*put)(void);
	} files[] = {
		{"hdb", signatures * HDB / PARTS, md5_file},
		{"hsb", signatures * HSB / PARTS, sha256_file},
		{"mdb", signatures * MDB / PARTS, md5_section},
		{"msb", signatures * MSB / PARTS, sha256_section},
		{"ndb", signatures * NDB / PARTS, put_body},
		{"ldb", signatures * LDB / PARTS, put_logical},
		{"cdb", share, put_member},
		{"pdb", share, put_protected},
		{"wdb", share, put_allowed},
		{"fp", share * 4, put_harmless},
	};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		int error = write_file(directory, files[i].name, files[i].count, files[i].put);
		if (error) {
			fprintf(stderr, "definitions: cannot write %s/bench.%s: %s\n", directory, files[i].name,
				strerror(-error));
			return error;
		}
	}
	return 0;
}

static uint64_t number(const char *text, uint64_t most)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno || end == text || *end || value > most) {
		fprintf(stderr, "definitions: %s is no number up to %" PRIu64 "\n", text, most);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"signatures", required_argument, NULL, 'n'},
						{"seed", required_argument, NULL, 's'},
						{NULL, 0, NULL, 0}};
	uint64_t signatures = 8700000;
	state = 1;
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'n')
			signatures = number(optarg, SIGNATURES_MOST);
		else if (option == 's')
			state = number(optarg, UINT32_MAX);
		else
			return 2;
	}
	if (optind != argc - 1) {
		fputs("usage: definitions [--signatures=N] [--seed=N] DIRECTORY\n", stderr);
		return 2;
	}
	return write_set(argv[optind], signatures) ? 1 : 0;
}
