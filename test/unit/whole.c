/*
 * whole.c - is a signed database whole? Databases of our own making: sound, cut at every byte, and such as nobody makes.
 *
 * Prints TAP. What is verified here is no signature: that is the library's task.
 */
#include "scan/engine/whole.h"
#include "base/buffer.h"
#include "tap.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#define HEADER 512

static void add(struct buffer *buffer, const void *data, size_t size)
{
	if (buffer_append(buffer, data, size))
		abort();
}

static struct buffer empty(void)
{
	struct buffer buffer;
	buffer_init(&buffer, (size_t)64 << 20);
	return buffer;
}

static void add_member(struct buffer *tar, const char *name, char type, const char *size_text, const char *data,
		       size_t size)
{
	static const char zeros[512];
	char block[512] = "";
	(void)snprintf(block, 100, "%s", name);
	memcpy(block + 124, size_text, strlen(size_text));
	block[156] = type;
	add(tar, block, sizeof block);
	add(tar, data, size);
	add(tar, zeros, -size % 512);
}

static void add_file(struct buffer *tar, const char *name, const char *data)
{
	char size[24];
	(void)snprintf(size, sizeof size, "%011zo", strlen(data));
	add_member(tar, name, '0', size, data, strlen(data));
}

/* The header is not looked at; behind it stands the tar, as it is or compressed. */
static struct buffer database(const struct buffer *tar, bool packed)
{
	char header[HEADER];
	struct buffer whole = empty();
	memset(header, ' ', sizeof header);
	add(&whole, header, sizeof header);
	if (!packed) {
		add(&whole, tar->data, tar->size);
		return whole;
	}
	z_stream stream = {.next_in = tar->data, .avail_in = (uInt)tar->size};
	size_t room = compressBound(tar->size) + 100;
	if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
	    buffer_reserve(&whole, room))
		abort();
	stream.next_out = whole.data + whole.size;
	stream.avail_out = (uInt)room;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	whole.size += stream.total_out;
	(void)deflateEnd(&stream);
	return whole;
}

#define LIST                                                                                                           \
	"ClamAV-VDB:22 Jun 2021 21-34 -0400:6:14:81:X:X:somebody:1624412045\n"                                         \
	"a.ndb:5:0000\nb.hdb:600:0000\nDSIG:abc\nc.ndb:7:beyond the end of the list\n"

static char long_text[601];

static struct buffer usual(void)
{
	struct buffer tar = empty();
	memset(long_text, 'b', 600);
	add_file(&tar, "COPYING", "a text that is not listed");
	add_file(&tar, "x.info", LIST);
	add_file(&tar, "a.ndb", "12345");
	add_file(&tar, "b.hdb", long_text);
	return tar;
}

static int look(const void *data, size_t size, bool quick, struct why *why)
{
	int fd = memfd_create("database", MFD_CLOEXEC);
	why->text[0] = '\0';
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	int error = whole_check(fd, quick, why);
	(void)close(fd);
	return error;
}

static void test_sound(void)
{
	struct buffer tar = usual();
	for (int packed = 0; packed < 2; packed++) {
		struct buffer data = database(&tar, packed);
		struct why why;
		okf(look(data.data, data.size, false, &why) == 0 && look(data.data, data.size, true, &why) == 0,
		    "a sound one, %s (%s)", packed ? "compressed" : "as it is", why.text);
		buffer_free(&data);
	}
	static const char zeros[10240];
	add(&tar, zeros, sizeof zeros);
	for (int packed = 0; packed < 2; packed++) {
		struct buffer data = database(&tar, packed);
		struct why why;
		okf(look(data.data, data.size, false, &why) == 0 && look(data.data, data.size, true, &why) == 0,
		    "the same with an end as tar writes it (%s)", why.text);
		buffer_free(&data);
	}
	buffer_free(&tar);
}

/* Nothing that is cut may pass as whole; in a hurry only what chance makes look so. */
static void test_cuts(void)
{
	struct buffer tar = usual();
	size_t content = tar.size - (-(size_t)600 % 512);
	for (int packed = 0; packed < 2; packed++) {
		struct buffer data = database(&tar, packed);
		/* The padding behind the last member is nobody's. */
		size_t least = packed ? data.size : HEADER + content, passed = 0, in_a_hurry = 0;
		for (size_t size = 0; size < least; size++) {
			struct why why;
			passed += look(data.data, size, false, &why) == 0;
			in_a_hurry += look(data.data, size, true, &why) == 0;
		}
		okf(passed == 0, "cut at any of %zu bytes, %s: %zu pass", least, packed ? "compressed" : "as it is",
		    passed);
		okf(in_a_hurry <= (packed ? least / 20 : 0), "in a hurry %zu pass", in_a_hurry);
		buffer_free(&data);
	}
	buffer_free(&tar);
}

static void refused(struct buffer *take_tar, const char *wanted, const char *what)
{
	for (int packed = 0; packed < 2; packed++) {
		struct buffer data = database(take_tar, packed);
		struct why why;
		int error = look(data.data, data.size, false, &why);
		okf(error == -EINVAL && strstr(why.text, wanted), "%s: %s", what, why.text);
		buffer_free(&data);
	}
	buffer_free(take_tar);
}

static struct buffer listed(const char *list)
{
	struct buffer tar = empty();
	add_file(&tar, "x.info", list);
	add_file(&tar, "a.ndb", "12345");
	return tar;
}

static void test_lists(void)
{
	struct buffer tar = listed("a.ndb:5:0\nmissing.ndb:0:0\n");
	refused(&tar, "holds no missing.ndb", "a file that is listed and not there");
	tar = listed("a.ndb:6:0\n");
	refused(&tar, "5 bytes in place of 6", "another size");
	tar = listed("a.ndb:5\n");
	refused(&tar, "damaged list", "a line without a digest");
	tar = listed("a.ndb:-5:0\n");
	refused(&tar, "damaged list", "a size below 0");
	tar = listed("a.ndb:99999999999999999999999:0\n");
	refused(&tar, "damaged list", "a size without end");
	tar = listed(":5:0\n");
	refused(&tar, "damaged list", "no name");
	tar = listed("ClamAV-VDB:x\nDSIG:abc\na.ndb:5:0\n");
	refused(&tar, "empty list", "an empty list");
	tar = listed("");
	refused(&tar, "no list", "a list of no bytes");
	tar = empty();
	add_file(&tar, "a.ndb", "12345");
	refused(&tar, "no list", "no list");
	tar = listed("a.ndb:5:0\n");
	add_file(&tar, "y.INFO", "a.ndb:5:0\n");
	refused(&tar, "two lists", "two lists");
	tar = listed("a.ndb:5:0\n");
	add_file(&tar, "a.ndb", "12345");
	refused(&tar, "a.ndb twice", "a file twice");
}

static void test_hostile(void)
{
	struct buffer tar = listed("a.ndb:5:0\n");
	add_member(&tar, "huge.ndb", '0', "77777777777", "x", 1);
	refused(&tar, "", "a member larger than the file");
	tar = listed("a.ndb:5:0\n");
	add_member(&tar, "strange.ndb", '0', "none", "", 0);
	refused(&tar, "damaged", "a size that is none");
	tar = listed("a.ndb:5:0\n");
	add_member(&tar, "link.ndb", '2', "0", "", 0);
	refused(&tar, "damaged", "a link");
	tar = listed("a.ndb:5:0\n");
	add_file(&tar, "../a.ndb", "12345");
	refused(&tar, "damaged", "a path");
	tar = empty();
	add_member(&tar, "x.info", '0', "77777777", "x", 1);
	refused(&tar, "too long a list", "a list of 16 MiB");
	tar = empty();
	for (unsigned i = 0; i < 5000; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "%u", i);
		add_file(&tar, name, "");
	}
	refused(&tar, "more files", "5000 members");
	struct why why;
	ok(look("", 0, false, &why) == -EINVAL && look(long_text, 512, true, &why) == -EINVAL,
	   "nothing behind a header");
	ok(whole_check(-1, false, &why) == -EBADF, "no file");
}

int main(void)
{
	test_sound();
	test_cuts();
	test_lists();
	test_hostile();
	return tap_end();
}
