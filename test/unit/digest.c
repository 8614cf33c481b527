/*
 * digest.c - test of SHA-256 and of sets of digests. Prints TAP.
 */
#include "scan/digest.h"
#include "tap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool hex_is(const uint8_t digest[DIGEST_SIZE], const char *hex)
{
	char text[2 * DIGEST_SIZE + 1];
	for (unsigned i = 0; i < DIGEST_SIZE; i++)
		(void)snprintf(text + (size_t)2 * i, 3, "%02x", digest[i]);
	return strcmp(text, hex) == 0;
}

static void test_bytes(void)
{
	uint8_t digest[DIGEST_SIZE];
	/* FIPS 180-2, appendix B.1, and the digest of nothing. */
	ok(digest_bytes("abc", 3, digest) == 0 &&
		   hex_is(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
	   "digest of abc");
	ok(digest_bytes(NULL, 0, digest) == 0 &&
		   hex_is(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
	   "digest of nothing");
	ok(digest_text(NULL, 0, digest) == 0 &&
		   hex_is(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
	   "digest of no text");
	ok(digest_text(" a\tb\r\nc\v\f", 9, digest) == 0 &&
		   hex_is(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
	   "white space does not count in a text");
}

static void test_file(void)
{
	uint8_t of_file[DIGEST_SIZE], of_bytes[DIGEST_SIZE];
	uint64_t size = 0;
	const size_t large = 200001;
	char *data = calloc(1, large);
	int fd = memfd_create("file", MFD_CLOEXEC);
	ok(data && write(fd, data, large) == (ssize_t)large && lseek(fd, 1, SEEK_SET) == 1 &&
		   digest_file(fd, of_file, &size) == 0 && digest_bytes(data, large, of_bytes) == 0 && size == large &&
		   memcmp(of_file, of_bytes, DIGEST_SIZE) == 0,
	   "digest of a file, whatever its offset is");
	ok(lseek(fd, 0, SEEK_CUR) == 1 && ftruncate(fd, 0) == 0 && digest_file(fd, of_file, &size) == 0 && size == 0 &&
		   digest_bytes(NULL, 0, of_bytes) == 0 && memcmp(of_file, of_bytes, DIGEST_SIZE) == 0,
	   "which stays where it was; and of nothing");
	(void)close(fd);
	ok(digest_file(-1, of_file, &size) == -EBADF, "no file");
	free(data);
}

/* Longer than the page in which digest_text collects, with blanks at odd places. */
static void test_long_text(void)
{
	enum { SIZE = 20001 };
	char *plain = malloc(SIZE);
	char *spaced = malloc(2 * SIZE);
	size_t used = 0;
	for (size_t i = 0; i < SIZE; i++) {
		plain[i] = (char)('!' + i % 90);
		spaced[used++] = plain[i];
		if (i % 3 == 0)
			spaced[used++] = ' ';
	}
	uint8_t a[DIGEST_SIZE];
	uint8_t b[DIGEST_SIZE];
	ok(digest_bytes(plain, SIZE, a) == 0 && digest_text(spaced, used, b) == 0 && memcmp(a, b, DIGEST_SIZE) == 0,
	   "a long text is the same with and without blanks");
	plain[SIZE - 1] = 'x';
	ok(digest_text(plain, SIZE, a) == 0 && memcmp(a, b, DIGEST_SIZE) != 0, "its last letter counts");
	free(plain);
	free(spaced);
}

/* Digests that differ late only, and all begin at the same slot. */
static void neighbour(uint32_t number, uint8_t ret_digest[DIGEST_SIZE])
{
	memset(ret_digest, 7, DIGEST_SIZE);
	memcpy(ret_digest + DIGEST_SIZE - sizeof number, &number, sizeof number);
}

static void spread(uint32_t number, uint8_t ret_digest[DIGEST_SIZE])
{
	(void)digest_bytes(&number, sizeof number, ret_digest);
}

static bool has_exactly(struct digest_set *set, void (*make)(uint32_t, uint8_t *), uint32_t from, uint32_t to)
{
	uint8_t digest[DIGEST_SIZE];
	for (uint32_t i = 0; i < to + 100; i++) {
		make(i, digest);
		if (digest_set_has(set, digest) != (i >= from && i < to))
			return false;
	}
	return true;
}

static void test_set(void)
{
	uint8_t digest[DIGEST_SIZE];
	struct digest_set *set = digest_set_new();
	ok(set && has_exactly(set, spread, 0, 0), "a new set holds nothing");
	bool added = true;
	for (uint32_t i = 0; i < 5000; i++) {
		spread(i, digest);
		added = added && digest_set_add(set, digest) == 0 && digest_set_add(set, digest) == 0;
	}
	ok(added && has_exactly(set, spread, 0, 5000), "it grows, and holds what was added and nothing else");
	digest_set_clear(set);
	ok(has_exactly(set, spread, 0, 0), "nothing is left after clearing");
	for (uint32_t i = 0; i < 600; i++) {
		neighbour(i, digest);
		added = added && digest_set_add(set, digest) == 0;
	}
	ok(added && has_exactly(set, neighbour, 0, 600), "digests that want the same slot are told apart");
	digest_set_free(set);
	digest_set_free(NULL);
}

static void test_cap(void)
{
	uint8_t digest[DIGEST_SIZE];
	struct digest_set *set = digest_set_new();
	int error = 0;
	uint32_t i = 0;
	for (; i <= DIGEST_SET_MAX && !error; i++) {
		spread(i, digest);
		error = digest_set_add(set, digest);
	}
	ok(error == -28 /* ENOSPC */ && i == DIGEST_SET_MAX + 1, "the set is full at its cap");
	spread(5, digest);
	ok(digest_set_add(set, digest) == 0, "what a full set holds may be added again");
	digest_set_free(set);
}

int main(void)
{
	test_bytes();
	test_file();
	test_long_text();
	test_set();
	test_cap();
	return tap_end();
}
