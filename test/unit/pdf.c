/*
 * pdf.c - encryption of a PDF is found wherever it stands, and not in texts; and streams that the engine does not undo.
 */
#include "scan/pdf.h"
#include "tap.h"

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

static const char *unread(const char *text)
{
	size_t size = strlen(text);
	uint8_t *exact = malloc(size ? size : 1);
	if (!exact)
		exit(99);
	memcpy(exact, text, size);
	const char *answer = pdf_unread_stream(exact, size);
	for (size_t cut = 0; cut < size; cut++)
		(void)pdf_unread_stream(exact + size - cut, cut);
	free(exact);
	return answer;
}

static void test_streams(void)
{
	static const char filter[] = "a stream of a PDF whose filter stands elsewhere",
			  predictor[] = "a stream of a PDF with a predictor";
	same(unread("5 0 obj\n<< /Filter /FlateDecode /Length 3 >>\nstream\nabc"), NULL, "an ordinary stream");
	same(unread("5 0 obj\n<< /Filter 7 0 R >>\nstream\nabc"), filter, "a filter elsewhere");
	same(unread("5 0 obj<</Fil#74er[%x\n7 0 R]>>stream\nabc"), filter, "in an array, with an escape and a remark");
	same(unread("5 0 obj\n<< /Filter 7 0 R >>\nendobj\n"), NULL, "of no stream");
	same(unread("5 0 obj\n<< /Length 7 0 R >>\nstream\nabc"), NULL, "a length elsewhere");
	same(unread("5 0 obj\n<< /DecodeParms << /Columns 4 /Predictor 12 >> >>\nstream\nabc"), predictor, "predicted");
	same(unread("5 0 obj\n<< /DP [ << /Pr#65dictor 2 >> ] >>\nstream\nabc"), predictor, "in an array");
	same(unread("5 0 obj\n<< /DecodeParms 8 0 R >>\nstream\nabc"), predictor, "parameters elsewhere");
	same(unread("5 0 obj\n<< /DecodeParms << /Predictor 1 >> >>\nstream\nabc"), NULL, "not predicted");
	same(unread("5 0 obj\n<< /Type /XRef /DecodeParms << /Predictor 12 >> >>\nstream\nabc"), NULL, "a table");
	same(unread("5 0 obj\n<< /Subtype /Image /DecodeParms << /Predictor 15 >> >>\nstream\nabc"), NULL, "a picture");
	same(unread("(5 0 obj << /Filter 7 0 R"), NULL, "a beginning");
	same(unread(""), NULL, "nothing");
}

int main(void)
{
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
