/*
 * fault.c - test that refused system calls, of ours and of a library, are remembered. Prints TAP.
 *
 * Each test runs in a child of its own, because it takes something away from the process.
 */
#include "scan/fault.h"
#include "sanitized.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/csapi-fault-XXXXXX";

static void in_child(bool (*test)(void), const char *what)
{
	(void)fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		(void)signal(SIGXFSZ, SIG_IGN);
		_exit(test() ? 0 : 1);
	}
	int status = -1;
	ok(child > 0 && waitpid(child, &status, 0) == child && status == 0, what);
}

static const char *path_in(const char *name)
{
	static char path[200];
	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static bool taken(enum scan_code wanted)
{
	const char *text = NULL;
	enum scan_code code = fault_taken(&text);
	if (code != wanted || !text || (code != SCAN_CODE_NONE) != (text[0] != '\0'))
		return false;
	/* It is told once. */
	return fault_taken(NULL) == SCAN_CODE_NONE;
}

static bool nothing(void)
{
	fault_watch(directory);
	FILE *stream = fopen(path_in("file"), "w");
	bool good = stream && fputs("text", stream) != EOF && fclose(stream) == 0;
	free(malloc(1000));
	return good && unlink(path_in("file")) == 0 && taken(SCAN_CODE_NONE);
}

static bool looking_for_what_is_not_there(void)
{
	fault_watch(directory);
	bool good = open(path_in("none"), O_RDONLY) < 0 && !fopen(path_in("none"), "r");
	return good && taken(SCAN_CODE_NONE);
}

static bool directory_gone(void)
{
	char below[300];
	(void)snprintf(below, sizeof below, "%s/gone/inside", directory);
	fault_watch(path_in("gone"));
	bool good = mkdir(below, 0700) < 0 && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
	good = good && open(below, O_WRONLY | O_CREAT, 0600) < 0 && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
	good = good && !fopen(below, "wb") && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
	return good && openat(AT_FDCWD, below, O_RDWR | O_CREAT, 0600) < 0 && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
}

static bool other_directories(void)
{
	char beside[300];
	(void)snprintf(beside, sizeof beside, "%s-beside/inside", directory);
	fault_watch(directory);
	bool good = mkdir(beside, 0700) < 0 && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
	good = good && !fopen(beside, "r") && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
	good = good && open("elsewhere/none", O_RDONLY) < 0 && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
	good = good && open("/proc/self/none", O_RDONLY) < 0 && taken(SCAN_CODE_NONE);
	fault_watch(NULL);
	good = good && !fopen(beside, "r") && taken(SCAN_CODE_NONE);
	return good && mkdir(path_in("none/none"), 0700) < 0 && taken(SCAN_CODE_NONE);
}

static bool says_which(void)
{
	const char *text;
	fault_watch(directory);
	return open("/none/such\n", O_RDONLY) < 0 && fault_taken(&text) == DEC_RESULT_TEMPFILE_ACCESS_FAILED &&
	       strstr(text, "/none/such?") && fault_taken(&text) == SCAN_CODE_NONE && !*text;
}

/* A name that is taken stops the library, but for the one directory that it makes again and again. */
static bool directory_there_already(void)
{
	fault_watch(directory);
	bool good = mkdir(directory, 0700) < 0 && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
	good = good && mkdir(path_in("rfc2397"), 0700) == 0 && mkdir(path_in("rfc2397"), 0700) < 0;
	return rmdir(path_in("rfc2397")) == 0 && good && taken(SCAN_CODE_NONE);
}

static bool file_too_large(void)
{
	char block[4096] = {0};
	struct rlimit limit = {5000, 5000};
	fault_watch(NULL);
	int fd = open(path_in("large"), O_WRONLY | O_CREAT, 0600);
	(void)unlink(path_in("large"));
	if (fd < 0 || setrlimit(RLIMIT_FSIZE, &limit) || write(fd, block, sizeof block) != sizeof block ||
	    !taken(SCAN_CODE_NONE))
		return false;
	/* The second write is cut short, the third refused: both are faults. */
	bool good = write(fd, block, sizeof block) == 5000 - 4096 && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
	return good && write(fd, block, sizeof block) < 0 && errno == EFBIG && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
}

static bool stream_too_large(void)
{
	struct rlimit limit = {100, 100};
	fault_watch(NULL);
	FILE *stream = fopen(path_in("stream"), "w");
	(void)unlink(path_in("stream"));
	if (!stream || setrlimit(RLIMIT_FSIZE, &limit))
		return false;
	for (int i = 0; i < 50; i++)
		if (fwrite("0123456789", 1, 10, stream) != 10)
			return false;
	/* All of it is still buffered: only closing tells. */
	return taken(SCAN_CODE_NONE) && fclose(stream) == EOF && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
}

static bool short_write_to_a_pipe(void)
{
	int ends[2];
	char block[4096] = {0};
	fault_watch(directory);
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC))
		return false;
	while (write(ends[1], block, sizeof block) > 0)
		continue;
	return errno == EAGAIN && taken(SCAN_CODE_NONE);
}

static bool no_descriptor(void)
{
	struct rlimit limit = {5, 5};
	fault_watch(directory);
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return false;
	while (dup(0) >= 0)
		continue;
	bool good = errno == EMFILE && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
	good = good && open("/dev/null", O_RDONLY) < 0 && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
	return good && !fopen("/dev/null", "r") && errno == EMFILE && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
}

static bool full_device(void)
{
	fault_watch(directory);
	int fd = open("/dev/full", O_WRONLY);
	return fd >= 0 && write(fd, "x", 1) < 0 && errno == ENOSPC && taken(DEC_RESULT_TEMPFILE_ACCESS_FAILED);
}

static int hook_calls;
static void hook(void)
{
	hook_calls++;
	errno = 0;
}

/* volatile, or the compiler knows that nobody uses the memory and calls nothing. */
static void *(*volatile allocate)(size_t) = malloc;
static void *(*volatile allocate_again)(void *, size_t) = realloc;

static bool no_memory(void)
{
	struct rlimit limit = {512u << 20, 512u << 20};
	fault_on_memory(hook);
	fault_watch(directory);
	if (setrlimit(RLIMIT_AS, &limit))
		return false;
	char *small = allocate(100);
	bool good = small && taken(SCAN_CODE_NONE) && hook_calls == 0;
	good = good && !allocate((size_t)1 << 30) && errno == ENOMEM && hook_calls == 1;
	good = good && taken(DEC_RESULT_OUT_OF_MEMORY);
	good = good && !allocate_again(small, (size_t)1 << 30) && taken(DEC_RESULT_OUT_OF_MEMORY) && hook_calls == 1;
	void *aligned = NULL;
	good = good && posix_memalign(&aligned, 64, (size_t)1 << 30) == ENOMEM && taken(DEC_RESULT_OUT_OF_MEMORY);
	good = good && mmap(NULL, (size_t)1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	       taken(DEC_RESULT_OUT_OF_MEMORY);
	/* A library's copy of a string comes by here as well. */
	fault_watch(directory);
	good = good && !allocate((size_t)1 << 30) && hook_calls == 2;
	free(small);
	return good;
}

static bool alignment(void)
{
	void *aligned = NULL;
	bool good = posix_memalign(&aligned, 4096, 100) == 0 && (size_t)aligned % 4096 == 0;
	free(aligned);
	return good;
}

static bool first_wins(void)
{
	const char *text;
	fault_watch(directory);
	int fd = open("/dev/full", O_WRONLY);
	if (write(fd, "x", 1) >= 0 || mkdir(path_in("none/none"), 0700) == 0)
		return false;
	return fault_taken(&text) == DEC_RESULT_TEMPFILE_ACCESS_FAILED && strstr(text, "space");
}

static bool before_watching(void)
{
	int fd = open("/dev/full", O_WRONLY);
	return write(fd, "x", 1) < 0 && taken(SCAN_CODE_NONE);
}

int main(void)
{
	if (!mkdtemp(directory)) {
		perror(directory);
		return 2;
	}
	in_child(before_watching, "nothing counts before the watch begins");
	in_child(nothing, "what succeeds is no fault");
	in_child(looking_for_what_is_not_there, "to look for a file that is not there is no fault");
	in_child(directory_there_already, "a directory that is there already: told where it matters");
	in_child(other_directories, "a file outside that cannot be had: told, but where nobody misses it");
	in_child(says_which, "which file it was is told in printable characters");
	in_child(directory_gone, "nothing can be created: told");
	in_child(file_too_large, "a file grows too large: told, a short write too");
	in_child(stream_too_large, "a stream that fails when it is closed: told");
	in_child(short_write_to_a_pipe, "a full pipe is no fault");
	in_child(no_descriptor, "no descriptor is left: told");
	in_child(full_device, "a full device: told");
	in_child(first_wins, "the first fault is the one that is told");
	if (SANITIZED) {
		skip("no memory", "the sanitizer has its own allocator");
	} else {
		in_child(no_memory, "no memory is left: told, and said at once");
		in_child(alignment, "aligned memory is aligned");
	}
	(void)rmdir(directory);
	return tap_end();
}
