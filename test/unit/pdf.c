/*
 * pdf.c - encryption of a PDF is found wherever it stands, and not in texts; and streams come out as viewers undo them.
 */
#include "scan/pdf.h"
#include "scan/archive.h"
#include "tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAR "%................................................................\n"
#define BEHIND                                                                                                         \
	FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR FAR    \
		FAR FAR FAR FAR FAR FAR FAR FAR FAR "startxref\n0\n%%EOF\n"
#define LOCK "6 0 obj\n<< /Filter /Standard /V 1 /R 2 /O (a\\)>>b) /U <00> >>\nendobj\n"

static enum pdf_encryption look(const char *text, char *ret_tail, size_t tail_size)
{
	size_t size = strlen(text);
	uint8_t *exact = malloc(size ? size : 1);
	struct buffer tail;
	if (!exact)
		exit(99);
	memcpy(exact, text, size);
	enum pdf_encryption answer = pdf_encryption(exact, size, &tail);
	if (ret_tail)
		(void)snprintf(ret_tail, tail_size, "%.*s", (int)tail.size, tail.data ? (const char *)tail.data : "");
	buffer_free(&tail);
	/* Cut anywhere, nothing is read behind the end. */
	for (size_t cut = 0; cut < size; cut += 7) {
		uint8_t *part = malloc(cut ? cut : 1);
		if (!part)
			exit(99);
		memcpy(part, text, cut);
		(void)pdf_encryption(part, cut, &tail);
		buffer_free(&tail);
		free(part);
	}
	free(exact);
	return answer;
}

/* What came out of the streams of a document: contents one behind the other, each with a bar behind it; and the last code. */
struct taken {
	char text[256];
	enum scan_code code;
};

static int on_member(void *context, const struct archive_member *member)
{
	struct taken *taken = context;
	size_t used = strlen(taken->text);
	if (member->size < sizeof taken->text - used - 2 && member->noise)
		(void)snprintf(taken->text + used, sizeof taken->text - used, "%.*s|", (int)member->size,
			       (const char *)member->data);
	return 0;
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	struct taken *taken = context;
	taken->code = *text ? code : SCAN_CODE_NONE;
	return 0;
}

static int on_next(void *context, const char *name)
{
	(void)context;
	return *name ? 0 : -EINVAL;
}

static struct taken take(const char *text, size_t size)
{
	struct limits limits;
	limits_defaults(&limits);
	struct taken taken = {"", SCAN_CODE_NONE};
	const struct archive_visitor visitor = {
		.member = on_member, .code = on_code, .next = on_next, .context = &taken};
	for (size_t cut = 0; cut <= size; cut++) {
		struct budget budget;
		uint8_t *exact = malloc(cut ? cut : 1);
		if (!exact)
			exit(99);
		memcpy(exact, text, cut);
		budget_init(&budget, &limits);
		taken = (struct taken){"", SCAN_CODE_NONE};
		(void)archive_walk(DETECT_PDF, exact, cut, &budget, &visitor);
		free(exact);
	}
	return taken;
}

/* A stream whose dictionary says this, and another object behind it. */
static struct taken stream(const char *said, const char *bytes)
{
	char text[512];
	(void)snprintf(text, sizeof text,
		       "5 0 obj\n<< %s >>\nstream\n%s\nendstream\nendobj\n6 0 obj\n[ /ASCIIHexDecode ]\nendobj\n", said,
		       bytes);
	return take(text, strlen(text));
}

#define GIVES(said, bytes, wanted, what)                                                                               \
	do {                                                                                                           \
		struct taken taken = stream(said, bytes);                                                              \
		same(taken.text, wanted, what);                                                                        \
		ok(taken.code == SCAN_CODE_NONE, "no trouble");                                                        \
	} while (0)

static void test_filters(void)
{
	GIVES("/Length 3", "abc", "abc|", "an ordinary stream");
	GIVES("/Length 9999", "abc", "abc|", "a wrong length");
	GIVES("/Length 7 0 R", "abc", "abc|", "a length elsewhere");
	GIVES("/Filter /ASCIIHexDecode", "6 1 62 6>7", "ab`|", "hexadecimal, with half a byte");
	GIVES("/Filter /AHx", "6162", "ab|", "without its end, by its short name");
	GIVES("/Filter 6 0 R", "6162>", "ab|", "a filter elsewhere");
	GIVES("/Fil#74er %x\n[/A#48x]", "6162>", "ab|", "an array, with an escape and a remark");
	ok(stream("/Filter [ 6 0 R ]", "6162>").code == DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "an array in an array");
	GIVES("/Filter [ /AHx /AHx ]", "3631>", "a|", "two");
	GIVES("/Filter [ null /AHx ]", "61>", "a|", "none, and one");
	GIVES("/Filter /A85", "<~FCfN8~>", "test|", "base 85, with a begin");
	GIVES("/Filter /ASCII85Decode", "FC\nfN8", "test|", "without, and without an end");
	GIVES("/Filter /RL", "\2abc\377d\200x", "abcdd|", "runs");
	GIVES("/Filter /DCTDecode", "abc", "abc|", "a picture's codec");
	GIVES("/Filter [ /AHx /DCTDecode ]", "6162>", "ab|", "a picture's codec behind another");
	GIVES("/Filter /Crypt", "abc", "abc|", "no encryption");
	ok(stream("/Filter /Other", "abc").code == DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "an unknown filter");
	ok(stream("/Filter 7 0 R", "abc").code == DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "one that is not there");
	ok(stream("/Filter /LZW /DP 7 0 R", "abc").code == DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM,
	   "parameters that are not there");
}

static void test_streams(void)
{
	GIVES("/Subtype /Image /Width 2 /Height 2", "\1\2\3\4", "", "a picture");
	GIVES("/Subtype /Image /Width 2 /Height 2", "abcd", "abcd|", "a text is none");
	GIVES("/Subtype /Image /Width 2 /Height 2", "\1\2\3\4\5", "", "a picture, and what belongs to none");
	GIVES("/Subtype /Image /Width 9 /Height 9 /Filter /DCT", "\1\2\3\4\5", "", "what a codec undoes");
	GIVES("/Subtype /Image /Width 9 /Height 9", "\1\2\3\4\5", "\1\2\3\4\5|", "what is too short for one");
	GIVES("/Subtype /Image /Width 16 /Height 2 /ImageMask true", "\1\2\3\4", "", "a mask");
	static const char open[] = "5 0 obj <</Length 90>> stream\nabc",
			  bare[] = "5 0 obj <</Length 90>>\nendobj\nstream",
			  ends[] = "5 0 obj <</Length 90>> stream\r\nabc endobj",
			  inner[] = "5 0 obj<<>>stream\n6 0 obj<<>>stream\nabc\nendstream";
	ok(take(open, sizeof open - 1).code == DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "cut short");
	same(take(open, sizeof open - 1).text, "abc|", "what is left of it");
	same(take(bare, sizeof bare - 1).text, "", "no stream");
	same(take(ends, sizeof ends - 1).text, "abc |", "the end of an object ends one too");
	same(take(inner, sizeof inner - 1).text, "6 0 obj<<>>stream\nabc|abc|", "one in another");
	char text[600] = "";
	for (unsigned i = 0; i < 20; i++)
		memcpy(text + strlen(text), "5 0 obj<<>>stream\n", 19);
	ok(take(text, strlen(text)).code == DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "many in each other");
}

int main(void)
{
	test_filters();
	test_streams();
	char tail[512];
	ok(look("%PDF-1.4\n" LOCK "trailer\n<< /Encrypt 6 0 R >>\nstartxref\n0\n%%EOF\n", NULL, 0) == PDF_PLAIN,
	   "where the engine sees it");
	ok(look("%PDF-1.4\n" LOCK "trailer\n<< /Size 7 /Encrypt 6 0 R /ID [<00> <01>] >>\n" BEHIND, tail,
		sizeof tail) == PDF_HIDDEN,
	   "far from the end");
	same(tail, "\ntrailer\n<< /Encrypt 6 0 R \n/ID [<00> <01>] \n>>\nstartxref\n0\n%%EOF\n",
	     "the tail that shows it");
	ok(look("%PDF-1.4\n" LOCK "9 0 obj\n<< /Type /XRef /Encrypt 6 0 R >>\nstream\n" BEHIND, NULL, 0) == PDF_HIDDEN,
	   "in a stream of cross-references");
	ok(look("%PDF-1.4\n" LOCK "9 0 obj<</#54ype/X#52ef/#45ncrypt 6 0 R>>stream\n" BEHIND, NULL, 0) == PDF_HIDDEN,
	   "in escapes");
	ok(look("%PDF-1.4\n" LOCK "trailer\n<< /Encrypt 6 0 R >>\n", NULL, 0) == PDF_HIDDEN, "cut before its end");
	ok(look("%PDF-1.4\ntrailer << /Encrypt << /Filter /Standard /V 1 >> >>\n" BEHIND, NULL, 0) == PDF_CRYPTIC,
	   "in the trailer itself");
	ok(look("%PDF-1.4\n1 0 obj << /A (trailer <<) >> endobj\n" LOCK "9 0 obj << /A 1 /Encrypt 6 0 R >>\n" BEHIND,
		NULL, 0) == PDF_PLAIN,
	   "in another dictionary");
	ok(look("%PDF-1.4\n" LOCK
		"trailer << /A << /Encrypt 6 0 R >> /B [ /Encrypt 6 0 R ] /C (/Encrypt 6 0 R) >>\n" BEHIND,
		NULL, 0) == PDF_PLAIN,
	   "deeper in it, in a list, in a text");
	ok(look("%PDF-1.4\n6 0 obj << /Length 3 >>\ntrailer << /Encrypt 6 0 R >>\n" BEHIND, NULL, 0) == PDF_PLAIN,
	   "what it names is something else");
	ok(look("%PDF-1.4\ntrailer << /Encrypt 6 0 R >>\n" BEHIND, NULL, 0) == PDF_PLAIN, "what it names is not there");
	ok(look("%PDF-1.4\ntrailer << /Encrypt /None >>\n" BEHIND, NULL, 0) == PDF_PLAIN, "no reference");
	ok(look("", NULL, 0) == PDF_PLAIN, "nothing");
	/* Words that a dictionary may follow, and none that ends: every byte is read a few times, not once for each of them. */
	size_t size = 4u << 20;
	uint8_t *hostile = malloc(size);
	struct buffer none;
	if (!hostile)
		exit(99);
	for (size_t i = 0; i + 8 <= size; i += 8)
		memcpy(hostile + i, "1 obj<<(", 8);
	ok(pdf_encryption(hostile, size, &none) == PDF_PLAIN, "dictionaries without an end");
	buffer_free(&none);
	free(hostile);
	return tap_end();
}
