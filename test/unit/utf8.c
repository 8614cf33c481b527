/*
 * utf8.c - hostile names come out as valid UTF-8 within their size, and harmless on a terminal.
 */
#include "base/utf8.h"
#include "tap.h"

#include <stdlib.h>

#define BAD "\xEF\xBF\xBD"

static void cleans(const char *what, const char *data, size_t size, size_t most, const char *wanted)
{
	/* A block of just that size, so that the sanitizer sees a read behind it. */
	char *block = malloc(size ? size : 1);
	if (!block)
		abort();
	memcpy(block, data, size);
	char *clean = utf8_clean(block, size, most);
	same(clean, wanted, what);
	free(clean);
	free(block);
}

#define CLEANS(what, data, wanted) cleans(what, data, sizeof data - 1, 1000, wanted)

static void test_clean(void)
{
	CLEANS("nothing", "", "");
	CLEANS("ASCII", "invoice.zip", "invoice.zip");
	CLEANS("two, three and four bytes", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x93\xA7",
	       "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x93\xA7");
	CLEANS("the last character of all", "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF");
	CLEANS("one behind the last", "\xF4\x90\x80\x80", BAD BAD BAD BAD);
	CLEANS("NUL", "a\0b", "a" BAD "b");
	CLEANS("Latin-1", "caf\xE9", "caf" BAD);
	CLEANS("a continuation alone", "\x80x", BAD "x");
	CLEANS("overlong slash, two bytes", "\xC0\xAF", BAD BAD);
	CLEANS("overlong slash, three bytes", "\xE0\x80\xAF", BAD BAD BAD);
	CLEANS("overlong slash, four bytes", "\xF0\x80\x80\xAF", BAD BAD BAD BAD);
	CLEANS("overlong NUL", "\xC0\x80", BAD BAD);
	CLEANS("a surrogate", "\xED\xA0\x80", BAD BAD BAD);
	CLEANS("before and behind the surrogates", "\xED\x9F\xBF\xEE\x80\x80", "\xED\x9F\xBF\xEE\x80\x80");
	CLEANS("five bytes", "\xF8\x88\x80\x80\x80", BAD BAD BAD BAD BAD);
	CLEANS("cut in the middle", "a\xE2\x82", "a" BAD BAD);
	CLEANS("FE and FF", "\xFE\xFF", BAD BAD);
}

static void test_cut(void)
{
	cleans("cut at a character's end", "ab\xE2\x82\xAC", 5, 4, "ab");
	cleans("just enough room", "ab\xE2\x82\xAC", 5, 5, "ab\xE2\x82\xAC");
	cleans("no room for a replacement", "ab\xFF", 3, 4, "ab");
	cleans("room for a replacement", "ab\xFF", 3, 5, "ab" BAD);
	cleans("no room at all", "abc", 3, 0, "");
	cleans("no limit at all", "\xFF\xFF", 2, SIZE_MAX, BAD BAD);
}

static void shows(const char *what, const char *text, const char *wanted)
{
	char *visible = utf8_visible(text);
	same(visible, wanted, what);
	free(visible);
}

static void test_visible(void)
{
	shows("nothing", "", "");
	shows("printable text is as it was", "a b \xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x93\xA7 \\",
	      "a b \xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x93\xA7 \\");
	shows("an escape sequence", "\x1B[31m", "\\u{1b}[31m");
	shows("line ends, tab, bell, delete", "a\r\n\t\a\x7F", "a\\u{d}\\u{a}\\u{9}\\u{7}\\u{7f}");
	shows("the control sequence introducer of eight bits", "\xC2\x9B", "\\u{9b}");
	shows("right to left", "\xE2\x80\xAEgpj.exe", "\\u{202e}gpj.exe");
	shows("isolates", "\xE2\x81\xA6x\xE2\x81\xA9", "\\u{2066}x\\u{2069}");
	shows("marks of direction", "\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C", "\\u{200e}\\u{200f}\\u{61c}");
	shows("separators of lines and paragraphs", "\xE2\x80\xA8\xE2\x80\xA9", "\\u{2028}\\u{2029}");
	shows("of no width", "a\xE2\x80\x8B\xEF\xBB\xBF\xC2\xADz", "a\\u{200b}\\u{feff}\\u{ad}z");
	shows("tags and private use", "\xF3\xA0\x80\x81\xF4\x8F\xBF\xBF\xEE\x80\x80", "\\u{e0001}\\u{10ffff}\\u{e000}");
	shows("bytes that are no UTF-8", "\xFF\xC3", "\\xff\\xc3");
}

static void test_valid(void)
{
	ok(utf8_valid("") && utf8_valid("abc\xC3\xA9") && utf8_valid("\x01"), "valid");
	ok(!utf8_valid("\xC3") && !utf8_valid("\xED\xA0\x80") && !utf8_valid("\xC0\x80"), "not valid");
}

static void test_write(void)
{
	char bytes[4] = "";
	size_t size = utf8_write('a', bytes);
	ok(size == 1 && bytes[0] == 'a', "one byte");
	ok(utf8_write(0xE9, bytes) == 2 && memcmp(bytes, "\xC3\xA9", 2) == 0, "two bytes");
	ok(utf8_write(0x7FF, bytes) == 2 && utf8_write(0x800, bytes) == 3, "where three begin");
	ok(utf8_write(0x20AC, bytes) == 3 && memcmp(bytes, "\xE2\x82\xAC", 3) == 0, "three bytes");
	ok(utf8_write(0x10FFFF, bytes) == 4 && memcmp(bytes, "\xF4\x8F\xBF\xBF", 4) == 0, "four bytes");
	ok(utf8_write(0x110000, bytes) == 0 && utf8_write(UINT32_MAX, bytes) == 0, "beyond all characters");
}

/* Whatever the bytes: the outcome is valid, within its size, and visible text holds no control. */
static void test_noise(void)
{
	uint8_t noise[64];
	uint32_t seed = 7;
	unsigned bad = 0;
	for (int round = 0; round < 50000; round++) {
		size_t size = seed % (sizeof noise + 1), most = (seed >> 8) % 100;
		for (size_t i = 0; i < size; i++) {
			seed = seed * 1664525u + 1013904223u;
			/* Mostly bytes that begin or continue a character. */
			noise[i] = (uint8_t)(seed >> 24 | (seed & 0x100 ? 0x80 : 0));
		}
		seed = seed * 1664525u + 1013904223u;
		char *clean = utf8_clean(noise, size, most), *visible = clean ? utf8_visible(clean) : NULL;
		bad += !visible || strlen(clean) > most || !utf8_valid(clean) || !utf8_valid(visible);
		for (const char *c = visible; c && *c; c++)
			bad += (unsigned char)*c < 0x20 || *c == 0x7F;
		free(clean);
		free(visible);
	}
	ok(bad == 0, "50000 pieces of noise");
}

int main(void)
{
	test_clean();
	test_cut();
	test_visible();
	test_valid();
	test_write();
	test_noise();
	return tap_end();
}
