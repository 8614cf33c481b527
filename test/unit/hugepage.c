/*
 * hugepage.c - memory on huge pages holds what it held, grows no larger, and stays private to each process.
 */
#include "process/hugepage.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB  ((size_t)1 << 20)
#define SIZE (64 * MIB)
/* Page tables and the like; the figures are the kernel's, in KiB. */
#define GROWTH_MOST (4 * 1024)

/* What stands in a file of /proc behind `key`, in KiB; 0 if nothing does. */
static uint64_t kib(const char *key)
{
	char line[256];
	uint64_t value = 0;
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	while (file && fgets(line, sizeof line, file))
		if (strncmp(line, key, strlen(key)) == 0)
			(void)sscanf(line + strlen(key), " %" SCNu64, &value);
	if (file)
		(void)fclose(file);
	return value;
}

static bool kernel_has_them(void)
{
	char word[64] = "[never]";
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
	if (file && !fgets(word, sizeof word, file))
		return false;
	if (file)
		(void)fclose(file);
	return !strstr(word, "[never]");
}

static uint64_t *map(size_t size, int flags, int fd)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (memory == MAP_FAILED)
		abort();
	return memory;
}

static void fill(uint64_t *words, size_t size, uint64_t factor)
{
	for (size_t i = 0; i < size / sizeof *words; i++)
		words[i] = i * factor + 1;
}

static bool filled(const uint64_t *words, size_t size, uint64_t factor)
{
	for (size_t i = 0; i < size / sizeof *words; i++)
		if (words[i] != i * factor + 1)
			return false;
	return true;
}

/* Every kind of memory that a process has, and what must hold of it afterwards. */
struct memory {
	uint64_t *engine; /* filled */
	uint64_t *sparse; /* a page in every sixteen */
	uint64_t *shared;
	uint64_t *file;
	char **blocks;
};

#define BLOCKS 200000u

static struct memory make(void)
{
	struct memory memory = {.engine = map(SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1),
				.sparse = map(SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1),
				.shared = map(SIZE / 2, MAP_SHARED | MAP_ANONYMOUS, -1)};
	int fd = memfd_create("hugepage", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)SIZE / 2))
		abort();
	memory.file = map(SIZE / 2, MAP_PRIVATE, fd);
	(void)close(fd);
	fill(memory.engine, SIZE, 3);
	fill(memory.shared, SIZE / 2, 5);
	fill(memory.file, SIZE / 2, 7);
	for (size_t at = 0; at < SIZE; at += 16 * 4096)
		memory.sparse[at / sizeof(uint64_t)] = at;
	memory.blocks = calloc(BLOCKS, sizeof *memory.blocks);
	for (unsigned i = 0; memory.blocks && i < BLOCKS; i++)
		if ((memory.blocks[i] = malloc(200)))
			(void)snprintf(memory.blocks[i], 200, "block %u", i);
	return memory;
}

static bool heap_works(const struct memory *memory)
{
	char text[32];
	for (unsigned i = 0; i < BLOCKS; i++) {
		(void)snprintf(text, sizeof text, "block %u", i);
		if (strcmp(memory->blocks[i], text) != 0)
			return false;
		free(memory->blocks[i]);
		/* Other sizes, so that the allocator's own lists are walked, split and joined. */
		if (!(memory->blocks[i] = calloc(1, 100 + i % 5000)))
			return false;
	}
	for (unsigned i = 0; i < BLOCKS; i++)
		free(memory->blocks[i]);
	free(memory->blocks);
	return true;
}

static bool sparse_holds(const struct memory *memory)
{
	for (size_t at = 0; at < SIZE; at += 4096)
		if (memory->sparse[at / sizeof(uint64_t)] != (at % (16 * 4096) ? 0 : at))
			return false;
	return true;
}

/* What a fork writes, the parent does not see. */
static bool forks_apart(uint64_t *words)
{
	int status = 1;
	pid_t child = fork();
	if (child == 0) {
		for (size_t i = 0; i < SIZE / sizeof *words; i += 4096)
			words[i] = 0;
		_exit(words[0] == 0 ? 0 : 1);
	}
	return waitpid(child, &status, 0) == child && status == 0 && filled(words, SIZE, 3);
}

static void test_settle(const char *how)
{
	struct memory memory = make();
	uint64_t before = kib("Rss:");
	uint64_t huge = hugepage_settle(0);
	uint64_t after = kib("Rss:");
	okf(filled(memory.engine, SIZE, 3) && filled(memory.shared, SIZE / 2, 5) && filled(memory.file, SIZE / 2, 7),
	    "%s: content is what it was", how);
	if (kernel_has_them())
		okf(huge >= SIZE - 4 * MIB, "%s: it lies on huge pages (%" PRIu64 " MiB)", how, huge / MIB);
	else
		okf(huge == 0, "%s: nothing is done where huge pages are switched off", how);
	okf(after <= before + GROWTH_MOST, "%s: memory does not grow (%" PRIu64 " KiB, %" PRIu64 " KiB)", how, before,
	    after);
	okf(sparse_holds(&memory), "%s: what was hardly used too", how);
	okf(forks_apart(memory.engine), "%s: a fork's writing stays its own", how);
	okf(heap_works(&memory), "%s: the allocator goes on", how);
	(void)munmap(memory.engine, SIZE);
	(void)munmap(memory.sparse, SIZE);
	(void)munmap(memory.shared, SIZE / 2);
	(void)munmap(memory.file, SIZE / 2);
}

static void test_small(void)
{
	uint64_t *words = map(SIZE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	fill(words, SIZE, 3);
	uint64_t before = kib("AnonHugePages:");
	ok(hugepage_settle((uint64_t)1 << 40) == 0 && kib("AnonHugePages:") == before && filled(words, SIZE, 3),
	   "a small engine is left alone");
	(void)munmap(words, SIZE);
}

#if !defined(__SANITIZE_ADDRESS__)
/* As kernels before 6.1 answer: they do not know the advice. */
static bool forget_collapse(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 25, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
#endif

int main(void)
{
	test_small();
	test_settle("in place");
#if defined(__SANITIZE_ADDRESS__)
	skip("an old kernel", "what is copied there includes what the sanitizer keeps from us");
#else
	if (forget_collapse())
		test_settle("an old kernel");
	else
		skip("an old kernel", "no seccomp");
#endif
	return tap_end();
}
