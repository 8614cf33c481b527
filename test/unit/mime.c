/*
 * mime.c - unit test of lib/scan/mime and lib/scan/transfer: messages in, the walk written out as text.
 *
 * One line a part: kind, section<parent, type, size, "first bytes" (a line feed as ~, other odd bytes as ?), then name,
 * text, depth where there is one, and !CODE. Codes of the message itself stand on lines of their own. Prints TAP.
 */
#include "scan/mime.h"
#include "scan/transfer.h"
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct output {
	char text[1048576];
	size_t used;
	unsigned parts, stop_after; /* stop_after: end the walk with 7 at this part; 0: never */
};

static void put(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct output *output, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int count = vsnprintf(output->text + output->used, sizeof(output->text) - output->used, format, arguments);
	va_end(arguments);
	output->used += (size_t)count;
	if (output->used >= sizeof(output->text))
		abort();
}

static const char *short_code(enum scan_code code)
{
	const char *name = scan_code_name(code);
	return strncmp(name, "DEC_RESULT_", 11) ? name : name + 11;
}

static int see_part(void *context, const struct mime_part *part)
{
	struct output *output = context;
	/* What only other readers see is the matter of readings.c. */
	if (part->tentative)
		return 0;
	put(output, "%s %s<%s %s", part_kind_word(part->kind), part->section, part->parent, part->type);
	if ((part->data == NULL) != (part->kind == PART_MULTIPART))
		put(output, " WRONG DATA");
	if (part->kind != PART_MULTIPART) {
		put(output, " %zu \"", part->size);
		for (size_t i = 0; i < part->size && i < 24; i++) {
			int byte = part->data[i];
			put(output, "%c", byte == '\n' ? '~' : byte < ' ' || byte > 126 ? '?' : byte);
		}
		put(output, "\"");
	}
	if (part->name)
		put(output, " name=%s", part->name);
	if (part->text)
		put(output, " text");
	if (part->depth)
		put(output, " depth=%u", part->depth);
	for (unsigned i = 0; i < part->code_count; i++)
		put(output, " !%s", short_code(part->codes[i].code));
	for (unsigned i = 0; i < part->evasions.count; i++)
		put(output, " @%s", evasion_word(part->evasions.noticed[i].evasion));
	put(output, "\n");
	return ++output->parts == output->stop_after ? 7 : 0;
}

static int see_code(void *context, enum scan_code code, const char *text)
{
	if (!text || !*text)
		abort();
	put(context, "!%s\n", short_code(code));
	return 0;
}

static int see_evasion(void *context, enum evasion evasion, const char *text)
{
	if (!text || !*text)
		abort();
	put(context, "@%s\n", evasion_word(evasion));
	return 0;
}

static struct budget budget;

static void budget_fresh(void)
{
	struct limits limits;
	limits_defaults(&limits);
	budget_init(&budget, &limits);
}

/* Walks with the budget as it is; the message is copied so that a read beyond its end is found by the sanitizer. */
static void walks_bytes(const char *title, const void *message, size_t size, const char *expected)
{
	static struct output output;
	struct mime_visitor visitor = {see_part, see_code, see_evasion, &output};
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		abort();
	memcpy(copy, message, size);
	output.used = 0;
	output.text[0] = 0;
	int result = mime_walk(copy, size, 1, &budget, &visitor);
	free(copy);
	int good = result == 0 && !strcmp(output.text, expected);
	ok(good, title);
	if (!good)
		printf("# result %d, expected:\n%s# got:\n%s", result, expected, output.text);
	budget_fresh();
}

static void walks(const char *title, const char *message, const char *expected)
{
	walks_bytes(title, message, strlen(message), expected);
}

#define MIXED "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n"

static void test_structure(void)
{
	walks("one text", "Subject: x\n\nhello\n", "body 1< text/plain 6 \"hello~\" text\n");
	walks("CRLF", "Subject: x\r\n\r\nhello\r\n", "body 1< text/plain 7 \"hello?~\" text\n");
	walks("no body", "Subject: x\n", "body 1< text/plain 0 \"\" text\n");
	walks("two parts, preamble and epilogue",
	      MIXED "pre\n--b\n\nhello\n--b\nContent-Type: TEXT/Html\n\n<b>\n--b--\nepi\n",
	      "body 1< text/plain 5 \"hello\" text\nbody 2< text/html 3 \"<b>\" text\n");
	walks("nested multipart",
	      MIXED "--b\n\na\n--b\nContent-Type: multipart/alternative; boundary=c\n\n"
		    "--c\n\nb\n--c\nContent-Type: text/html\n\nc\n--c--\n--b\n\nd\n--b--\n",
	      "body 1< text/plain 1 \"a\" text\nmultipart 2< multipart/alternative\n"
	      "body 2.1<2 text/plain 1 \"b\" text\nbody 2.2<2 text/html 1 \"c\" text\n"
	      "body 3< text/plain 1 \"d\" text\n");
	walks("no final boundary", MIXED "--b\n\nhello", "body 1< text/plain 5 \"hello\" text\n");
	walks("blank lines, a mark and a From line in front", "\xef\xbb\xbf\n \r\nFrom a Mon\nSubject: x\n\nhi",
	      "body 1< text/plain 2 \"hi\" text\n");
	walks("a line in front of the header", "garbage here\nSubject: x\nContent-Type: text/html\n\n<b>",
	      "body 1< text/html 3 \"<b>\" text\n");
	walks("a blank before the colon", "Content-Type : text/html\n\n<b>", "body 1< text/html 3 \"<b>\" text\n");
	walks("no header", "hello\nworld\n\nSubject: x\n", "!MIME_PARSING_FAILED\n");
	walks("nothing", "", "!MIME_PARSING_FAILED\n");
	walks("only blank lines", "\n\n", "!MIME_PARSING_FAILED\n");
	walks("multipart without a boundary", "Content-Type: multipart/mixed\n\n--b\n\nhello\n--b--\n",
	      "!MIME_PARSING_FAILED\n");
	walks("multipart with a wrong boundary", MIXED "--c\n\nhello\n--c--\n", "!MIME_PARSING_FAILED\n");
	walks("inner multipart without parts",
	      MIXED "--b\nContent-Type: multipart/mixed; boundary=c\n\nx\n--b\n\ny\n--b--\n",
	      "multipart 1< multipart/mixed !MIME_PARSING_FAILED\nbody 2< text/plain 1 \"y\" text\n");
	walks_bytes("NUL in header and body", "Subject: x\0y\n\nhe\0lo", 19, "body 1< text/plain 5 \"he?lo\" text\n");
}

static void test_names(void)
{
	walks("file name",
	      MIXED
	      "--b\nContent-Type: application/pdf; name=b.pdf\nContent-Disposition: attachment; filename=a.pdf\n\n"
	      "x\n--b\nContent-Type: text/plain; name=\"=?utf-8?B?xJvFoQ==?=\"\n\ny\n--b\n"
	      "Content-Disposition: attachment; filename*0*=utf-8''%C4; filename*1*=%9B.txt\n\nz\n--b\n"
	      "Content-Disposition: attachment\n\nw\n--b--\n",
	      "attachment 1< application/pdf 1 \"x\" name=a.pdf\nattachment 2< text/plain 1 \"y\" "
	      "name=\xc4\x9b\xc5\xa1\n"
	      "attachment 3< text/plain 1 \"z\" name=\xc4\x9b.txt\nbody 4< text/plain 1 \"w\" text\n");
	walks("file name in another character set", "Content-Type: text/plain; name=\"=?koi8-r?B?0NLJ18XU?=\"\n\nx",
	      "attachment 1< text/plain 1 \"x\" name=\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82\n");
}

#define INNER "--b\nContent-Type: message/rfc822\n\n"

static void test_messages(void)
{
	walks("inner message with one text", MIXED "--b\n\na\n" INNER "Subject: y\n\nin\n--b\n\nz\n--b--\n",
	      "body 1< text/plain 1 \"a\" text\nmessage 2< message/rfc822 14 \"Subject: y~~in\"\n"
	      "body 2.1<2 text/plain 2 \"in\" text depth=1\nbody 3< text/plain 1 \"z\" text\n");
	walks("inner message, multipart",
	      MIXED INNER "Content-Type: multipart/mixed; boundary=c\n\n--c\n\np\n--c\n\nq\n--c--\nepi\n--b--\n",
	      "message 1< message/rfc822 66 \"Content-Type: multipart/\"\n"
	      "body 1.1<1 text/plain 1 \"p\" text depth=1\nbody 1.2<1 text/plain 1 \"q\" text depth=1\n");
	walks("message as the only part, and in it another",
	      "Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: z\n\nx",
	      "message 1< message/rfc822 43 \"Content-Type: message/rf\"\n"
	      "message 1.1<1 message/rfc822 13 \"Subject: z~~x\" depth=1\n"
	      "body 1.1.1<1.1 text/plain 1 \"x\" text depth=2\n");
	walks("inner message in base64",
	      MIXED "--b\nContent-Type: message/rfc822; name=a.eml\nContent-Transfer-Encoding: base64\n\n"
		    "U3ViamVjdDogeAoKaGkK\n--b--\n",
	      "message 1< message/rfc822 15 \"Subject: x~~hi~\" name=a.eml\n"
	      "body 1.1<1 text/plain 3 \"hi~\" text depth=1\n");
	walks("digest", "Content-Type: multipart/digest; boundary=b\n\n--b\n\nFrom: z\n\nd\n--b--\n",
	      "message 1< message/rfc822 10 \"From: z~~d\"\nbody 1.1<1 text/plain 1 \"d\" text depth=1\n");
	walks("inner message without a header", MIXED INNER "just text\n--b--\n",
	      "message 1< message/rfc822 9 \"just text\" !MIME_PARSING_FAILED\n");
	walks("inner message without anything", MIXED INNER "\n--b--\n", "message 1< message/rfc822 0 \"\"\n");
	walks("inner multipart message without parts",
	      MIXED INNER "Content-Type: multipart/mixed; boundary=c\n\nx\n--b--\n",
	      "message 1< message/rfc822 44 \"Content-Type: multipart/\" !MIME_PARSING_FAILED\n");
	walks("partial", "Content-Type: message/partial; id=i; number=1; total=2\n\nabc",
	      "body 1< message/partial 3 \"abc\" !PARTIAL_MESSAGE_DETECTED\n");
}

#define BASE64 "Content-Type: application/x\nContent-Transfer-Encoding: base64\n\n"
#define QUOTED "Content-Transfer-Encoding: Quoted-Printable\n\n"
#define UUE    "Content-Type: application/x\nContent-Transfer-Encoding: x-uuencode\n\n"

static void test_transfer(void)
{
	walks("base64", BASE64 "aGVs\nbG8=\n", "body 1< application/x 5 \"hello\"\n");
	walks("base64 without padding, two bytes left", BASE64 "aGVsbG8", "body 1< application/x 5 \"hello\"\n");
	walks("base64 without padding, one byte left", BASE64 "aGVsbA\n", "body 1< application/x 4 \"hell\"\n");
	walks("base64, one lost letter at the end", BASE64 "aGVsb\n", "body 1< application/x 3 \"hel\"\n");
	walks("base64 with foreign characters",
	      BASE64 "a*G V\ns-bG\x80"
		     "8=",
	      "body 1< application/x 5 \"hello\"\n");
	walks("base64 joined behind padding", BASE64 "aGVsbA==\nbyE=\n", "body 1< application/x 6 \"hello!\"\n");
	walks("base64, nothing that decodes", BASE64 "= =\n", "body 1< application/x 0 \"\"\n");
	walks("quoted-printable", QUOTED "a=3Db=e9=\nc= \t\r\nd=\n", "body 1< text/plain 6 \"a=b?cd\" text\n");
	walks("quoted-printable, damaged", QUOTED "a=zz=4", "body 1< text/plain 6 \"a=zz=4\" text\n");
	walks("uuencode", UUE "begin 644 a\n#86)C\n`\nend\n", "body 1< application/x 3 \"abc\"\n");
	walks("uuencode: text around it, two files, CRLF",
	      UUE "hi\r\nbegin 644 a\r\n#86)C\r\n`\r\nend\r\nyo\r\nbegin 644 b\r\n\"9&4\r\n`\r\nend\r\n",
	      "body 1< application/x 5 \"abcde\"\n");
	walks("uuencode without begin", UUE "#86)C\n", "body 1< application/x 3 \"abc\"\n");
	walks("unknown encoding", "Content-Transfer-Encoding: x-foo\n\naGk=", "body 1< text/plain 4 \"aGk=\" text\n");
	static const struct {
		const char *value;
		enum transfer transfer;
	} names[] = {
		{" BASE64\r\n", TRANSFER_BASE64},
		{" \"base64\"", TRANSFER_BASE64},
		{"(a (b) c) x-base64; foo", TRANSFER_BASE64},
		{"base64x", TRANSFER_IDENTITY},
		{"(base64", TRANSFER_IDENTITY},
		{"8bit", TRANSFER_IDENTITY},
		{"", TRANSFER_IDENTITY},
		{"uuencode", TRANSFER_UUENCODE},
	};
	int good = 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		good &= transfer_find(names[i].value) == names[i].transfer;
	ok(good, "names of encodings");
}

/* More than one step of the decoder, with groups and escapes that lie across its edges. */
static void test_transfer_large(void)
{
	size_t lines = 20000;
	struct buffer plain;
	char *message = malloc(lines * 16 + 200);
	if (!message)
		abort();
	for (int quoted = 0; quoted < 2; quoted++) {
		size_t used = 0;
		for (size_t i = 0; i < lines; i++)
			used += (size_t)sprintf(message + used, "%s", quoted ? "a=62=\nc=64ef\n" : "YWJj\nZGVmCg== ");
		budget_fresh();
		budget_part(&budget);
		enum scan_code code = transfer_decode(quoted ? TRANSFER_QUOTED_PRINTABLE : TRANSFER_BASE64,
						      (uint8_t *)message, used, &budget, &plain);
		int good = code == SCAN_CODE_NONE && plain.size == lines * 7 && budget.current == plain.size;
		for (size_t i = 0; good && i < lines; i++)
			good = !memcmp(plain.data + i * 7, "abcdef\n", 7);
		ok(good, quoted ? "large quoted-printable" : "large base64");
		buffer_free(&plain);
	}
	free(message);
	budget_fresh();
}

#define PKCS7 "Content-Type: application/pkcs7-mime; name=smime.p7m"

static void test_marks(void)
{
	walks("PGP/MIME",
	      "Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\n"
	      "Version: 1\n--b\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\nx\n--b--\n",
	      "!ENCRYPTED_CONTAINER_DETECTED\nbody 1< application/pgp-encrypted 10 \"Version: 1\"\n"
	      "body 2< application/octet-stream 29 \"-----BEGIN PGP MESSAGE--\" !ENCRYPTED_CONTAINER_DETECTED\n");
	walks("PGP/MIME in an inner message",
	      MIXED INNER "Content-Type: multipart/encrypted; boundary=c\n\n--c\n\nx\n--c--\n--b--\n",
	      "message 1< message/rfc822 59 \"Content-Type: multipart/\" !ENCRYPTED_CONTAINER_DETECTED\n"
	      "body 1.1<1 text/plain 1 \"x\" text depth=1\n");
	walks("inline PGP", "Subject: x\n\nhi\n-----BEGIN PGP MESSAGE-----\nx\n",
	      "body 1< text/plain 33 \"hi~-----BEGIN PGP MESSAG\" text !ENCRYPTED_CONTAINER_DETECTED\n");
	/* What is carved out of a text may be less than another program reads: these bytes are not seen. */
	walks("inline PGP that is not encrypted", "Subject: x\n\nhi\n-----BEGIN PGP MESSAGE-----\n\nyw!diAAAAAAB4\n",
	      "body 1< text/plain 46 \"hi~-----BEGIN PGP MESSAG\" text !ENCRYPTED_CONTAINER_DETECTED\n");
	walks("PGP that is not encrypted", "Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nywdiAAAAAAB4\n",
	      "body 1< text/plain 42 \"-----BEGIN PGP MESSAGE--\" text\n");
	walks("and one behind it",
	      "Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nywdiAAAAAAB4\n-----BEGIN PGP MESSAGE-----\n",
	      "body 1< text/plain 70 \"-----BEGIN PGP MESSAGE--\" text !ENCRYPTED_CONTAINER_DETECTED\n");
	walks("PGP mentioned", "Subject: x\n\n> -----BEGIN PGP MESSAGE-----\nx\n",
	      "body 1< text/plain 32 \"> -----BEGIN PGP MESSAGE\" text\n");
	/* 30 0b 06 09 2a 86 48 86 f7 0d 01 07 xx: what it is, is told when it is opened. */
	walks("S/MIME, enveloped", PKCS7 "\nContent-Transfer-Encoding: base64\n\nMAsGCSqGSIb3DQEHAw==\n",
	      "attachment 1< application/pkcs7-mime 13 \"0???*?H?????\?\" name=smime.p7m\n");
	walks("S/MIME, opaque signed",
	      PKCS7 "; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\nMAsGCSqGSIb3DQEHAg==\n",
	      "attachment 1< application/pkcs7-mime 13 \"0???*?H?????\?\" name=smime.p7m\n");
	walks("S/MIME that is something else", PKCS7 "\n\nfoo",
	      "attachment 1< application/pkcs7-mime 3 \"foo\" name=smime.p7m !CONTAINER_UNKNOWN_ALGORITHM\n");
	walks("S/MIME under another type",
	      "Content-Type: application/octet-stream; name=A.P7M\nContent-Transfer-Encoding: base64\n\n"
	      "MIALBgkqhkiG9w0BBwM=\n\nMA",
	      "attachment 1< application/octet-stream 15 \"0???\?*?H?????\?0\" name=A.P7M\n");
	walks("S/MIME, length in several bytes",
	      "Content-Type: application/octet-stream; name=A.P7M\nContent-Transfer-Encoding: base64\n\n"
	      "MIIBAAYJKoZIhvcNAQcD\n",
	      "attachment 1< application/octet-stream 15 \"0?????*?H?????\?\" name=A.P7M\n");
	walks("S/MIME that only says so", PKCS7 "; smime-type=enveloped-data\n\nfoo",
	      "attachment 1< application/pkcs7-mime 3 \"foo\" name=smime.p7m !ENCRYPTED_CONTAINER_DETECTED\n");
}

#define PART2     "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\na\n--b\n"
#define MIXED1    "Content-Type: multipart/mixed; boundary=b\n"
#define IN_PART   "body 1< text/plain 1 \"a\" text\n"
#define PROGRAM64 "f0VMRgIBAQAAAAAAAAAAAAMAAAABAAAA"
#define PROGRAM   "attachment 2< a/b 24 \"?ELF????????????????????\" name=p"

/* Headers that readers understand differently, and those that merely are sloppy. */
static void test_headers(void)
{
	walks("a multipart and a text", MIXED1 "Content-Type: text/plain\n\n--b\n\na\n--b--\n",
	      "@ConflictingType\n"
	      "body 1< text/plain 13 \"--b~~a~--b--~\" text\n");
	walks("two texts", "Content-Type: text/plain\nContent-Type: text/html\n\na",
	      "body 1< text/html 1 \"a\" text\n");
	walks("the same twice", MIXED1 MIXED1 "\n--b\n\na\n--b--\n", IN_PART);
	walks("two boundaries", "Content-Type: multipart/mixed; boundary=b; boundary=\"c\"\n\n--b\n\na\n--b--\n",
	      "@ConflictingBoundary\n" IN_PART);
	walks("a boundary in a quoted name",
	      "Content-Type: multipart/mixed; name=\"x; boundary=c\"; boundary=b\n\n--b\n\na\n--b--\n", IN_PART);
	walks("a blank before the colon of a multipart",
	      "Content-Type : multipart/mixed; boundary=b\n\n--b\n\na\n--b--\n", "@BrokenField\n" IN_PART);
	walks_bytes("a NUL in a MIME field", "Content-Type: text/html\0x\n\na", 28,
		    "@NulInField\nbody 1< text/html 1 \"a\" text\n");
	walks("a lone carriage return before a MIME field", "Subject: x\rContent-Type: text/html\nTo: a\n\na",
	      "@BareReturn\nbody 1< text/html 1 \"a\" text\n");
	walks("a lone carriage return before another", "To: a\nSubject: x\rX-y: z\n\na",
	      "body 1< text/plain 1 \"a\" text\n");
	walks("two encodings", "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\nYQ==\n",
	      "@ConflictingEncoding\nbody 1< text/plain 1 \"a\" text\n");
	walks("two that change little", "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: 8bit\n\na",
	      "body 1< text/plain 1 \"a\" text\n");
}

/* Encodings of something that somebody could want to hide, and of what nobody would. */
static void test_readings(void)
{
#define HIDDEN(value) PART2 "Content-Type: a/b; name=p\nContent-Transfer-Encoding: " value "\n\n"
	walks("a program in base64", HIDDEN("base64") PROGRAM64 "\n--b--\n", IN_PART PROGRAM "\n");
	walks("in an encoding oddly written", HIDDEN("\"base64\"") PROGRAM64 "\n--b--\n",
	      IN_PART PROGRAM " @OddEncoding\n");
	walks("in an unknown one", HIDDEN("base-64") PROGRAM64 "\n--b--\n",
	      IN_PART "attachment 2< a/b 32 \"f0VMRgIBAQAAAAAAAAAAAAMA\" name=p @OddEncoding\n");
	walks("a text in an unknown one", HIDDEN("8-bit") "words\n--b--\n",
	      IN_PART "attachment 2< a/b 5 \"words\" name=p\n");
	walks("base64 that goes on behind padding", HIDDEN("base64") PROGRAM64 "AA==\n" PROGRAM64 "\n--b--\n",
	      IN_PART "attachment 2< a/b 49 \"?ELF????????????????????\" name=p @AmbiguousBase64\n");
	walks("words behind it", HIDDEN("base64") PROGRAM64 "AA==\nsome more words, for people\n--b--\n",
	      IN_PART "attachment 2< a/b 41 \"?ELF????????????????????\" name=p\n");
	walks("a program behind the last boundary",
	      PART2 "\nx\n--b--\nContent-Transfer-Encoding: base64\n\n" PROGRAM64 "\n",
	      IN_PART "body 2< text/plain 1 \"x\" text\n"
		      "attachment stray1< application/octet-stream 24 \"?ELF????????????????????\" @HiddenPart\n");
	walks("a multipart in base64",
	      "Content-Transfer-Encoding: base64\nContent-Type: multipart/mixed; boundary=b\n\nLS1iCgphCi0tYi0tCg==\n",
	      "!MIME_PARSING_FAILED\n@EncodedMultipart\n"
	      "attachment stray1< application/octet-stream 13 \"--b~~a~--b--~\"\n");
}

static void test_mailbox(void)
{
	walks("one message behind a From line", "From a Mon\nSubject: x\n\nhello\nFrom here\n",
	      "body 1< text/plain 16 \"hello~From here~\" text\n");
	walks("a From line in the text, no header behind it",
	      "From a Mon\nSubject: x\n\nhello\n\nFrom here on\nwe go\n",
	      "body 1< text/plain 26 \"hello~~From here on~we g\" text\n");
	walks("two messages",
	      "From a Mon\nSubject: x\n\none\n\nFrom b Tue\nContent-Type: multipart/mixed; boundary=b\n\n"
	      "--b\n\ntwo\n--b--\n",
	      "message 1< message/rfc822 17 \"Subject: x~~one~~\"\nbody 1.1<1 text/plain 5 \"one~~\" text depth=1\n"
	      "message 2< message/rfc822 58 \"Content-Type: multipart/\"\n"
	      "body 2.1<2 text/plain 3 \"two\" text depth=1\n");
	walks("a separator inside an open multipart: both readings",
	      "From a Mon\r\n" MIXED "--b\r\n\r\none\r\n\r\nFrom b Tue\r\nFoo: x\r\n\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
	      "message 1< message/rfc822 68 \"Subject: x~Content-Type:\"\nbody 1.1<1 text/plain 7 \"one?~?~\" text "
	      "depth=1\n"
	      "message 2< message/rfc822 29 \"Foo: x?~?~--b?~?~two?~--\"\n"
	      "body 2.1<2 text/plain 19 \"--b?~?~two?~--b--?~\" text depth=1\n"
	      "message 3< message/rfc822 109 \"Subject: x~Content-Type:\"\n"
	      "body 3.1<3 text/plain 27 \"one?~?~From b Tue?~Foo: \" text depth=1\n"
	      "body 3.2<3 text/plain 3 \"two\" text depth=1\n");
	walks("no mailbox without a From line in front", "Subject: x\n\none\n\nFrom b Tue\nSubject: y\n\ntwo\n",
	      "body 1< text/plain 32 \"one~~From b Tue~Subject:\" text\n");
}

static void test_limits(void)
{
	static const char two[] = MIXED "--b\n\nhello\n--b\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n--b--\n";
	budget.most_size = 4;
	walks("size of a part", two,
	      "body 1< text/plain 4 \"hell\" text !MAXIMUM_EXTRACT_SIZE_EXCEEDED\n"
	      "body 2< text/plain 4 \"hell\" text !MAXIMUM_EXTRACT_SIZE_EXCEEDED\n");
	budget.most_cumulative = 7;
	walks("size of all parts", two,
	      "body 1< text/plain 5 \"hello\" text\n"
	      "body 2< text/plain 2 \"he\" text !MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED\n");
	budget.most_files = 1;
	walks("count of parts", two, "body 1< text/plain 5 \"hello\" text\n!MAXIMUM_FILES_EXTRACTED\n");
	budget.most_files = 1;
	walks("count of parts in an inner message", "Content-Type: message/rfc822\n\nSubject: y\n\nin",
	      "message 1< message/rfc822 14 \"Subject: y~~in\"\n!MAXIMUM_FILES_EXTRACTED\n");
	budget.most_depth = 1;
	walks("depth: the message is told and not opened, the walk goes on",
	      MIXED INNER "Subject: y\n\nin\n--b\n\nz\n--b--\n",
	      "message 1< message/rfc822 14 \"Subject: y~~in\" !MAXIMUM_DEPTH_REACHED\n"
	      "body 2< text/plain 1 \"z\" text\n");
	budget.most_depth = 2;
	walks("depth: one more", MIXED INNER "Content-Type: message/rfc822\n\nSubject: y\n\nin\n--b--\n",
	      "message 1< message/rfc822 44 \"Content-Type: message/rf\"\n"
	      "message 1.1<1 message/rfc822 14 \"Subject: y~~in\" depth=1 !MAXIMUM_DEPTH_REACHED\n");
}

/* Structures that GMime alone answers with a deep recursion or gives up on. */
static void test_nesting(void)
{
	static char message[300000];
	static struct output output;
	struct mime_visitor visitor = {see_part, see_code, see_evasion, &output};
	size_t used = (size_t)sprintf(message, "Subject: x\n");
	for (int i = 0; i < 1100; i++)
		used += (size_t)sprintf(message + used, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	mime_walk((const uint8_t *)message, used, 1, &budget, &visitor);
	ok(output.parts == 256 && strstr(output.text, " !MAXIMUM_DEPTH_REACHED\n"), "1100 multiparts in each other");
	budget_fresh();

	used = (size_t)sprintf(message, "To: ");
	for (int i = 0; i < 50000; i++)
		used += (size_t)sprintf(message + used, "a:");
	used += (size_t)sprintf(message + used, "\n\nx");
	walks_bytes("50000 address groups in each other", message, used, "body 1< text/plain 1 \"x\" text\n");

	output.parts = 0;
	output.stop_after = 2;
	static const char three[] = MIXED "--b\n\na\n--b\n\nb\n--b\n\nc\n--b--\n";
	ok(mime_walk((const uint8_t *)three, strlen(three), 1, &budget, &visitor) == 7 && output.parts == 2,
	   "a callback ends the walk");
}

int main(void)
{
	budget_fresh();
	ok(mime_start() == 0, "start");
	ok(!strncmp(mime_version(), "GMime 3.", 8), "version");
	test_structure();
	test_names();
	test_messages();
	test_transfer();
	test_transfer_large();
	test_marks();
	test_headers();
	test_readings();
	test_mailbox();
	test_limits();
	test_nesting();
	return tap_end();
}
