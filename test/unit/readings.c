/*
 * readings.c - unit test of lib/scan/outline, variant, carve and readings: what each finds, that ordinary text yields
 * nothing, and that damaged mail is only ever read inside its bytes. Prints TAP.
 */
#include "scan/readings.h"

#include "scan/carve.h"
#include "scan/outline.h"
#include "scan/variant.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct budget budget;

static void budget_fresh(void)
{
	struct limits limits;
	limits_defaults(&limits);
	budget_init(&budget, &limits);
}

struct heard {
	char text[8192];
	unsigned count, stop_after;
	enum scan_code code;
};

static void put(struct heard *heard, const uint8_t *data, size_t size)
{
	size_t used = strlen(heard->text);
	if (size > 80 || used + size + 2 > sizeof heard->text)
		return;
	for (size_t i = 0; i < size; i++)
		heard->text[used++] = data[i] >= ' ' && data[i] < 0x7f ? (char)data[i] : '~';
	heard->text[used++] = '|';
	heard->text[used] = '\0';
}

static int on_variant(void *context, const uint8_t *data, size_t size, enum scan_code code)
{
	struct heard *heard = context;
	heard->code = code;
	put(heard, data, size);
	return ++heard->count == heard->stop_after ? 7 : 0;
}

static int on_reading(void *context, const struct reading *reading)
{
	return on_variant(context, reading->data, reading->size, reading->code);
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	struct heard *heard = context;
	(void)text;
	heard->code = code;
	return 0;
}

/* A copy in a block of just its size: the sanitizer sees every byte read behind it. */
static uint8_t *exact(const char *text, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		abort();
	memcpy(copy, text, size);
	return copy;
}

static void outlines(const char *title, const char *text, const char *expected)
{
	struct outline outline;
	char got[4096] = "";
	size_t size = strlen(text);
	uint8_t *data = exact(text, size);
	if (outline_find(data, size, NULL, 0, &outline))
		abort();
	for (unsigned i = 0; i < outline.count; i++) {
		const struct outline_part *part = &outline.parts[i];
		size_t used = strlen(got);
		(void)snprintf(got + used, sizeof got - used, "%s%s%s%.*s|", part->declared ? "d" : "",
			       part->base64 ? "b" : "", part->quoted ? "q" : "", (int)part->size, data + part->start);
	}
	ok(strcmp(got, expected) == 0, title);
	if (strcmp(got, expected) != 0)
		printf("# expected %s\n# got      %s\n", expected, got);
	outline_free(&outline);
	free(data);
}

#define B64 "Content-Transfer-Encoding: base64\n"

static void test_outline(void)
{
	outlines("nothing", "", "");
	outlines("one body", "A: b\n\nhello\n", "hello|");
	outlines("a declared boundary", "Content-Type: m/m; boundary=x\n\n--x\nA: b\n\none\n--x\n" B64 "\ntwo\n--x--\n",
		 "one|dbtwo|");
	outlines("a boundary in the wrong case", "Content-Type: m/m; boundary=XYZ\n\n--xyz\n\none\n--xyz--\n", "one|");
	outlines("in pieces", "Content-Type: m/m;\n boundary*0=xy;\n boundary*1=z\n\n--xyz\n\none\n--xyz--\n", "one|");
	outlines("in quotes with a comment", "Content-Type: m/m; boundary(c)= (d) \"x y\"\n\n--x y\n\none\n--x y--\n",
		 "one|");
	outlines("with escapes", "Content-Type: m/m; boundary*=us-ascii'en'a%62c\n\n--abc\n\none\n--abc--\n", "one|");
	outlines("no boundary is declared", "A: b\n\nwords\n--q\n" B64 "\none\n--q--\nend\n", "words|dbone|end|");
	outlines("dashes in a text are none", "A: b\n\nwords\n-- \nsignature\n---------\nmore\n",
		 "words\n-- \nsignature\n---------\nmore|");
	outlines("a field in the middle of a text", "A: b\n\nwords\n\n" B64 "\none\n", "words\n|dbone|");
	outlines("no blank line", "A: b\n\nwords\n--q\n" B64 "QUJD\n--q--\n", "words|dbQUJD|");
	outlines("fields in any form",
		 "A: b\n\nw\n--q\nContent-Type: q\nContent-Transfer\n -Encoding : BASE(c)64\n\none\n--q--\n",
		 "w|dbone|");
	outlines("bare returns",
		 "A: b\r\rwords\r--q\r"
		 "Content-Transfer-Encoding: quoted-printable\r\rone\r--q--\r",
		 "words|dqone|");
	outlines("CRCRLF", "A: b\r\r\n\r\r\nwords\r\r\n--q\r\r\nContent-Type: a/b\r\r\n\r\r\none\r\r\n--q--\r\r\n",
		 "words|done|");
	outlines("a field that goes on behind a line of blanks",
		 "A: b\n\nw\n--q\nContent-Transfer-Encoding:\n \n\tbase64\n\nQUJD\n--q--\n", "w|dbQUJD|");
	outlines("a field in the middle of a body, which goes on for some",
		 "Content-Type: m/m; boundary=x\n\n--x\n" B64 "\nQUJD\nContent-Type: a/b\nREVG\n--x--\n",
		 "dbQUJD|dREVG|dbQUJD\nContent-Type: a/b\nREVG|");
	outlines("a boundary in a header, which goes on for some",
		 "Content-Type: m/m; boundary=x\n\n--x\n" B64 "--x\nQU!JD\n--x\n\none\n--x--\n", "QU!JD|dbQU!JD|one|");
	outlines("an encoded multipart, whole and cut",
		 "Content-Type: multipart/x; boundary=x\n" B64 "\nQUJD\n--x\n\nREVG\n--x--\n",
		 "dbQUJD\n--x\n\nREVG\n--x--|dbQUJD|REVG|");
}

static void test_outline_most(void)
{
	size_t size = 0, room = 1u << 20;
	char *text = malloc(room);
	struct outline outline;
	if (!text)
		abort();
	for (unsigned i = 0; i < 2 * OUTLINE_PARTS_MOST; i++)
		size += (size_t)snprintf(text + size, room - size, "--x\nContent-Type: a/b\n\nq%u\n", i);
	ok(outline_find((const uint8_t *)text, size, NULL, 0, &outline) == 0 && outline.count == OUTLINE_PARTS_MOST &&
		   outline.cut,
	   "no more parts than are allowed");
	outline_free(&outline);
	const struct outline_gap gap = {5, size - 5};
	ok(outline_find((const uint8_t *)text, size, &gap, 1, &outline) == 0 && outline.count <= 1 && !outline.cut,
	   "nothing is looked for in a gap");
	outline_free(&outline);
	free(text);
}

static void varies(const char *title, enum transfer transfer, const char *text, bool wanted_broken,
		   const char *expected)
{
	struct heard heard = {{0}, 0, 0, SCAN_CODE_NONE};
	size_t size = strlen(text);
	uint8_t *data = exact(text, size);
	bool broken;
	budget_fresh();
	int result = variant_decode(transfer, data, size, false, &budget, on_variant, &heard, &broken);
	ok(result == 0 && strcmp(heard.text, expected) == 0 && broken == wanted_broken, title);
	if (strcmp(heard.text, expected) != 0 || broken != wanted_broken)
		printf("# expected %s\n# got      %s%s\n", expected, heard.text, broken ? " broken" : "");
	free(data);
}

static void test_variant(void)
{
	const enum transfer base64 = TRANSFER_BASE64, quoted = TRANSFER_QUOTED_PRINTABLE;
	varies("ordinary base64 has none", base64, "aGVsbG8h\r\naGVsbG8h\r\naGVsbA==\r\n", false, "");
	varies("nor has one with a short last line", base64, "aGVsbG8h\naGVs\n", false, "");
	varies("padding in the middle", base64, "aGVsbA==IQ==", false, "hell|!|hell~~|hell~~!~~|");
	varies("a foreign character", base64, "aGVs!bG8h\n", true, "hel|");
	varies("a foreign line", base64, "aGVs\n!x\nbG8h\n", true, "hel|hello!|hello!|~~~|");
	varies("a blank line", base64, "aGVs\n\nbG8h\n", true, "");
	varies("a blank line, CRLF", base64, "aGVs\r\n\r\nbG8h\r\n", true, "");
	varies("the other alphabet", base64, "aGV-bG8_\n", true, "he|he~lo?|");
	varies("ragged lines", base64, "aGV\nsbG8h\n", false, "he~~~|~~~|");
	varies("ordinary quoted-printable has none", quoted, "a=3Db=\nc=0D=0A\n", false, "");
	varies("wrong escapes", quoted, "a=zzb\n", false, "azzb~|azb~|ab~|a|");
	varies("text behind a break", quoted, "a=\r(x)\nb\n", false, "a~(x)~b~|a(x)~b~|ax)~b~|ab~|a(x)~b~|a=(x)~b~|");
	varies("uuencode with bare returns and a foreign line", TRANSFER_UUENCODE, "#0V%T\rtext\r#0V%T\n", false,
	       "CatCat|");
	varies("uuencode with a line that could be one", TRANSFER_UUENCODE, "BEGIN:X\n#0V%T\n", false, "Cat|");
	varies("invisible bytes", quoted,
	       "a\x01"
	       "b\n",
	       false, "ab~|");
	varies("blanks at the end", quoted, "a  \nb\n", false, "a~b~|");
	varies("a return alone", quoted, "a=\rb\n", false, "a~b~|ab~|a~|a|ab~|a=b~|");
	varies("a file whose lines end in LF", quoted, "a=00\r\nb=\r\nc\r\n", false, "a~~bc~|");
	varies("a text whose lines end in CRLF", quoted, "a=41\r\nb\r\n", false, "");
	struct heard heard = {{0}, 0, 1, SCAN_CODE_NONE};
	ok(variant_decode(base64, (const uint8_t *)"aGVsbA==IQ==", 12, true, &budget, on_variant, &heard, NULL) == 7 &&
		   heard.count == 1,
	   "the usual one comes first, and the caller ends it");
}

static void carves(const char *title, const char *text, const char *expected)
{
	struct carving carving;
	char got[4096] = "";
	size_t size = strlen(text), at = 0;
	uint8_t *data = exact(text, size);
	while (carve_next(data, size, &at, &carving)) {
		size_t used = strlen(got);
		(void)snprintf(got + used, sizeof got - used, "%c%.*s|",
			       carving.transfer == TRANSFER_BASE64 ? 'b' : 'u', (int)carving.size,
			       data + carving.start);
	}
	ok(strcmp(got, expected) == 0, title);
	if (strcmp(got, expected) != 0)
		printf("# expected %s\n# got      %s\n", expected, got);
	free(data);
}

static void test_carve(void)
{
	carves("words are no base64", "Hello\nthis is a text\nof/words\n\nand/more\n", "");
	carves("a block", "text:\nQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk\nZWZn\n\nend.\n",
	       "bQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk\nZWZn|");
	carves("names in a program are none",
	       "ac_cv_prog_something_that_is_longer_than_forty\nac_cv_prog_something_else_that_is_longer_than_forty_"
	       "2\n",
	       "");
	carves("a short block with padding", "QUJDREVGR0hJSktMTQ==\n", "bQUJDREVGR0hJSktMTQ==|");
	carves("a quoted block", "> QUJDREVGR0hJSkt\n> MTU5PUFFSU1Q=\n", "bQUJDREVGR0hJSkt\n> MTU5PUFFSU1Q=|");
	carves("an address", "<a href=\"data:x/y;base64,QUJDREVGR0hJSktM\">", "bQUJDREVGR0hJSktM|");
	carves("a short address", "<a href=\"data:x/y;base64,QUJD\">", "");
	carves("uuencode in an odd form", " BEGIN\n\n#86)C\nend\n", "u#86)C|");
	carves("uuencode whose lines lost blanks", "BEGIN\n&86)C\n&86)C \n&8\nend\n", "");
	carves("uuencode whose later lines lost blanks", "begin\n#86)C\n&8\nend\n", "u#86)C\n&8|");
	carves("uuencode whose first line did", " Begin 644 a\n&8\n#86)C\nend\n", "u&8\n#86)C|");
	carves("uuencode without a mode, behind a foreign line", "begin a.com\nforeign\n#86)C\nand so on\n#86)C\n",
	       "uforeign\n#86)C|");
	carves("uuencode without a mode, with blank lines", "begin a.com\n\n#86)C\n\n#86)C\n\nend\n",
	       "u#86)C\n\n#86)C|");
	carves("uuencode that ends in blanks, behind a foreign line", "begin 644 a\nforeign: x\n#0V  \n#86)C\nend\n",
	       "uforeign: x\n#0V  \n#86)C|");
	carves("xxencode behind a foreign line", "begin 644 a\nDate: x\n1Eq3h\nend\n", "u1Eq3h|");
	carves("uuencode in HTML", "<html><pre>begin 644 a\n#86)C\nend\n</pre>\n", "u#86)C|");
	carves("a word that begins", "begin here\nand then go on\n", "");
}

static void reads(const char *title, const char *text, const struct readings_known *known, size_t count,
		  const char *expected)
{
	struct heard heard = {{0}, 0, 0, SCAN_CODE_NONE};
	const struct readings_visitor visitor = {on_reading, on_code, &heard};
	size_t size = strlen(text);
	uint8_t *data = exact(text, size);
	budget_fresh();
	int result = readings_message(data, size, known, count, &budget, &visitor);
	ok(result == 0 && strcmp(heard.text, expected) == 0, title);
	if (strcmp(heard.text, expected) != 0)
		printf("# expected %s\n# got      %s\n", expected, heard.text);
	free(data);
}

static void test_readings(void)
{
	const struct readings_known plain = {6, 6, TRANSFER_IDENTITY, true, false};
	reads("what is known is not read again", "A: b\n\nhello\n", &plain, 1, "");
	reads("a hidden part", "A: b\n\nhello\n--q\n" B64 "\nUVdF\n--q--\n", &plain, 1, "QWE|");
	reads("encoded twice", "A: b\n\nhello\n--q\n" B64 "\nUVVKRFJFVkdSMGhKU2t0TQ==\n--q--\n", &plain, 1,
	      "QUJDREVGR0hJSktM|QUJDREVGR0hJSktM|");
	reads("a file as it stands where a field could say so", "A: b\n\nhello\n--q\nContent-Type: a/b\n\n%@[\n--q--\n",
	      &plain, 1, "%@[|");
	reads("base64 in blocks, each by itself and all together",
	      "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk\n\nQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNl\n\nwords.\n", NULL,
	      0,
	      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcd|ABCDEFGHIJKLMNOPQRSTUVWXYZabcdABCDEFGHIJKLMNOPQRSTUVWXYZabce|"
	      "ABCDEFGHIJKLMNOPQRSTUVWXYZabce|");
	const struct readings_known called = {6, 42, TRANSFER_BASE64, false, false},
				    blank = {6, 6, TRANSFER_IDENTITY, true, false};
	struct heard heard = {{0}, 0, 0, SCAN_CODE_NONE};
	const struct readings_visitor visitor = {on_reading, on_code, &heard};
	static const char wrong[] = "A: b\n\n=ybegin line=128 size=3 name=a\nabc\n=yend\n\n";
	(void)readings_message((const uint8_t *)wrong, sizeof wrong - 1, &called, 1, &budget, &visitor);
	ok(strstr(heard.text, "|=ybegin line=128 size=3 name=a~abc~=yend~~|") != NULL, "yEnc that is called base64");
	const struct readings_known quote = {6, 54, TRANSFER_IDENTITY, true, false};
	reads("yEnc in a text that begins as a message",
	      "A: b\n\nSubject: x\n\n=ybegin line=128 size=3 name=a\nabc\n=yend\n\n", &quote, 1,
	      "=ybegin line=128 size=3 name=a~abc~=yend~~|");
	reads("a body behind blank lines", "A: b\n\n\n\n%@[{", &blank, 1, "%@[{|");
	reads("words behind blank lines", "A: b\n\n\n\nabcd", &blank, 1, "");
	heard.count = 0;
	heard.stop_after = 1;
	static const char two[] = "A: b\n\nx\n--q\n" B64 "\nUVdF\n--q\n" B64 "\nQVNE\n--q--\n";
	ok(readings_message((const uint8_t *)two, sizeof two - 1, NULL, 0, &budget, &visitor) == 7 && heard.count == 1,
	   "the caller ends it");
}

/* Mail with many odd things in it, damaged in a fixed disorder. */
static void test_damaged(void)
{
	static const char mail[] =
		"Subject: x\r\nContent-Type: multipart/mixed; boundary*0=\"a\"; boundary*1=b\r\n\r\n--ab\r\n" B64 "\r\n"
		"QUJDREVGR0hJSktMTU5PUFFSU1Q=UVdF\r\nQ!VJ\r\n\r\nabc\r\n--AB \r\nContent-Type : text/x\r" B64
		"Content-Transfer-Encoding: quoted-printable\n\na=3D=zz=\r\n \t\n=4\r\n--ab--\r\nbegin 644 "
		"x\n#86)C\n`\nend\n"
		"=ybegin line=128 size=3 name=a\nabc\n=yend size=3\n> QUJDREVGR0hJSktMTU5PUFFSU1Q=\n";
	struct heard heard = {{0}, 0, 0, SCAN_CODE_NONE};
	const struct readings_visitor visitor = {on_reading, on_code, &heard};
	uint32_t seed = 1;
	for (unsigned i = 0; i < 20000; i++) {
		size_t size = sizeof mail - 1;
		char *copy = (char *)exact(mail, size);
		for (unsigned k = 0; k < 1 + i % 6; k++) {
			seed = seed * 1664525u + 1013904223u;
			copy[seed % size] = "\r\n-=: ;\"A\0%(b"[seed >> 20 & 12];
		}
		size -= i % 7 ? 0 : seed % size;
		uint8_t *data = exact(copy, size);
		free(copy);
		budget_fresh();
		heard.text[0] = '\0';
		(void)readings_message(data, size, NULL, 0, &budget, &visitor);
		free(data);
	}
	ok(heard.count > 20000, "damaged mail is read inside its bytes");
}

int main(void)
{
	budget_fresh();
	test_outline();
	test_outline_most();
	test_variant();
	test_carve();
	test_readings();
	test_damaged();
	return tap_end();
}
