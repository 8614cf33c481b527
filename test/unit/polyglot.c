/*
 * polyglot.c - archives that hide behind something are told, and ordinary ones are not.
 */
#include "scan/polyglot.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

/* A ZIP archive of one stored member, and a RAR 5 archive without any: their marks prove themselves. */
static const char zip[] = "PK\3\4\12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0"
			  "a"
			  "PK\1\2\36\3\12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			  "a"
			  "PK\5\6\0\0\0\0\1\0\1\0\57\0\0\0\37\0\0\0\0\0";
static const char rar[] = "Rar!\x1a\x07\x01\x00\x33\x92\xb5\xe5\x0a\x01\x05\x06\x00\x05\x01\x01\x80\x80\x00";

/* What stands in front, an archive, and what follows. */
static enum evasion judge(const char *front, size_t front_size, const char *archive, size_t size, const char *behind)
{
	char text[POLYGLOT_TEXT_MOST] = "";
	struct detection detection;
	size_t whole = front_size + size + strlen(behind);
	uint8_t *data = malloc(whole ? whole : 1);
	if (!data)
		exit(99);
	memcpy(data, front, front_size);
	memcpy(data + front_size, archive, size);
	memcpy(data + front_size + size, behind, strlen(behind));
	detect(data, whole, &detection);
	enum evasion evasion = polyglot_judge(data, whole, &detection, text);
	if ((evasion != EVASION_NONE) != (*text != '\0'))
		evasion = EVASION_END;
	free(data);
	return evasion;
}

#define ZIP         zip, sizeof zip - 1
#define RAR         rar, sizeof rar - 1
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	enum evasion wanted;
	const char *front;
	size_t front_size;
	const char *archive;
	size_t size;
	const char *behind, *what;
} cases[] = {
	{EVASION_HiddenContainer, BYTES("GIF89a\1\0\1\0\0\0\0;"), ZIP, "", "a ZIP archive behind a picture"},
	{EVASION_HiddenContainer, BYTES("\x89PNG\r\n\x1a\n"), RAR, "", "a RAR archive behind a picture"},
	{EVASION_HiddenContainer,
	 BYTES("\0\0\0\x18"
	       "ftypmp42"),
	 ZIP, "", "behind a film"},
	{EVASION_HiddenContainer, BYTES("<html>words</html>"), ZIP, "\n", "behind a page"},
	{EVASION_HiddenContainer, BYTES("{\\rtf1 words}"), ZIP, "", "behind RTF"},
	{EVASION_HiddenContainer, BYTES("%PDF-1.4\n%%EOF\n"), ZIP, "", "behind a PDF"},
	{EVASION_HiddenContainer, BYTES("%PDF-1.4\n%%EOF\n"), RAR, "", "RAR behind a PDF"},
	{EVASION_NONE, BYTES("%PDF-1.4\nstream\n"), ZIP, "\nendstream\n%%EOF\n", "within a PDF"},
	{EVASION_NONE, BYTES("%PDF-1.4\nstream\n"), RAR, "\nendstream\n%%EOF\n", "RAR within a PDF"},
	{EVASION_NONE, BYTES("{\\rtf1 "), ZIP, "}", "within RTF"},
	{EVASION_NONE, BYTES(""), ZIP, "", "an archive alone"},
	{EVASION_NONE, BYTES(""), ZIP, "words", "words behind an archive"},
	{EVASION_NONE, BYTES("#!/bin/sh\nexit 0\n"), ZIP, "", "behind a script"},
	{EVASION_NONE, BYTES("Cr24\2\0\0\0"), ZIP, "", "an extension of Chrome"},
	{EVASION_NONE, BYTES("JM\1\0"), ZIP, "", "a module of Java"},
	{EVASION_ForeignPrefix, BYTES("\1\2\3\4\5\6\7"), ZIP, "", "behind noise"},
	{EVASION_NONE, BYTES("\1\2\3\4\5\6\7"), ZIP, "more of it", "within noise"},
};

int main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum evasion got =
			judge(cases[i].front, cases[i].front_size, cases[i].archive, cases[i].size, cases[i].behind);
		okf(got == cases[i].wanted, "%s (%d)", cases[i].what, (int)got);
	}
	return tap_end();
}
