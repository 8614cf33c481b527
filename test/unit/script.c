/*
 * script.c - what a script puts together comes out, and tables, digests and words do not.
 */
#include "scan/script.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As many bytes as a list has at least: letters from A on, again and again. */
#define BYTES 65u

static char wanted[BYTES + 1];

/* What comes out of a text: the first value; *ret_kind where there is one. NULL: nothing. The caller frees. */
static char *first(const char *text, size_t size, enum script_kind *ret_kind, bool hexadecimal)
{
	/* Cut anywhere, nothing is read behind the end. */
	for (size_t cut = 0; cut <= size; cut += cut + 37 < size ? 37 : 1) {
		uint8_t *exact = malloc(cut ? cut : 1);
		struct script_value value;
		struct buffer bytes;
		size_t at = 0;
		char *answer = NULL;
		if (!exact)
			exit(99);
		memcpy(exact, text, cut);
		while (!answer && script_next(exact, cut, &at, &value)) {
			*ret_kind = value.kind;
			if (value.either && hexadecimal)
				value.kind = SCRIPT_HEXADECIMAL;
			if (script_undo(exact, &value, &bytes))
				exit(99);
			answer = strndup(bytes.data ? (const char *)bytes.data : "", bytes.size);
			buffer_free(&bytes);
		}
		free(exact);
		if (cut == size)
			return answer;
		free(answer);
	}
	return NULL;
}

static void gives(const char *text, enum script_kind kind, const char *bytes, const char *what)
{
	enum script_kind got = SCRIPT_PIECES;
	char *answer = first(text, strlen(text), &got, false);
	same(answer ? answer : "(nothing)", bytes ? bytes : "(nothing)", what);
	ok(!bytes || got == kind, "of its kind");
	free(answer);
}

/* A list of the bytes: each in this form, with that between, around it a begin and an end. */
static void list(const char *begin, const char *form, const char *between, const char *end, enum script_kind kind,
		 unsigned count, const char *what)
{
	char text[4096] = "";
	size_t used = (size_t)snprintf(text, sizeof text, "%s", begin);
	for (unsigned i = 0; i < count; i++) {
		used += (size_t)snprintf(text + used, sizeof text - used, form, (unsigned)wanted[i]);
		used += (size_t)snprintf(text + used, sizeof text - used, "%s", i + 1 < count ? between : end);
	}
	gives(text, kind, count == BYTES ? wanted : NULL, what);
}

static void test_lists(void)
{
	list("x = [", "%u", ",", "];", SCRIPT_DECIMAL, BYTES, "an array");
	list("x = [", "%u", ",", "];", SCRIPT_DECIMAL, BYTES - 1, "one that is too short");
	list("f(3, ", "%u", ", ", ");", SCRIPT_DECIMAL, BYTES - 2, "and with another number before it");
	list("x[1] = [", "%u", ",\n", "]\n", SCRIPT_DECIMAL, BYTES, "behind another number, a line for each");
	list("x = ", "Chr(%u)", " & ", "\n", SCRIPT_DECIMAL, BYTES, "Chr()");
	list("x = ", "[char]%u", "+", "\n", SCRIPT_DECIMAL, BYTES, "[char]");
	list("", "&#%u;", "", "", SCRIPT_DECIMAL, BYTES, "entities");
	list("", "&#x%x;", "", "", SCRIPT_HEXADECIMAL, BYTES, "entities in hexadecimal");
	list("\"", "\\x%02x", "", "\"", SCRIPT_HEXADECIMAL, BYTES, "escapes");
	list("\"", "\\x%02X", "\"+\n\"", "\"", SCRIPT_HEXADECIMAL, BYTES, "escapes in pieces");
	list("\"", "\\u%04x", "", "\"", SCRIPT_HEXADECIMAL, BYTES, "wide escapes");
	list("\"", "%%%02X", "", "\"", SCRIPT_HEXADECIMAL, BYTES, "percent signs");
	list("\"", "%%u%04X", "", "\"", SCRIPT_HEXADECIMAL, BYTES, "wide ones");
	list("(", "0x%X", ", ", ")", SCRIPT_HEXADECIMAL, BYTES, "as C has it");
	list("x = Array(", "&H%X", ",", ")", SCRIPT_HEXADECIMAL, BYTES, "as BASIC has it");
	list("hex:", "%02x", ",", "\n", SCRIPT_HEXADECIMAL, BYTES, "with commas");
	list("", "%02X", " ", "\n", SCRIPT_HEXADECIMAL, BYTES, "with blanks");
	list("\"", "%02x", "-", "\"", SCRIPT_HEXADECIMAL, BYTES, "with dashes");
	list("\"", "%02x", "", "\"", SCRIPT_DIGITS, BYTES, "digits alone");
	list("0x", "%02X", "", ",", SCRIPT_DIGITS, BYTES, "behind 0x");
	list("\"", "%02x", "", "\"", SCRIPT_DIGITS, BYTES - 1, "no more than those of a digest");
	list("", "%u", "", "\n", SCRIPT_DIGITS, 0, "a large number");
	list("<", "%02x", "", ">", SCRIPT_DIGITS, 0, "what is written on a page");
	list("", "%u", " ", "\n", SCRIPT_DECIMAL, 0, "a table");
	list("", "%u", "(:)-", "\n", SCRIPT_DECIMAL, 0, "the description of a page");
	list("", "%u.5", ", ", "\n", SCRIPT_DECIMAL, 0, "fractions");
	list("", "1%u", ", ", "\n", SCRIPT_DECIMAL, 0, "large numbers");
}

static void test_pieces(void)
{
	static const char letters[] =
		"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODk0NTY3ODlB";
	static const char *const between[] = {"\" + \"", "\" & _\r\n \"", "\"\r\nx = x & \""};
	char text[512];
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(text, sizeof text, "x = \"%.50s%s%s\"\n", letters, between[i], letters + 50);
		gives(text, SCRIPT_PIECES, letters, "two texts that are joined");
	}
	(void)snprintf(text, sizeof text, "['%.40s', '%.40s', '%s']", letters, letters + 40, letters + 80);
	gives(text, SCRIPT_PIECES, letters, "an array of three");
	(void)snprintf(text, sizeof text, "['%.50s', '%s']", letters, letters + 50);
	gives(text, SCRIPT_PIECES, NULL, "of two: a key and a value");
	(void)snprintf(text, sizeof text, "{\"%.50s\": \"%s\"}", letters, letters + 50);
	gives(text, SCRIPT_PIECES, NULL, "or so");
	gives("x = \"short\" + \"texts\" + \"of\" + \"letters\" + \"and\" + \"more\" + \"and\" + \"more\" + \"and\" + "
	      "\"more\" + "
	      "\"and\" + \"more\" + \"and\" + \"more\" + \"of\" + \"them\" + \"here\" + \"and\" + \"there\"",
	      SCRIPT_PIECES, NULL, "words");
	gives("", SCRIPT_PIECES, NULL, "nothing");
}

static void test_lines(void)
{
	static const char line[] = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY",
			  joined[] = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYQUJDREVGR0hJSktMTU5PUFFSU1RVVldYQUJD";
	char text[512];
	(void)snprintf(text, sizeof text, "echo %s>>a\necho %s>>a\necho QUJD>>a\ncertutil\n", line, line);
	gives(text, SCRIPT_LINES, joined, "lines that are written to a file");
	(void)snprintf(text, sizeof text, "// %s\n// %s\n// QUJD\n", line, line);
	gives(text, SCRIPT_LINES, joined, "remarks");
	(void)snprintf(text, sizeof text, "<b>%s</b><b>%s</b><b>QUJD</b>", line, line);
	gives(text, SCRIPT_LINES, joined, "in markup, in one line");
	(void)snprintf(text, sizeof text, "%s\n%s\nQUJD\n", line, line);
	gives(text, SCRIPT_LINES, NULL, "plain ones are found without this");
	(void)snprintf(text, sizeof text, "a %s\nb %s\nc QUJD\n", line, line);
	gives(text, SCRIPT_LINES, NULL, "with something else before each");
	(void)snprintf(text, sizeof text, "# %s\n# %s\n", line, line);
	gives(text, SCRIPT_LINES, NULL, "two");
}

static void plain(const char *text, const char *expected, const char *what)
{
	struct script_plain bytes;
	size_t size = strlen(text);
	for (size_t cut = 0; cut <= size; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1);
		if (!exact)
			exit(99);
		memcpy(exact, text, cut);
		bool found = script_unescape(exact, cut, &bytes);
		char *answer = found ? strndup((const char *)bytes.text.data, bytes.text.size) : strdup("(none)");
		if (cut == size)
			same(answer, expected, what);
		free(answer);
		if (found)
			script_plain_free(&bytes);
		free(exact);
	}
}

static void test_escapes(void)
{
	plain("QUJDREVGR0hJSktM\\nTU5P\\/UFFS\\u002bU1RVVl\\x3d \\u1234", "QUJDREVGR0hJSktM\nTU5P/UFFS+U1RVVl= \\u1234",
	      "of JSON");
	plain("QUJDREVGR0hJSktM\\r\\nTU5P\\\nUFFS", "QUJDREVGR0hJSktM \nTU5P\nUFFS", "ends of lines");
	plain("QUJDREVGR0hJSktM%2BTU5P%2FUFFS%3d%3", "QUJDREVGR0hJSktM+TU5P/UFFS=%3", "of addresses");
	plain("QUJDREVGR0hJSktM&#13;&#xA;TU5P&#1234;&#a;", "QUJDREVGR0hJSktM\r\nTU5P&#1234;&#a;", "of markup");
	struct script_plain two;
	static const char text[] = "QUJDREVGR0hJSktM QUJDREVGR0hJSktM\\/A QUJD QUJDREVGR0hJSktM\\n";
	ok(script_unescape((const uint8_t *)text, sizeof text - 1, &two), "a text with two escapes");
	ok(!script_plain_broken(&two, 0, 16) && script_plain_broken(&two, 17, 18) &&
		   !script_plain_broken(&two, 36, 4) && script_plain_broken(&two, 41, 17),
	   "and where they stood");
	script_plain_free(&two);
	plain("a word\\n, another%20one & more", "(none)", "no base64");
	plain("QUJDREVGR0hJSktM & QUJDREVGR0hJSktM\\q", "(none)", "no escape");
}

static void test_wide(void)
{
	struct buffer text;
	ok(script_narrow((const uint8_t *)"\xff\xfe"
					  "a\0b\0c\0d\0e\0f\0g\0h\0i\0",
			 20, &text),
	   "a text of two bytes a letter");
	ok(text.size == 10 && memcmp(text.data, "?abcdefghi", 10) == 0, "in one byte each");
	buffer_free(&text);
	ok(script_narrow((const uint8_t *)"\0a\0b\0c\0d\0e\0f\0g\0h\0i", 18, &text), "in the other order");
	ok(text.size == 9 && memcmp(text.data, "abcdefghi", 9) == 0, "likewise");
	buffer_free(&text);
	ok(!script_is_wide((const uint8_t *)"abcdefghijklmnopqrst", 20), "a usual text is none");
	static const uint8_t zeros[64];
	ok(!script_is_wide(zeros, sizeof zeros), "nor are zeros");
	ok(!script_is_wide(zeros, 0), "nor nothing");
}

int main(void)
{
	for (unsigned i = 0; i < BYTES; i++)
		wanted[i] = (char)('A' + i % 26);
	test_lists();
	test_pieces();
	test_lines();
	test_escapes();
	test_wide();
	return tap_end();
}
