/*
 * frame.c - headers of frames, byte for byte, and what is no header.
 */
#include "format/frame.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>

static void test_bytes(void)
{
	static const uint8_t wanted[] = {'C', 'S', 'A', '1', 3, 0, 0, 0, 0x44, 0x33, 0x22, 0x11, 2, 0, 0, 0, '{', '}'};
	struct buffer buffer;
	struct frame frame;
	buffer_init(&buffer, 1000);
	ok(frame_append(&buffer, FRAME_SCAN, 0x11223344, "{}", 2) == 0 && buffer.size == sizeof wanted &&
		   memcmp(buffer.data, wanted, sizeof wanted) == 0,
	   "the bytes of a frame");
	ok(frame_peek(buffer.data, buffer.size, &frame) == 0 && frame.type == FRAME_SCAN && frame.id == 0x11223344 &&
		   frame.length == 2,
	   "and back");
	bool good = true;
	for (size_t size = 0; size < FRAME_HEADER_SIZE; size++) {
		uint8_t *part = malloc(size ? size : 1);
		if (!part)
			abort();
		memcpy(part, wanted, size);
		good = good && frame_peek(part, size, &frame) == -EAGAIN;
		free(part);
	}
	ok(good, "a header that is not all there yet");
	ok(frame_append(&buffer, FRAME_EVENT, 1, NULL, 0) == 0 && buffer.size == sizeof wanted + FRAME_HEADER_SIZE,
	   "a frame without a payload, behind the first");
	buffer_free(&buffer);
}

static void test_caps(void)
{
	struct buffer buffer;
	struct frame frame;
	buffer_init(&buffer, FRAME_HEADER_SIZE + 10);
	ok(frame_append(&buffer, FRAME_EVENT, 1, "0123456789", 10) == 0, "a buffer that is filled");
	buffer.size = 0;
	ok(frame_append(&buffer, FRAME_EVENT, 1, "0123456789a", 11) == -EFBIG && buffer.size == 0,
	   "a byte too many: not even the header is written");
	ok(frame_append(&buffer, FRAME_EVENT, 1, "", (size_t)FRAME_PAYLOAD_MAX + 1) == -EFBIG,
	   "a payload over the cap");
	ok(frame_append(&buffer, FRAME_EVENT, 1, "", SIZE_MAX) == -EFBIG, "a payload of all memory");
	buffer_free(&buffer);
	uint8_t header[FRAME_HEADER_SIZE] = {'C', 'S', 'A', '1', 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4};
	ok(frame_peek(header, sizeof header, &frame) == 0 && frame.length == FRAME_PAYLOAD_MAX, "the longest payload");
	header[12] = 1;
	ok(frame_peek(header, sizeof header, &frame) == -EBADMSG, "one byte longer");
}

static void test_bad(void)
{
	static const uint8_t good[FRAME_HEADER_SIZE] = {'C', 'S', 'A', '1', 1};
	struct frame frame;
	unsigned taken = 0;
	for (unsigned type = 0; type < 256; type++) {
		uint8_t header[FRAME_HEADER_SIZE];
		memcpy(header, good, sizeof header);
		header[4] = (uint8_t)type;
		taken += frame_peek(header, sizeof header, &frame) == 0;
	}
	ok(taken == FRAME_TYPE_END - 1, "unknown types are refused");
	/* Type and length may be larger than a byte; the id may be anything. */
	static const struct {
		size_t at;
		int error;
	} bytes[] = {{0, -EBADMSG}, {1, -EBADMSG}, {2, -EBADMSG}, {3, -EBADMSG}, {5, -EBADMSG},
		     {6, -EBADMSG}, {7, -EBADMSG}, {8, 0},        {9, 0},        {10, 0},
		     {11, 0},       {14, 0},       {15, -EBADMSG}};
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		uint8_t header[FRAME_HEADER_SIZE];
		memcpy(header, good, sizeof header);
		header[bytes[i].at] = 0xFF;
		okf(frame_peek(header, sizeof header, &frame) == bytes[i].error, "byte %zu is wrong", bytes[i].at);
	}
}

int main(void)
{
	test_bytes();
	test_caps();
	test_bad();
	return tap_end();
}
