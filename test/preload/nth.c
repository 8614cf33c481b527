/*
 * nth.c - a preloaded library that makes one call of one function fail: the n-th that one program makes.
 *
 * CSAPI_NTH=PROGRAM:FUNCTION:N:ERRNO; CSAPI_NTH_COUNT names a file of two numbers, shared by all processes of that program: how many
 * calls there were, and how many of them failed. With N = 0 calls are only counted. Used by test/faults.py.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct count {
	atomic_uint calls, failed;
};

static struct count *count; /* NULL: this program is left alone */
static char function[32];
static unsigned wanted;
static int wanted_errno;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *block, size_t size);

__attribute__((constructor)) static void start(void)
{
	char program[32];
	const char *fault = getenv("CSAPI_NTH"), *path = getenv("CSAPI_NTH_COUNT");
	if (!fault || !path || sscanf(fault, "%31[^:]:%31[^:]:%u:%d", program, function, &wanted, &wanted_errno) != 4 ||
	    strcmp(program, program_invocation_short_name) != 0)
		return;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	void *shared = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	count = shared == MAP_FAILED ? NULL : shared;
}

/* Is it the call that fails? */
static bool fails(const char *name)
{
	if (!count || strcmp(name, function) != 0)
		return false;
	if (atomic_fetch_add(&count->calls, 1) + 1 != wanted)
		return false;
	(void)atomic_fetch_add(&count->failed, 1);
	errno = wanted_errno;
	return true;
}

void *malloc(size_t size)
{
	return fails("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	return fails("malloc") ? NULL : __libc_calloc(number, size);
}

void *realloc(void *block, size_t size)
{
	return fails("malloc") ? NULL : __libc_realloc(block, size);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define PASS(result, name, parameters, arguments, ...)                                                                 \
	result name parameters                                                                                         \
	{                                                                                                              \
		static __typeof__(&name) next;                                                                         \
		if (!next)                                                                                             \
			next = NEXT(name);                                                                             \
		return fails(#name) ? (result)-1 : next arguments;                                                     \
	}

PASS(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
PASS(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size))
PASS(ssize_t, pread, (int fd, void *data, size_t size, off_t offset), (fd, data, size, offset))
PASS(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
PASS(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
PASS(int, fsync, (int fd), (fd))
PASS(int, ftruncate, (int fd, off_t size), (fd, size))
PASS(int, rename, (const char *from, const char *to), (from, to))
PASS(int, mkdir, (const char *path, mode_t mode), (path, mode))
PASS(int, memfd_create, (const char *name, unsigned flags), (name, flags))
PASS(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
PASS(int, socketpair, (int domain, int type, int protocol, int pair[2]), (domain, type, protocol, pair))
PASS(int, poll, (struct pollfd * fds, nfds_t number, int timeout), (fds, number, timeout))
PASS(pid_t, fork, (void), ())

/* A mode comes with a file that may be made. */
int open(const char *path, int flags, ...)
{
	static int (*next)(const char *, int, ...);
	va_list arguments;
	va_start(arguments, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	if (!next)
		next = NEXT(open);
	return fails("open") ? -1 : next(path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
	static int (*next)(int, const char *, int, ...);
	va_list arguments;
	va_start(arguments, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	if (!next)
		next = NEXT(openat);
	return fails("open") ? -1 : next(directory, path, flags, mode);
}
