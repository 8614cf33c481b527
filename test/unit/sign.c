/*
 * sign.c - names of volumes, encrypted office documents, TNEF with and without attachments.
 */
#include "scan/sign.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

static void test_volumes(void)
{
	static const char *const volumes[] = {"a.7z.001", "a.zip.002", "A.RAR.010", "b.tar.gz.001",
					      "a.z01",    "a.Z99",     "a.r00"};
	static const char *const others[] = {"report.001", "a.7z", "a.7z.0001", "a.7z.01", ".001",
					     "a.zip.txt",  "a.r1", "a.zoo",     "001",     ""};
	for (size_t i = 0; i < sizeof volumes / sizeof *volumes; i++)
		ok(sign_of_volume(volumes[i]), volumes[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ok(!sign_of_volume(others[i]), others[i]);
	ok(!sign_of_volume(NULL), "no name");
}

/* A directory entry with that name, at that offset of `size` zeros. */
static uint8_t *entry(size_t size, size_t offset, const char *name)
{
	uint8_t *data = calloc(1, size);
	for (size_t i = 0; data && name[i]; i++)
		data[offset + 2 * i] = (uint8_t)name[i];
	if (data)
		data[offset + 64] = (uint8_t)(2 * strlen(name) + 2);
	return data;
}

static void test_document(void)
{
	uint8_t *data = entry(1024, 512, "EncryptedPackage");
	ok(data && sign_of_encrypted_document(data, 1024), "the stream of an encrypted document");
	ok(data && !sign_of_encrypted_document(data, 600), "an entry that is cut");
	free(data);
	data = entry(1024, 514, "EncryptedPackage");
	ok(data && !sign_of_encrypted_document(data, 1024), "the words in the middle of something else");
	free(data);
	data = entry(1024, 512, "EncryptedPackages");
	ok(data && !sign_of_encrypted_document(data, 1024), "a longer name");
	free(data);
	ok(!sign_of_encrypted_document((const uint8_t *)"", 0), "nothing");
}

/* Signature and key, then one attribute of four bytes. */
static size_t tnef(uint8_t *data, uint8_t level, uint16_t id)
{
	static const uint8_t start[] = {0x78, 0x9f, 0x3e, 0x22, 1, 0};
	memset(data, 0, 64);
	memcpy(data, start, sizeof start);
	data[6] = level;
	data[7] = (uint8_t)id;
	data[8] = (uint8_t)(id >> 8);
	data[11] = 4;
	return 6 + 9 + 4 + 2;
}

static void test_tnef(void)
{
	uint8_t data[64];
	size_t size = tnef(data, 1, 0x8004);
	ok(!sign_of_tnef_attachment(data, size), "a text only");
	ok(sign_of_tnef_attachment(data, size - 1), "cut in an attribute: nobody knows");
	ok(sign_of_tnef_attachment(data, size + 3), "cut in a header: nobody knows");
	size = tnef(data, 2, 0x800F);
	ok(sign_of_tnef_attachment(data, size), "an attachment");
	size = tnef(data, 1, 0x8004);
	data[14] = 0xFF;
	ok(sign_of_tnef_attachment(data, size), "a size beyond the end: nobody knows");
}

int main(void)
{
	test_volumes();
	test_document();
	test_tnef();
	return tap_end();
}
