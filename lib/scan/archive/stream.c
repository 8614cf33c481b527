/*
 * stream.c - undoes one compressed stream, with the compression's own library where there is one.
 *
 * libarchive checks no gzip check sum and yields nothing of a short stream that is cut; zlib, bzip2 and liblzma give
 * what there is. Streams put one behind the other are one file, as their tools have it. Called by walk.
 */
#include "scan/archive/walk.h"

#include "scan/mark.h"

#include <archive.h>
#include <assert.h>
#include <bzlib.h>
#include <errno.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>

#define STEP 65536u
/* Most memory for a dictionary that a header may ask for; xz -9 takes 65 MiB. */
#define LZMA_MEMORY_MOST (256u << 20)

enum answer {
	ANSWER_MORE,    /* made progress */
	ANSWER_END,     /* the end of one stream */
	ANSWER_SHORT,   /* the input ended before the stream did */
	ANSWER_DAMAGED, /* nothing sensible follows */
	ANSWER_METHOD,  /* a method that the library does not know */
	ANSWER_MEMORY,  /* it asks for too much memory */
};

/* One library's decoder over the rest of the input. */
struct stream {
	const uint8_t *data;
	size_t size; /* what is left */
	union {
		z_stream z;
		bz_stream bz;
		lzma_stream lzma;
	} as;
};

struct coder {
	const char *name;
	/* Can a stream begin here? Asked from the second one on. */
	bool (*begins)(const uint8_t *data, size_t size);
	enum answer (*open)(struct stream *stream);
	/* Writes at most STEP bytes. */
	enum answer (*step)(struct stream *stream, uint8_t *out, size_t *ret_size);
	void (*close)(struct stream *stream);
};

/* The libraries count input in 32 bits. */
static unsigned portion(size_t size)
{
	return size < 1u << 30 ? (unsigned)size : 1u << 30;
}

static bool gzip_begins(const uint8_t *data, size_t size)
{
	return size >= 3 && memcmp(data, "\x1f\x8b\x08", 3) == 0;
}

static enum answer gzip_open(struct stream *stream)
{
	memset(&stream->as.z, 0, sizeof stream->as.z);
	return inflateInit2(&stream->as.z, 15 + 16) == Z_OK ? ANSWER_MORE : ANSWER_MEMORY;
}

static enum answer gzip_step(struct stream *stream, uint8_t *out, size_t *ret_size)
{
	z_stream *z = &stream->as.z;
	unsigned given = portion(stream->size);
	z->next_in = (Bytef *)(uintptr_t)stream->data;
	z->avail_in = given;
	z->next_out = out;
	z->avail_out = STEP;
	int answer = inflate(z, Z_NO_FLUSH);
	*ret_size = STEP - z->avail_out;
	stream->data += given - z->avail_in;
	stream->size -= given - z->avail_in;
	switch (answer) {
	case Z_OK:
		return ANSWER_MORE;
	case Z_STREAM_END:
		return ANSWER_END;
	case Z_BUF_ERROR:
		return ANSWER_SHORT;
	case Z_MEM_ERROR:
		return ANSWER_MEMORY;
	default:
		return ANSWER_DAMAGED;
	}
}

static enum answer zlib_open(struct stream *stream)
{
	memset(&stream->as.z, 0, sizeof stream->as.z);
	return inflateInit(&stream->as.z) == Z_OK ? ANSWER_MORE : ANSWER_MEMORY;
}

/* Without a header, as RFC 1951 has it. */
static enum answer deflate_open(struct stream *stream)
{
	memset(&stream->as.z, 0, sizeof stream->as.z);
	return inflateInit2(&stream->as.z, -15) == Z_OK ? ANSWER_MORE : ANSWER_MEMORY;
}

static void gzip_close(struct stream *stream)
{
	inflateEnd(&stream->as.z);
}

static bool bzip2_begins(const uint8_t *data, size_t size)
{
	return size >= 4 && memcmp(data, "BZh", 3) == 0 && data[3] >= '1' && data[3] <= '9';
}

static enum answer bzip2_open(struct stream *stream)
{
	memset(&stream->as.bz, 0, sizeof stream->as.bz);
	return BZ2_bzDecompressInit(&stream->as.bz, 0, 0) == BZ_OK ? ANSWER_MORE : ANSWER_MEMORY;
}

static enum answer bzip2_step(struct stream *stream, uint8_t *out, size_t *ret_size)
{
	bz_stream *bz = &stream->as.bz;
	unsigned given = portion(stream->size);
	bz->next_in = (char *)(uintptr_t)stream->data;
	bz->avail_in = given;
	bz->next_out = (char *)out;
	bz->avail_out = STEP;
	int answer = BZ2_bzDecompress(bz);
	*ret_size = STEP - bz->avail_out;
	stream->data += given - bz->avail_in;
	stream->size -= given - bz->avail_in;
	switch (answer) {
	case BZ_OK: /* no error is given for the end of the input */
		return given == bz->avail_in && *ret_size == 0 ? ANSWER_SHORT : ANSWER_MORE;
	case BZ_STREAM_END:
		return ANSWER_END;
	case BZ_MEM_ERROR:
		return ANSWER_MEMORY;
	default:
		return ANSWER_DAMAGED;
	}
}

static void bzip2_close(struct stream *stream)
{
	BZ2_bzDecompressEnd(&stream->as.bz);
}

static bool xz_begins(const uint8_t *data, size_t size)
{
	return size >= 6 && memcmp(data, "\xfd\x37zXZ\0", 6) == 0;
}

static bool lzip_begins(const uint8_t *data, size_t size)
{
	return size >= 4 && memcmp(data, "LZIP", 4) == 0;
}

static bool lzma_begins(const uint8_t *data, size_t size)
{
	(void)data;
	(void)size;
	return false; /* it has no mark, so its tools know no second stream */
}

static enum answer lzma_opened(lzma_ret answer)
{
	return answer == LZMA_OK ? ANSWER_MORE : answer == LZMA_MEM_ERROR ? ANSWER_MEMORY : ANSWER_METHOD;
}

static enum answer xz_open(struct stream *stream)
{
	stream->as.lzma = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_opened(lzma_stream_decoder(&stream->as.lzma, LZMA_MEMORY_MOST, 0));
}

static enum answer lzip_open(struct stream *stream)
{
	stream->as.lzma = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_opened(lzma_lzip_decoder(&stream->as.lzma, LZMA_MEMORY_MOST, 0));
}

static enum answer lzma_open(struct stream *stream)
{
	stream->as.lzma = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_opened(lzma_alone_decoder(&stream->as.lzma, LZMA_MEMORY_MOST));
}

static enum answer lzma_step(struct stream *stream, uint8_t *out, size_t *ret_size)
{
	lzma_stream *lzma = &stream->as.lzma;
	lzma->next_in = stream->data;
	lzma->avail_in = stream->size;
	lzma->next_out = out;
	lzma->avail_out = STEP;
	lzma_ret answer = lzma_code(lzma, LZMA_RUN);
	*ret_size = STEP - lzma->avail_out;
	bool idle = lzma->avail_in == stream->size && *ret_size == 0;
	stream->data += stream->size - lzma->avail_in;
	stream->size = lzma->avail_in;
	switch (answer) {
	case LZMA_OK:
		/* Where there is no input left and room for output, only another call tells that nothing comes. */
		return idle && stream->size == 0 ? ANSWER_SHORT : ANSWER_MORE;
	case LZMA_STREAM_END:
		return ANSWER_END;
	case LZMA_BUF_ERROR:
		return ANSWER_SHORT;
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return ANSWER_MEMORY;
	case LZMA_OPTIONS_ERROR:
		return ANSWER_METHOD;
	default:
		return ANSWER_DAMAGED;
	}
}

static void lzma_close(struct stream *stream)
{
	lzma_end(&stream->as.lzma);
}

static const struct coder gzip = {"gzip", gzip_begins, gzip_open, gzip_step, gzip_close};
/* No file of its own, so no second one follows. */
static const struct coder zlib = {"zlib", lzma_begins, zlib_open, gzip_step, gzip_close};
static const struct coder deflate_raw = {"DEFLATE", lzma_begins, deflate_open, gzip_step, gzip_close};
static const struct coder bzip2 = {"bzip2", bzip2_begins, bzip2_open, bzip2_step, bzip2_close};
static const struct coder xz = {"xz", xz_begins, xz_open, lzma_step, lzma_close};
static const struct coder lzip = {"lzip", lzip_begins, lzip_open, lzma_step, lzma_close};
static const struct coder lzma = {"LZMA", lzma_begins, lzma_open, lzma_step, lzma_close};

static void note(struct member *member, enum answer answer, const char *name)
{
	switch (answer) {
	case ANSWER_SHORT:
		member_code(member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "the %s stream is cut short", name);
		break;
	case ANSWER_DAMAGED:
		member_code(member, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, "the %s stream is damaged", name);
		break;
	case ANSWER_METHOD:
		member_code(member, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, "the %s stream uses an unknown method",
			    name);
		break;
	case ANSWER_MEMORY:
		member_code(member, DEC_RESULT_FILE_EXTRACT_FAILED, "the %s stream asks for too much memory", name);
		break;
	default:
		break;
	}
}

/* One stream, from its begin to its end. ANSWER_MORE when no more of it is wanted. */
static enum answer coder_run(struct walk *walk, struct member *member, const struct coder *coder, struct stream *stream)
{
	static _Thread_local uint8_t out[STEP];
	enum answer answer = coder->open(stream);
	if (answer != ANSWER_MORE)
		return answer;
	while (answer == ANSWER_MORE) {
		size_t size = 0;
		answer = coder->step(stream, out, &size);
		if (!member_append(walk, member, out, size))
			break;
	}
	coder->close(stream);
	return answer;
}

static const struct coder *const coders[] = {
	[STREAM_ZLIB] = &zlib, [STREAM_DEFLATE] = &deflate_raw, [STREAM_BZIP2] = &bzip2};

void stream_undo(struct walk *walk, struct member *member, enum stream_method method)
{
	if (method == STREAM_STORED)
		return;
	struct buffer packed = member->bytes;
	struct stream stream = {.data = packed.data, .size = packed.size};
	buffer_init(&member->bytes, packed.cap);
	enum answer answer = packed.size ? coder_run(walk, member, coders[method], &stream) : ANSWER_SHORT;
	if (!member->full)
		note(member, answer, coders[method]->name);
	buffer_free(&packed);
}

int stream_expand(enum stream_method method, const uint8_t *data, size_t size, struct buffer *out)
{
	static _Thread_local uint8_t step[STEP];
	const struct coder *coder = coders[method];
	struct stream stream = {.data = data, .size = size};
	enum answer answer = size ? coder->open(&stream) : ANSWER_SHORT;
	if (answer != ANSWER_MORE)
		return answer == ANSWER_MEMORY ? -ENOMEM : 0;
	int error = 0;
	while (answer == ANSWER_MORE && !error && out->size < out->cap) {
		size_t got = 0, left = out->cap - out->size;
		answer = coder->step(&stream, step, &got);
		error = buffer_append(out, step, got < left ? got : left);
	}
	coder->close(&stream);
	return error;
}

/* The name that gzip keeps, between its header and the data; at most `size`. */
static const char *gzip_name(const struct walk *walk, size_t *ret_size)
{
	const uint8_t *data = walk->data;
	size_t at = 10;
	*ret_size = 0;
	if (walk->size < 12 || !(data[3] & 8))
		return "";
	if (data[3] & 4)
		at += 2 + (size_t)mark_le16(data + 10);
	const uint8_t *end = at < walk->size ? memchr(data + at, 0, walk->size - at) : NULL;
	if (end == NULL || end - (data + at) > 4096)
		return "";
	*ret_size = (size_t)(end - (data + at));
	return (const char *)data + at;
}

static void coder_walk(struct walk *walk, const struct coder *coder)
{
	struct stream stream = {.data = walk->data, .size = walk->size};
	struct member member;
	size_t name_size = 0;
	const char *name = coder == &gzip ? gzip_name(walk, &name_size) : "";
	enum answer answer;

	if (!member_begin(walk, &member, name, name_size, true))
		return;
	member_code(&member, DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN, "a compressed stream");
	do {
		answer = coder_run(walk, &member, coder, &stream);
		/* xz pads streams with zeros. */
		while (answer == ANSWER_END && coder == &xz && stream.size != 0 && stream.data[0] == 0) {
			stream.data++;
			stream.size--;
		}
	} while (answer == ANSWER_END && !member.full && coder->begins(stream.data, stream.size));
	if (!member.full)
		note(&member, answer, coder->name);
	if (answer == ANSWER_DAMAGED && member.bytes.size == 0)
		walk_code(walk, DEC_RESULT_OPEN_CONTAINER_FAILED, "nothing comes out of the %s stream", coder->name);
	bool whole = answer == ANSWER_END && !member.full;
	member_end(walk, &member);
	if (whole)
		walk_rest(walk, walk->size - stream.size);
}

/* The library takes what stands behind a stream for a part of it that is damaged, and gives nothing at all. */
static void zstd_walk(struct walk *walk)
{
	size_t whole = walk->size, end = chain_zstd_end(walk->data, walk->size);
	if (end)
		walk->size = end;
	library_stream(walk, ARCHIVE_FILTER_ZSTD);
	walk->size = whole;
	if (end)
		walk_rest(walk, end);
}

void stream_walk(struct walk *walk)
{
	switch (walk->format) {
	case DETECT_GZIP:
		coder_walk(walk, &gzip);
		break;
	case DETECT_BZIP2:
		coder_walk(walk, &bzip2);
		break;
	case DETECT_XZ:
		coder_walk(walk, &xz);
		break;
	case DETECT_LZMA:
		coder_walk(walk, &lzma);
		break;
	case DETECT_LZIP:
		coder_walk(walk, &lzip);
		break;
	case DETECT_LZ4:
		library_stream(walk, ARCHIVE_FILTER_LZ4);
		break;
	case DETECT_ZSTD:
		zstd_walk(walk);
		break;
	case DETECT_COMPRESS:
		library_stream(walk, ARCHIVE_FILTER_COMPRESS);
		break;
	case DETECT_RPM:
		library_stream(walk, ARCHIVE_FILTER_RPM);
		break;
	default:
		assert(false); /* a format that archive_walk does not open */
	}
}
