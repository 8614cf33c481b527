/*
 * source.c - unit test of lib/scan/source: every kind of descriptor, and the undoing of dot-stuffing.
 *
 * Prints TAP. Makes and removes one file in /tmp.
 */
#include "scan/source.h"

#include "tap.h"
#include "verdict/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads and closes `fd`: the expected bytes must come, with a NUL behind them. */
static void reads(int fd, const void *data, size_t size, const char *title)
{
	struct source source = {0};
	enum scan_code code = DEC_RESULT_OUT_OF_MEMORY;
	struct why why = {""};
	int error = source_read(fd, &source, &code, &why);
	ok(!error && code == SCAN_CODE_NONE && source.data && source.size == size && !memcmp(source.data, data, size) &&
		   !source.data[size],
	   title);
	if (error)
		printf("# %s\n", why.text);
	source_free(&source);
	close(fd);
}

static void refuses(int fd, int expected, enum scan_code expected_code, const char *title)
{
	struct source source = {0};
	enum scan_code code = SCAN_CODE_NONE;
	struct why why = {""};
	int error = source_read(fd, &source, &code, &why);
	bool good = error == expected && code == expected_code && why.text[0] && !source.data;
	ok(good, title);
	if (!good)
		printf("# %d %d %s\n", error, (int)code, why.text);
	close(fd);
}

static int memfd(const void *data, size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	return fd;
}

struct feed {
	int fd;
	const char *data;
	size_t size;
};

static void *feed_slowly(void *context)
{
	struct feed *feed = context;
	for (size_t at = 0; at < feed->size;) {
		size_t most = at ? 10007 : 1;
		ssize_t count = write(feed->fd, feed->data + at, feed->size - at < most ? feed->size - at : most);
		if (count < 0)
			break;
		if (!at)
			usleep(20000); /* so that a descriptor that does not block has nothing to give for a while */
		at += (size_t)count;
	}
	close(feed->fd);
	return NULL;
}

static void reads_stream(bool stream_socket, int flags, const char *data, size_t size, const char *title)
{
	int ends[2];
	if (stream_socket ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) : pipe2(ends, O_CLOEXEC))
		abort();
	if (flags && fcntl(ends[0], F_SETFL, flags))
		abort();
	struct feed feed = {ends[1], data, size};
	pthread_t thread;
	if (pthread_create(&thread, NULL, feed_slowly, &feed))
		abort();
	reads(ends[0], data, size, title);
	pthread_join(thread, NULL);
}

static void test_good(void)
{
	size_t size = 1000003;
	char *large = malloc(size);
	if (!large)
		abort();
	for (size_t i = 0; i < size; i++)
		large[i] = (char)(i * 7 + i / 251);
	reads(memfd("", 0), "", 0, "an empty file");
	reads(open("/dev/null", O_RDONLY | O_CLOEXEC), "", 0, "an empty device");
	/* memfd() leaves the offset at the end. */
	reads(memfd("a\0b", 3), "a\0b", 3, "a memfd is read from its start, whatever its offset");
	reads(memfd(large, size), large, size, "a large memfd");
	reads_stream(false, 0, large, size, "a pipe that is slow");
	reads_stream(false, O_NONBLOCK, large, size, "a pipe that does not block");
	reads_stream(true, 0, large, 65536, "a socket that gives just the room there is");
	reads_stream(false, 0, "", 0, "an empty pipe");
	free(large);

	struct source source = {0};
	enum scan_code code;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ok(!source_read(fd, &source, &code, NULL) && source.size > 100 && !memcmp(source.data, "Name:", 5),
	   "a file of /proc, which says that its size is 0");
	source_free(&source);
	close(fd);
}

static void test_refused(void)
{
	char path[] = "/tmp/csapi-source-XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0)
		abort();
	close(fd);
	refuses(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), -EISDIR, DEC_RESULT_CONTAINER_ACCESS_FAILED,
		"a directory");
	refuses(-1, -EBADF, DEC_RESULT_CONTAINER_ACCESS_FAILED, "no descriptor");
	refuses(open(path, O_WRONLY | O_CLOEXEC), -EBADF, DEC_RESULT_CONTAINER_ACCESS_FAILED, "write-only");
	refuses(open(path, O_PATH | O_CLOEXEC), -EBADF, DEC_RESULT_CONTAINER_ACCESS_FAILED, "a path without access");
	refuses(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), -ENOTCONN, DEC_RESULT_CONTAINER_ACCESS_FAILED,
		"a socket that is not connected");
	unlink(path);

	fd = memfd_create("large", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)LIMITS_MESSAGE_MOST + 1))
		abort();
	refuses(fd, -EFBIG, DEC_RESULT_FILE_SIZE_TOO_LARGE, "one byte over 2 GiB is told before reading");
}

/* Under a small address space both ways of allocating fail. AddressSanitizer needs terabytes of it. */
static void test_memory(void)
{
#if defined(__SANITIZE_ADDRESS__)
	bool sanitized = true;
#elif defined(__has_feature)
	bool sanitized = __has_feature(address_sanitizer);
#else
	bool sanitized = false;
#endif
	if (sanitized) {
		skip("no memory", "address sanitizer");
		skip("no memory for a stream", "address sanitizer");
		return;
	}
	struct rlimit old, small;
	getrlimit(RLIMIT_AS, &old);
	small = (struct rlimit){.rlim_cur = 400u << 20, .rlim_max = old.rlim_max};
	setrlimit(RLIMIT_AS, &small);
	int fd = memfd_create("large", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 1 << 30))
		abort();
	refuses(fd, -ENOMEM, DEC_RESULT_OUT_OF_MEMORY, "no memory for a file of known size");
	refuses(open("/dev/zero", O_RDONLY | O_CLOEXEC), -ENOMEM, DEC_RESULT_OUT_OF_MEMORY, "no memory for a stream");
	setrlimit(RLIMIT_AS, &old);
}

static void unstuffs(const char *stuffed, const char *plain, const char *title)
{
	struct source source = {.size = strlen(stuffed)};
	source.data = malloc(source.size + 1);
	if (!source.data)
		abort();
	memcpy(source.data, stuffed, source.size + 1);
	source_unstuff(&source);
	bool good = source.size == strlen(plain) && !memcmp(source.data, plain, source.size + 1);
	ok(good, title);
	if (!good)
		printf("# got %zu bytes: %s\n", source.size, (char *)source.data);
	source_free(&source);
}

static void test_unstuff(void)
{
	unstuffs("", "", "unstuff: nothing");
	unstuffs("a\r\nb\r\n", "a\r\nb\r\n", "unstuff: no dot");
	unstuffs("..a\r\n", ".a\r\n", "unstuff: first line");
	unstuffs(".a", "a", "unstuff: one dot before another character");
	unstuffs("a\r\n..b\r\n...c\r\n.d", "a\r\n.b\r\n..c\r\nd", "unstuff: CRLF");
	unstuffs("a\n..b\n..\n.c\n", "a\n.b\n.\nc\n", "unstuff: LF");
	unstuffs("a.b\n .c\n", "a.b\n .c\n", "unstuff: dots elsewhere stay");
	unstuffs("a\r\n.\r\nrest\r\n..x\r\n", "a\r\n", "unstuff: end of data, CRLF");
	unstuffs("..a\n.\nrest\n", ".a\n", "unstuff: end of data, LF");
	unstuffs(".\r\nrest", "", "unstuff: end of data at once");
	unstuffs("a\n.", "a\n", "unstuff: a dot at the end of the buffer ends the data");
	unstuffs(".", "", "unstuff: only a dot");
	unstuffs("a\n.\r", "a\n\r", "unstuff: CR alone does not end a line of one dot");
	unstuffs("a\n.\rb\n", "a\n\rb\n", "unstuff: CR and another character neither");
	unstuffs("a\r.b\r..c", "a\r.b\r..c", "unstuff: CR alone does not begin a line");
	unstuffs("a\n..\n..\n.\n", "a\n.\n.\n", "unstuff: lines of two dots");
	unstuffs("a\n..", "a\n.", "unstuff: two dots at the end of the buffer");
	unstuffs("a\n\n..b\n\n", "a\n\n.b\n\n", "unstuff: behind an empty line");
}

int main(void)
{
	test_good();
	test_refused();
	test_memory();
	test_unstuff();
	return tap_end();
}
