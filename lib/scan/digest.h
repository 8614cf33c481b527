/*
 * digest.h - SHA-256 of bytes in memory and of files, by libclamav's door to OpenSSL.
 *
 * It names the parts in a report and tells whether the engine saw the same bytes, so it must be one that nobody can
 * make collide. Called by engine, check and decompose.
 */
#ifndef CSAPI_SCAN_DIGEST_H
#define CSAPI_SCAN_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32

/* 0, or -EIO where the library refuses. */
int digest_bytes(const void *data, size_t size, uint8_t ret_digest[DIGEST_SIZE]);
/* The same over the bytes that are not white space (space, tab, CR, LF, VT, FF). */
int digest_text(const void *data, size_t size, uint8_t ret_digest[DIGEST_SIZE]);
/* Of the whole regular file or memfd, whatever its offset is, and how large it is. 0, -EIO, or -errno of reading. */
int digest_file(int fd, uint8_t ret_digest[DIGEST_SIZE], uint64_t *ret_size);

/* A growing set of digests with a cap of its own. */
struct digest_set;
struct digest_set *digest_set_new(void);
void digest_set_free(struct digest_set *set);
/* 0; -ENOMEM; -ENOSPC when it holds DIGEST_SET_MAX. Forgetting one only costs a second scan. */
int digest_set_add(struct digest_set *set, const uint8_t digest[DIGEST_SIZE]);
int digest_set_has(const struct digest_set *set, const uint8_t digest[DIGEST_SIZE]);
void digest_set_clear(struct digest_set *set);
#define DIGEST_SET_MAX 1000000u

#endif
