/*
 * fault.c - a preloaded library that makes one thing go wrong, so that tests can see what the programs make of it.
 *
 * CSAPI_FAULT names what: a function that fails in a program, or what happens to a worker when the engine is given bytes
 * that hold TRIGGER, or is to load definitions from a file whose name holds it. With CSAPI_FAULT_ONCE=FILE it happens once for all workers that were given this FILE. With
 * CSAPI_FAULT=marked the bytes themselves name it, so that one scanner can meet many faults: TRIGGER:NAME, or
 * TRIGGER:NAME:NUMBER for what happens once for that number (with the name "busy": for so many milliseconds each time).
 * Of these, only "socket" and "tempdir" need system calls that a sandboxed worker is not allowed. Used by
 * test/helper.bash and test/helper/load.c.
 */
#include <clamav.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Found in codes/trigger*.eml; in two pieces, so that this library itself does not hold it. */
#define TRIGGER_FIRST  "csapi-fault-"
#define TRIGGER_SECOND "trigger"

/* Numbers of faults that happen once. */
#define NUMBERS 32768u

/* Shared by all workers of a zygote, and with CSAPI_FAULT_ONCE by all zygotes. */
struct happened {
	atomic_uint once;
	atomic_uint numbers[NUMBERS / 32];
};

static struct happened *happened;
static volatile int *nowhere;
static bool triggered;    /* the bytes about to be scanned hold the word */
static bool armed;        /* they did, and the fault is one that lasts */
static char named[16];    /* with CSAPI_FAULT=marked: by them */
static unsigned numbered; /* likewise; 0: not at all */

static bool fault_is(const char *name)
{
	const char *wanted = getenv("CSAPI_FAULT");
	if (wanted && strcmp(wanted, "marked") == 0)
		wanted = named;
	return wanted && strcmp(wanted, name) == 0;
}

static bool program_is(const char *name)
{
	return strcmp(program_invocation_short_name, name) == 0;
}

static void *next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);
	if (!function) {
		(void)fprintf(stderr, "fault: no %s behind this one\n", name);
		abort();
	}
	return function;
}

/* Before the walls are up, because a worker can open nothing. */
__attribute__((constructor)) static void share(void)
{
	const char *file = getenv("CSAPI_FAULT_ONCE");
	int fd = -1;
	if (!getenv("CSAPI_FAULT") || !program_is("csapi-worker"))
		return;
	if (file && ((fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_CREAT | O_RDWR | O_CLOEXEC, 0600)) < 0 ||
		     ftruncate(fd, sizeof *happened) < 0))
		abort();
	happened = mmap(NULL, sizeof *happened, PROT_READ | PROT_WRITE, MAP_SHARED | (file ? 0 : MAP_ANONYMOUS), fd, 0);
	if (happened == MAP_FAILED)
		abort();
	if (fd >= 0)
		close(fd);
}

static bool my_turn(void)
{
	if (getenv("CSAPI_FAULT_ONCE"))
		return atomic_exchange(&happened->once, 1) == 0;
	if (!numbered || fault_is("busy"))
		return true;
	unsigned bit = 1u << numbered % 32;
	return (atomic_fetch_or(&happened->numbers[numbered % NUMBERS / 32], bit) & bit) == 0;
}

/* --- what happens to a worker ------------------------------------------------------------------------------------ */

/* On the worker's own socket, in the one way that it may use. */
static void say_garbage(void)
{
	char garbage[] = "this is not a frame, and not the beginning of one either: \xff\xfe\xfd\xfc";
	struct iovec part = {.iov_base = garbage, .iov_len = sizeof garbage};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	(void)sendmsg(3, &message, MSG_NOSIGNAL);
}

/* Goes on until the stack ends; the compiler cannot know that no frame holds a 0. */
static int recurse(volatile char *above)
{
	volatile char frame[4096];
	frame[0] = above ? above[0] : 1;
	return frame[0] ? recurse(frame) + frame[0] : 0;
}

/* All there is, each page used, so that the engine finds none. */
static void take_memory(void)
{
	enum { STEP = 1 << 20 };
	for (char *block; (block = malloc(STEP));)
		for (size_t i = 0; i < STEP; i += 512)
			((volatile char *)block)[i] = 1;
}

static void be_busy(unsigned ms)
{
	struct timespec begin, now;
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < (long)ms);
}

/* The thread's own number is the one a sandboxed process may send a signal to. */
static void signal_self(int number)
{
	/* A sanitizer's handler would turn it into an exit. */
	if (number != SIGKILL && number != SIGSTOP)
		(void)signal(number, SIG_DFL);
	(void)syscall(SYS_tgkill, getpid(), gettid(), number);
}

static void happen(void)
{
	static const struct {
		const char *name;
		int signal;
	} signals[] = {{"segv", SIGSEGV}, {"abort", SIGABRT}, {"bus", SIGBUS},   {"ill", SIGILL},
		       {"fpe", SIGFPE},   {"kill", SIGKILL},  {"stop", SIGSTOP}, {"term", SIGTERM}};
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (fault_is(signals[i].name))
			signal_self(signals[i].signal);
	if (fault_is("null")) /* a real fault, as the ones to come */
		*nowhere = 1;
	if (fault_is("exit"))
		_exit(0);
	if (fault_is("stack"))
		(void)recurse(NULL);
	if (fault_is("memory"))
		take_memory();
	if (fault_is("busy"))
		be_busy(numbered);
	while (fault_is("hang"))
		triggered = true;
	if (fault_is("garbage"))
		say_garbage();
	if (fault_is("socket"))
		(void)socket(AF_INET, SOCK_DGRAM, 0);
	armed = fault_is("enospc") || fault_is("emfile") || fault_is("eio");
}

/* ":NAME" or ":NAME:NUMBER" behind the trigger. */
static void read_name(const char *text, const char *end)
{
	size_t length = 0;
	numbered = 0;
	named[0] = '\0';
	if (text == end || *text++ != ':')
		return;
	for (; text < end && *text >= 'a' && *text <= 'z' && length < sizeof named - 1; text++)
		named[length++] = *text;
	named[length] = '\0';
	if (text < end && *text == ':')
		while (++text < end && *text >= '0' && *text <= '9' && numbered < NUMBERS)
			numbered = numbered * 10 + (unsigned)(*text - '0');
}

cl_fmap_t *cl_fmap_open_memory(const void *start, size_t size)
{
	cl_fmap_t *(*real)(const void *, size_t) = (cl_fmap_t * (*)(const void *, size_t)) next("cl_fmap_open_memory");
	char trigger[] = TRIGGER_FIRST TRIGGER_SECOND;
	const char *found = program_is("csapi-worker") ? memmem(start, size, trigger, sizeof trigger - 1) : NULL;
	triggered = found;
	if (found)
		read_name(found + sizeof trigger - 1, (const char *)start + size);
	return real(start, size);
}

cl_error_t cl_scanmap_callback(cl_fmap_t *map, const char *name, const char **ret_virus, unsigned long *ret_scanned,
			       const struct cl_engine *engine, struct cl_scan_options *options, void *context)
{
	cl_error_t (*real)(cl_fmap_t *, const char *, const char **, unsigned long *, const struct cl_engine *,
			   struct cl_scan_options *, void *) =
		(cl_error_t(*)(cl_fmap_t *, const char *, const char **, unsigned long *, const struct cl_engine *,
			       struct cl_scan_options *, void *))next("cl_scanmap_callback");
	if (triggered && my_turn()) {
		triggered = false;
		if (fault_is("scan-error"))
			return CL_EPARSE;
		happen();
	}
	return real(map, name, ret_virus, ret_scanned, engine, options, context);
}

/* In a check the name of a file does it: nothing of what it holds is known before it is loaded. */
cl_error_t cl_load(const char *path, struct cl_engine *engine, unsigned int *signatures, unsigned int options)
{
	cl_error_t (*real)(const char *, struct cl_engine *, unsigned int *, unsigned int) =
		(cl_error_t(*)(const char *, struct cl_engine *, unsigned int *, unsigned int))next("cl_load");
	if (program_is("csapi-worker") && strstr(path, TRIGGER_FIRST TRIGGER_SECOND))
		happen();
	return real(path, engine, signatures, options);
}

/* In a repair alone: that is when archives are written. */
void *archive_write_new(void)
{
	void *(*real)(void) = (void *(*)(void))next("archive_write_new");
	if (program_is("csapi-worker") && fault_is("writer-dies"))
		signal_self(SIGSEGV);
	while (program_is("csapi-worker") && fault_is("writer-hangs"))
		triggered = true;
	return real();
}

/* --- functions that fail ----------------------------------------------------------------------------------------- */

static bool regular(int fd)
{
	struct stat status;
	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

ssize_t write(int fd, const void *data, size_t size)
{
	if (armed && regular(fd) && !fault_is("emfile")) {
		errno = fault_is("eio") ? EIO : ENOSPC;
		return -1;
	}
	return syscall(SYS_write, fd, data, size);
}

static int open_at(int directory, const char *path, int flags, unsigned mode)
{
	if (armed && fault_is("emfile") && flags & O_CREAT) {
		errno = EMFILE;
		return -1;
	}
	return (int)syscall(SYS_openat, directory, path, flags, mode);
}

static unsigned mode_of(int flags, va_list list)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(list, unsigned) : 0;
}

#define OPEN(name, parameters, directory)                                                                              \
	int name parameters                                                                                            \
	{                                                                                                              \
		va_list list;                                                                                          \
		va_start(list, flags);                                                                                 \
		unsigned mode = mode_of(flags, list);                                                                  \
		va_end(list);                                                                                          \
		return open_at(directory, path, flags, mode);                                                          \
	}

OPEN(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD)
OPEN(openat, (int at, const char *path, int flags, ...), at)
OPEN(openat64, (int at, const char *path, int flags, ...), at)

int archive_read_close(void *archive)
{
	int (*real)(void *) = (int (*)(void *))next("archive_read_close");
	int result = real(archive);
	return fault_is("archive-close") ? -30 : result; /* ARCHIVE_FATAL */
}

int memfd_create(const char *name, unsigned flags)
{
	if (fault_is("memfd") && program_is("csapi-scan")) {
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_memfd_create, name, flags);
}

/* The zygote's fork is a bare clone. */
long syscall(long number, ...)
{
	static long (*real)(long, ...);
	if (!real)
		real = (long (*)(long, ...))next("syscall");
	va_list list;
	va_start(list, number);
	long a[6];
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_clone && fault_is("fork") && program_is("csapi-worker")) {
		errno = EAGAIN;
		return -1;
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
