/*
 * sign.c - names of volumes and formats.
 */
#include "scan/sign.h"
#include "tap.h"

#include <string.h>

static void test_volumes(void)
{
	static const char *const volumes[] = {"a.7z.001",  "a.zip.002", "A.RAR.010", "b.tar.gz.001", "a.z01",
					      "a.pdf.001", "a.Z99",     "a.r00",     "a.part1.rar",  "A.PART02.RAR"};
	static const char *const others[] = {"report.001", "a.7z",      "a.7z.0001", "a.7z.01", ".001",
					     "a.zip.txt",  "a.r1",      "a.zoo",     "001",     "",
					     "a.part.rar", "part1.rar", "a.m4a",     "a.rar",   "a.d01"};
	for (size_t i = 0; i < sizeof volumes / sizeof *volumes; i++)
		ok(sign_of_volume(volumes[i]), volumes[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ok(!sign_of_volume(others[i]), others[i]);
	ok(!sign_of_volume(NULL), "no name");
}

static void test_formats(void)
{
	same(sign_of_format("a.tar.br"), "Brotli stream", "Brotli by its name");
	same(sign_of_format("A.SITX"), "StuffIt X archive", "whatever the case");
	same(sign_of_format("a.br.txt"), NULL, "another ending");
	same(sign_of_format("br"), NULL, "no ending");
	same(sign_of_format(NULL), NULL, "no name");
}

static void test_members(void)
{
	static const char plain[] = "<manifest:file-entry/>", locked[] = "<manifest:encryption-data/>";
	static const char font[] =
		"<EncryptionMethod Algorithm=\"http://www.idpf.org/2008/embedding\"></EncryptionMethod>";
	static const char both[] =
		"<EncryptionMethod Algorithm=\"http://www.idpf.org/2008/embedding\"/><EncryptionMethod "
		"Algorithm=\"x\"/>";
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
	same(sign_of_encrypted_members("META-INF/manifest.xml", BYTES(locked)), "OpenDocument file",
	     "an encrypted OpenDocument");
	same(sign_of_encrypted_members("META-INF/manifest.xml", BYTES(plain)), NULL, "an open one");
	same(sign_of_encrypted_members("a/META-INF/manifest.xml", BYTES(locked)), NULL, "a name that only ends so");
	same(sign_of_encrypted_members("META-INF/encryption.xml", BYTES(both)), "EPUB book", "an encrypted book");
	same(sign_of_encrypted_members("META-INF/encryption.xml", BYTES(font)), NULL, "fonts alone");
	same(sign_of_encrypted_members(".iwpv2", NULL, 0), "iWork document", "iWork");
	same(sign_of_encrypted_members("META-INF/manifest.xml", NULL, 0), NULL, "nothing");
}

static void test_encoded(void)
{
	static const char base64[] = "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FS\r\n";
	uint8_t arj[100] = "\x60\xea\x1e\0";
	ok(!sign_of_arj_volume(arj, sizeof arj), "an ARJ archive by itself");
	arj[8] = 4;
	ok(sign_of_arj_volume(arj, sizeof arj) && !sign_of_arj_volume(arj, 8), "one that is followed by another");
	arj[8] = 0;
	memcpy(arj + 40, "\x60\xea\x1e\0", 4);
	arj[48] = 8;
	ok(sign_of_arj_volume(arj, sizeof arj) && !sign_of_arj_volume(arj, 48), "the last one of a set");
	arj[48] = 16;
	ok(!sign_of_arj_volume(arj, sizeof arj), "with a first file of its own");
	ok(sign_of_encoded_text("a.UUE", BYTES("words\n")), "by its name, whatever the case");
	ok(!sign_of_encoded_text("a.txt", BYTES("words\n")), "a text");
	ok(!sign_of_encoded_text(NULL, BYTES("")), "nothing");
	ok(sign_of_encoded_text("a.txt", BYTES("\n \nbegin 644 a.com\n#86)C\n`\nend\n")),
	   "uuencode, behind blank lines");
	ok(!sign_of_encoded_text(NULL, BYTES("beginning\n")), "a word that begins so");
	ok(sign_of_encoded_text(NULL, BYTES(base64)), "a line of base64");
	ok(!sign_of_encoded_text(NULL, BYTES("0123456789012345678901234567890123456789012345678901\n")), "a number");
	ok(!sign_of_encoded_text(NULL, BYTES("WDVPIVAlQEFQWzRcUFpYNTQo\n")), "a short one");
}

int main(void)
{
	test_encoded();
	test_volumes();
	test_formats();
	test_members();
	return tap_end();
}
