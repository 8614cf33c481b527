/*
 * fault.c - functions of the C library that remember when they failed; see fault.h.
 *
 * Everything here passes the call on and changes neither result nor errno. It allocates nothing and refuses nothing.
 * The dynamic linker prefers a program's own functions, so every library in the process calls these. Linked into
 * csapi-worker and unit tests by name; called by them, and its findings by engine.c and decompose.c.
 */
#include "scan/fault.h"

#include "base/why.h"
#include "scan/charset.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* A sanitizer has an allocator of its own, which must stay the only one. */
#if defined(__SANITIZE_ADDRESS__)
#define FAULT_OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FAULT_OWN_MALLOC 0
#endif
#endif
#ifndef FAULT_OWN_MALLOC
#define FAULT_OWN_MALLOC 1
#endif

/* --- what is remembered ------------------------------------------------------------------------------------------ */

/* No errno has these numbers. */
enum { FAULT_OUTSIDE = 100000, FAULT_CHARSET };

static bool watching;
static char watched[4096]; /* without a slash at its end; "" = no path counts */
static size_t watched_size;
static int first_error; /* an errno, or one of the two below; 0 = nothing failed */
static char detail[96]; /* what it was about; "" for most */
static bool memory_said;
static void (*memory_hook)(void);

void fault_watch(const char *directory)
{
	watched_size = 0;
	if (directory && strlen(directory) < sizeof watched) {
		watched_size = strlen(directory);
		memcpy(watched, directory, watched_size);
		while (watched_size && watched[watched_size - 1] == '/')
			watched_size--;
	}
	watched[watched_size] = '\0';
	first_error = 0;
	detail[0] = '\0';
	memory_said = false;
	watching = true;
}

void fault_on_memory(void (*hook)(void))
{
	memory_hook = hook;
}

static const char *error_text(int error)
{
	switch (error) {
	case ENOSPC:
		return "no space left for temporary files";
	case EDQUOT:
		return "the disk quota is used up";
	case EFBIG:
		return "a temporary file grew larger than allowed";
	case EMFILE:
	case ENFILE:
		return "no file descriptor was left";
	case EIO:
		return "an input/output error occurred";
	case EACCES:
	case EPERM:
	case EROFS:
		return "a temporary file or directory was forbidden";
	case ENOENT:
	case ENOTDIR:
		return "the directory for temporary files is gone";
	case ENOMEM:
		return "an allocation failed";
	case FAULT_OUTSIDE:
		return "a library wanted a file outside its directory";
	case FAULT_CHARSET:
		return "a character set was not loaded";
	default:
		return "a temporary file could not be created";
	}
}

enum scan_code fault_taken(const char **ret_text)
{
	static char text[192];
	int error = first_error;
	first_error = 0;
	(void)snprintf(text, sizeof text, "%s%s%s", error ? error_text(error) : "", error && *detail ? ": " : "",
		       error ? detail : "");
	detail[0] = '\0';
	if (ret_text)
		*ret_text = text;
	if (!error)
		return SCAN_CODE_NONE;
	/* Nothing was short: another try would meet the same. */
	if (error == FAULT_CHARSET)
		return DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM;
	return error == ENOMEM ? DEC_RESULT_OUT_OF_MEMORY : DEC_RESULT_TEMPFILE_ACCESS_FAILED;
}

static void remember(int error)
{
	if (watching && !first_error)
		first_error = error;
}

/* With what it was about, which may be a hostile name: printable characters only. */
static void remember_detail(int error, const char *about)
{
	if (!watching || first_error)
		return;
	first_error = error;
	size_t used = 0;
	for (; about[used] && used < sizeof detail - 1; used++)
		detail[used] = about[used] >= ' ' && about[used] <= '~' ? about[used] : '?';
	detail[used] = '\0';
}

static void remember_memory(void)
{
	if (!watching)
		return;
	remember(ENOMEM);
	if (memory_said)
		return;
	memory_said = true;
	if (memory_hook) {
		int error = errno;
		memory_hook();
		errno = error;
	}
}

/* Does this path lie at or below the watched directory? Temporary files are named by the path they were told. */
static bool is_watched(const char *path)
{
	return watched_size && strncmp(path, watched, watched_size) == 0 &&
	       (path[watched_size] == '/' || path[watched_size] == '\0');
}

static void failed(int error)
{
	if (error == ENOMEM)
		remember_memory();
	else
		remember(error);
}

/*
 * What a worker cannot have, and nobody misses: Rust's way of counting processors, which has an answer without them. The C
 * library's own files (time zone, character sets) do not come by here.
 */
static bool is_harmless(const char *path)
{
	static const char *const prefixes[] = {"/proc/self/", "/sys/fs/cgroup/", "/sys/devices/system/cpu/"};
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strncmp(path, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/*
 * `beside`: the path is not below a directory that is open already, so it lies where it says. What a library looks for
 * outside its directory it would find without a sandbox, or might: that it is not there says nothing.
 */
static void open_failed(const char *path, bool creates, bool beside)
{
	int error = errno;
	/* Descriptors, memory and the device concern everybody, wherever the file lies. */
	if (why_is_shortage(-error) || !path || !watched_size) {
		if (why_is_shortage(-error))
			failed(error);
	} else if (is_watched(path)) {
		/* To look for a file that is not there is normal; to be unable to make one, or to be kept from it, is not. */
		if (creates || (error != ENOENT && error != ENOTDIR))
			failed(error);
	} else if (beside && !is_harmless(path)) {
		remember_detail(FAULT_OUTSIDE, path);
	}
	errno = error;
}

static void write_failed(void)
{
	int error = errno;
	if (why_is_shortage(-error) || error == ENOSPC || error == EDQUOT || error == EFBIG)
		failed(error);
	errno = error;
}

/* Fewer bytes than asked is a failure on a file, where nobody else makes room, and usual on a pipe or socket. */
static void write_short(int fd)
{
	int error = errno;
	struct stat status;
	if (watching && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		remember(ENOSPC);
	errno = error;
}

static void wrote(int fd, ssize_t written, size_t asked)
{
	if (written < 0)
		write_failed();
	else if ((size_t)written < asked)
		write_short(fd);
}

static void shortage_failed(void)
{
	int error = errno;
	if (why_is_shortage(-error))
		failed(error);
	errno = error;
}

/* --- the real functions ------------------------------------------------------------------------------------------ */

/*
 * All that are passed on: name, type of result, types of arguments. They are looked up before main, and once more at
 * need for whoever calls before that.
 */
#define REAL_FUNCTIONS(X)                                                                                              \
	X(open, int, (const char *, int, ...))                                                                         \
	X(open64, int, (const char *, int, ...))                                                                       \
	X(openat, int, (int, const char *, int, ...))                                                                  \
	X(openat64, int, (int, const char *, int, ...))                                                                \
	X(creat, int, (const char *, mode_t))                                                                          \
	X(creat64, int, (const char *, mode_t))                                                                        \
	X(fopen, FILE *, (const char *, const char *))                                                                 \
	X(fopen64, FILE *, (const char *, const char *))                                                               \
	X(fdopen, FILE *, (int, const char *))                                                                         \
	X(opendir, DIR *, (const char *))                                                                              \
	X(fdopendir, DIR *, (int))                                                                                     \
	X(mkdir, int, (const char *, mode_t))                                                                          \
	X(dup, int, (int))                                                                                             \
	X(dup2, int, (int, int))                                                                                       \
	X(write, ssize_t, (int, const void *, size_t))                                                                 \
	X(pwrite, ssize_t, (int, const void *, size_t, off_t))                                                         \
	X(pwrite64, ssize_t, (int, const void *, size_t, off64_t))                                                     \
	X(writev, ssize_t, (int, const struct iovec *, int))                                                           \
	X(ftruncate, int, (int, off_t))                                                                                \
	X(ftruncate64, int, (int, off64_t))                                                                            \
	X(copy_file_range, ssize_t, (int, off64_t *, int, off64_t *, size_t, unsigned))                                \
	X(fwrite, size_t, (const void *, size_t, size_t, FILE *))                                                      \
	X(fputs, int, (const char *, FILE *))                                                                          \
	X(fputc, int, (int, FILE *))                                                                                   \
	X(fflush, int, (FILE *))                                                                                       \
	X(fclose, int, (FILE *))                                                                                       \
	X(read, ssize_t, (int, void *, size_t))                                                                        \
	X(pread, ssize_t, (int, void *, size_t, off_t))                                                                \
	X(pread64, ssize_t, (int, void *, size_t, off64_t))                                                            \
	X(mmap, void *, (void *, size_t, int, int, int, off_t))                                                        \
	X(mmap64, void *, (void *, size_t, int, int, int, off64_t))                                                    \
	X(iconv_open, iconv_t, (const char *, const char *))

#define REAL_POINTER(name, result, arguments) static result(*real_##name) arguments;
REAL_FUNCTIONS(REAL_POINTER)
#undef REAL_POINTER

__attribute__((constructor(101))) static void resolve(void)
{
	/* ISO C has no cast from an object pointer to a function pointer; POSIX promises that the bits fit. */
#define REAL_RESOLVE(name, result, arguments)                                                                          \
	if (!real_##name) {                                                                                            \
		void *found = dlsym(RTLD_NEXT, #name);                                                                 \
		memcpy(&real_##name, &found, sizeof found);                                                            \
	}
	REAL_FUNCTIONS(REAL_RESOLVE)
#undef REAL_RESOLVE
}

#define REAL(name) (real_##name ? real_##name : (resolve(), real_##name))

/* --- files ------------------------------------------------------------------------------------------------------- */

static bool has_mode(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

static bool is_writing(int flags)
{
	return has_mode(flags) || (flags & O_ACCMODE) != O_RDONLY;
}

#define OPEN(name)                                                                                                     \
	int name(const char *path, int flags, ...)                                                                     \
	{                                                                                                              \
		va_list arguments;                                                                                     \
		va_start(arguments, flags);                                                                            \
		mode_t mode = has_mode(flags) ? va_arg(arguments, mode_t) : 0;                                         \
		va_end(arguments);                                                                                     \
		int fd = REAL(name)(path, flags, mode);                                                                \
		if (fd < 0)                                                                                            \
			open_failed(path, is_writing(flags), true);                                                    \
		return fd;                                                                                             \
	}
OPEN(open)
OPEN(open64)

/* A path below a directory that is open already is not judged: whoever has that directory open made it. */
#define OPENAT(name)                                                                                                   \
	int name(int directory, const char *path, int flags, ...)                                                      \
	{                                                                                                              \
		va_list arguments;                                                                                     \
		va_start(arguments, flags);                                                                            \
		mode_t mode = has_mode(flags) ? va_arg(arguments, mode_t) : 0;                                         \
		va_end(arguments);                                                                                     \
		int fd = REAL(name)(directory, path, flags, mode);                                                     \
		if (fd < 0)                                                                                            \
			open_failed(path, is_writing(flags), directory == AT_FDCWD || path[0] == '/');                 \
		return fd;                                                                                             \
	}
OPENAT(openat)
OPENAT(openat64)

#define CREAT(name)                                                                                                    \
	int name(const char *path, mode_t mode)                                                                        \
	{                                                                                                              \
		int fd = REAL(name)(path, mode);                                                                       \
		if (fd < 0)                                                                                            \
			open_failed(path, true, true);                                                                 \
		return fd;                                                                                             \
	}
CREAT(creat)
CREAT(creat64)

#define FOPEN(name)                                                                                                    \
	FILE *name(const char *path, const char *mode)                                                                 \
	{                                                                                                              \
		FILE *stream = REAL(name)(path, mode);                                                                 \
		if (!stream)                                                                                           \
			open_failed(path, mode[0] != 'r' || strchr(mode, '+'), true);                                  \
		return stream;                                                                                         \
	}
FOPEN(fopen)
FOPEN(fopen64)

FILE *fdopen(int fd, const char *mode)
{
	FILE *stream = REAL(fdopen)(fd, mode);
	if (!stream)
		shortage_failed();
	return stream;
}

DIR *opendir(const char *path)
{
	DIR *directory = REAL(opendir)(path);
	if (!directory)
		open_failed(path, false, true);
	return directory;
}

DIR *fdopendir(int fd)
{
	DIR *directory = REAL(fdopendir)(fd);
	if (!directory)
		shortage_failed();
	return directory;
}

/* libclamav makes this one directory for each data: URL of a document, and minds not that it is there. */
static bool is_made_again(const char *path)
{
	const char *name = strrchr(path, '/');
	return name && strcmp(name, "/rfc2397") == 0;
}

int mkdir(const char *path, mode_t mode)
{
	int result = REAL(mkdir)(path, mode);
	if (result < 0 && !(errno == EEXIST && is_made_again(path)))
		open_failed(path, true, true);
	return result;
}

int dup(int fd)
{
	int copy = REAL(dup)(fd);
	if (copy < 0)
		shortage_failed();
	return copy;
}

int dup2(int fd, int wanted)
{
	int copy = REAL(dup2)(fd, wanted);
	if (copy < 0)
		shortage_failed();
	return copy;
}

/* --- writing and reading ----------------------------------------------------------------------------------------- */

ssize_t write(int fd, const void *data, size_t size)
{
	ssize_t written = REAL(write)(fd, data, size);
	wrote(fd, written, size);
	return written;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	ssize_t written = REAL(pwrite)(fd, data, size, offset);
	wrote(fd, written, size);
	return written;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	ssize_t written = REAL(pwrite64)(fd, data, size, offset);
	wrote(fd, written, size);
	return written;
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
	ssize_t written = REAL(writev)(fd, pieces, count);
	size_t asked = 0;
	for (int i = 0; i < count; i++)
		asked += pieces[i].iov_len;
	wrote(fd, written, asked);
	return written;
}

int ftruncate(int fd, off_t size)
{
	int result = REAL(ftruncate)(fd, size);
	if (result < 0)
		write_failed();
	return result;
}

int ftruncate64(int fd, off64_t size)
{
	int result = REAL(ftruncate64)(fd, size);
	if (result < 0)
		write_failed();
	return result;
}

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size, unsigned flags)
{
	/* Fewer bytes than asked is the end of the source here. */
	ssize_t copied = REAL(copy_file_range)(from, from_offset, to, to_offset, size, flags);
	if (copied < 0)
		write_failed();
	return copied;
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *stream)
{
	size_t written = REAL(fwrite)(data, size, count, stream);
	if (written < count && size)
		write_failed();
	return written;
}

int fputs(const char *text, FILE *stream)
{
	int result = REAL(fputs)(text, stream);
	if (result == EOF)
		write_failed();
	return result;
}

int fputc(int byte, FILE *stream)
{
	int result = REAL(fputc)(byte, stream);
	if (result == EOF)
		write_failed();
	return result;
}

int fflush(FILE *stream)
{
	int result = REAL(fflush)(stream);
	if (result == EOF)
		write_failed();
	return result;
}

int fclose(FILE *stream)
{
	/* What was buffered is written only now, by functions inside the C library that do not come by here. */
	int result = REAL(fclose)(stream);
	if (result == EOF)
		write_failed();
	return result;
}

ssize_t read(int fd, void *data, size_t size)
{
	ssize_t got = REAL(read)(fd, data, size);
	if (got < 0)
		shortage_failed();
	return got;
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	ssize_t got = REAL(pread)(fd, data, size, offset);
	if (got < 0)
		shortage_failed();
	return got;
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
	ssize_t got = REAL(pread64)(fd, data, size, offset);
	if (got < 0)
		shortage_failed();
	return got;
}

iconv_t iconv_open(const char *to, const char *from)
{
	iconv_t converter = REAL(iconv_open)(to, from);
	if (converter != (iconv_t)-1) /* NOLINT: the library's own mark for failure */
		return converter;
	int error = errno;
	shortage_failed();
	/* An unknown character set is no fault; one that only this process does not know is. */
	const char *left_out =
		error == EINVAL && watching && !first_error ? charset_left_out(to, from, real_iconv_open) : NULL;
	if (left_out)
		remember_detail(FAULT_CHARSET, left_out);
	errno = error;
	return converter;
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	void *map = REAL(mmap)(address, size, protection, flags, fd, offset);
	if (map == MAP_FAILED)
		shortage_failed();
	return map;
}

void *mmap64(void *address, size_t size, int protection, int flags, int fd, off64_t offset)
{
	void *map = REAL(mmap64)(address, size, protection, flags, fd, offset);
	if (map == MAP_FAILED)
		shortage_failed();
	return map;
}

#if FAULT_OWN_MALLOC
/* glibc's own names for its allocator: no look-up is needed, which would itself allocate. */
extern void *__libc_malloc(size_t size);                     /* NOLINT */
extern void *__libc_calloc(size_t count, size_t size);       /* NOLINT */
extern void *__libc_realloc(void *memory, size_t size);      /* NOLINT */
extern void *__libc_memalign(size_t alignment, size_t size); /* NOLINT */

void *malloc(size_t size)
{
	void *memory = __libc_malloc(size);
	if (!memory)
		remember_memory();
	return memory;
}

void *calloc(size_t count, size_t size)
{
	void *memory = __libc_calloc(count, size);
	if (!memory)
		remember_memory();
	return memory;
}

void *realloc(void *old, size_t size)
{
	void *memory = __libc_realloc(old, size);
	/* Size 0 frees, and gives NULL. */
	if (!memory && size)
		remember_memory();
	return memory;
}

void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		remember_memory();
		return NULL;
	}
	return realloc(old, bytes);
}

void *memalign(size_t alignment, size_t size)
{
	void *memory = __libc_memalign(alignment, size);
	if (!memory)
		remember_memory();
	return memory;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
	if (alignment % sizeof(void *) || !alignment || (alignment & (alignment - 1)))
		return EINVAL;
	int error = errno;
	void *memory = memalign(alignment, size);
	errno = error;
	if (!memory)
		return ENOMEM;
	*ret_memory = memory;
	return 0;
}
#endif
