/*
 * sign.c - names of volumes, encrypted office documents.
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

int main(void)
{
	test_volumes();
	test_document();
	return tap_end();
}
