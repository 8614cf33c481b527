/*
 * resource.c - resource limits of a worker and of a check; see resource.h.
 *
 * A limit that is reached fails a call and kills nobody: SIGXFSZ is ignored. What fails is noticed, and told, by the
 * libraries' watcher.
 */
#include "process/sandbox/resource.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB (1024u * 1024u)
/*
 * Memory a job may map beyond the engine's: dictionaries and tables of the libraries (xz -9 takes 65 MiB, a 7-Zip at its
 * highest common setting 192 MiB, a hostile RAR header asks for 985 MiB), the parts extracted, and the message itself,
 * which the libraries copy up to twice.
 */
#define MEMORY_BASE     ((uint64_t)640 * MIB)
#define MEMORY_MESSAGES 3
/* A temporary file is never larger than what is extracted or the message, with room for headers. */
#define FILE_SLACK ((uint64_t)64 * MIB)
/* libclamav keeps some descriptors open for each layer, and layers are bounded by max_extract_depth. */
#define DESCRIPTORS 512

static uint64_t mapped; /* bytes, in the zygote */

int resource_note(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file)
		return -errno;
	int fields = fscanf(file, "%llu", &pages);
	(void)fclose(file);
	mapped = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return fields == 1 ? 0 : -EIO;
}

/* Never more than there was; the hard one only when it is for good. */
static int set_limit(__rlimit_resource_t resource, uint64_t value, bool hard)
{
	struct rlimit limit;
	if (getrlimit(resource, &limit) < 0)
		return -errno;
	limit.rlim_cur = limit.rlim_max < value ? limit.rlim_max : value;
	if (hard)
		limit.rlim_max = limit.rlim_cur;
	return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

static int set_sizes(uint64_t extracted, uint64_t message, bool hard)
{
	int error = set_limit(RLIMIT_FSIZE, extracted + message + FILE_SLACK, hard);
#if !defined(__SANITIZE_ADDRESS__) /* which maps terabytes of shadow */
	if (!error)
		error = set_limit(RLIMIT_AS, mapped + MEMORY_BASE + extracted + MEMORY_MESSAGES * message, hard);
#endif
	return error;
}

int resource_enter(void)
{
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -errno;
	int error = set_limit(RLIMIT_CORE, 0, true);
	error = error ? error : set_limit(RLIMIT_NOFILE, DESCRIPTORS, true);
	return error ? error : set_sizes(LIMITS_CUMULATIVE_MOST, LIMITS_MESSAGE_MOST, true);
}

int resource_load(uint64_t memory)
{
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -errno;
	int error = set_limit(RLIMIT_CORE, 0, true);
	error = error ? error : set_limit(RLIMIT_NOFILE, DESCRIPTORS, true);
	error = error ? error : set_limit(RLIMIT_FSIZE, FILE_SLACK, true);
#if !defined(__SANITIZE_ADDRESS__)
	error = error ? error : set_limit(RLIMIT_AS, mapped + memory, true);
#else
	(void)memory;
#endif
	return error;
}

int resource_message(const struct limits *limits, uint64_t size)
{
	if (size > LIMITS_MESSAGE_MOST)
		size = 0; /* it is refused before it is read */
	return set_sizes(limits_effective(limits, LIMIT_max_cumulative_extract_size), size, false);
}
