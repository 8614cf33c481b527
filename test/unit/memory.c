/*
 * memory.c - the least of what the machine and all cgroups on the way up leave, in both versions of cgroups.
 */
#include "process/memory.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEBI UINT64_C(1048576)

static char root[] = "/tmp/csapi-memory-XXXXXX";

/* Writes a file below the root, with the directories on the way. */
static void put(const char *name, const char *text)
{
	char command[2000];
	(void)snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s/%s')\" && printf '%s' >'%s/%s'", root, name,
		       text, root, name);
	if (system(command) != 0)
		abort();
}

static void empty(void)
{
	char command[200];
	(void)snprintf(command, sizeof command, "rm -rf %s/proc %s/cgroup", root, root);
	if (system(command) != 0)
		abort();
	put("proc/meminfo", "MemTotal:       8388608 kB\\nMemFree:         102400 kB\\nMemAvailable:    1048576 kB\\n");
}

static void leaves(uint64_t wanted, const char *title)
{
	char proc[100], cgroup[100];
	(void)snprintf(proc, sizeof proc, "%s/proc", root);
	(void)snprintf(cgroup, sizeof cgroup, "%s/cgroup", root);
	uint64_t got = memory_available_in(proc, cgroup);
	ok(got == wanted, title);
	if (got != wanted)
		printf("#    got: %ju\n# wanted: %ju\n", (uintmax_t)got, (uintmax_t)wanted);
}

static void test_machine(void)
{
	empty();
	leaves(1024 * MEBI, "no cgroups: MemAvailable");
	put("proc/meminfo", "MemTotal: 8388608 kB\\n");
	leaves(0, "an old kernel: unknown");
	put("proc/meminfo", "MemAvailable: 0 kB\\n");
	leaves(1, "nothing left is not unknown");
	put("proc/meminfo", "");
	leaves(0, "an empty file");
	if (system("rm -rf /tmp/csapi-memory-none") != 0)
		abort();
	ok(memory_available_in("/tmp/csapi-memory-none", "/tmp/csapi-memory-none") == 0, "no /proc at all");
}

static void test_version_2(void)
{
	empty();
	put("proc/self/cgroup", "0::/system.slice/csapi.service\\n");
	put("cgroup/cgroup.controllers", "memory\\n");
	put("cgroup/system.slice/csapi.service/memory.max", "max\\n");
	put("cgroup/system.slice/csapi.service/memory.high", "max\\n");
	put("cgroup/system.slice/csapi.service/memory.current", "104857600\\n");
	leaves(1024 * MEBI, "no limits");
	put("cgroup/system.slice/csapi.service/memory.max", "209715200\\n");
	leaves(100 * MEBI, "memory.max less what is in use");
	put("cgroup/system.slice/csapi.service/memory.stat",
	    "anon 1\\nfile 2\\ninactive_file 31457280\\nactive_file 4\\n");
	leaves(130 * MEBI, "file pages not used lately are free");
	put("cgroup/system.slice/csapi.service/memory.high", "157286400\\n");
	leaves(80 * MEBI, "memory.high, when it is lower");
	put("cgroup/system.slice/memory.max", "524288000\\n");
	put("cgroup/system.slice/memory.current", "513802240\\n");
	leaves(10 * MEBI, "the slice above has less");
	put("cgroup/system.slice/memory.current", "624288000\\n");
	leaves(1, "more in use than allowed");
	put("cgroup/system.slice/memory.max", "9999999999999999\\n");
	put("cgroup/memory.max", "20971520\\n");
	put("cgroup/memory.current", "10485760\\n");
	leaves(10 * MEBI, "the top of a container");
	put("proc/self/cgroup", "0::/../../elsewhere\\n");
	leaves(10 * MEBI, "a path outside of our namespace: the top alone");
	put("proc/self/cgroup", "0::/system.slice/csapi.service (deleted)\\n");
	leaves(10 * MEBI, "a cgroup that is gone: what is above it");
	put("proc/self/cgroup", "0::/\\n");
	leaves(10 * MEBI, "in the top");
}

static void test_version_1(void)
{
	empty();
	put("proc/self/cgroup", "9:name=systemd:/\\n5:cpu,memory,pids:/docker/1234\\n3:memoryless:/none\\n0::/\\n");
	put("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\\n");
	put("cgroup/memory/memory.usage_in_bytes", "4096\\n");
	leaves(1024 * MEBI, "no limits");
	put("cgroup/memory/docker/1234/memory.limit_in_bytes", "209715200\\n");
	put("cgroup/memory/docker/1234/memory.usage_in_bytes", "104857600\\n");
	put("cgroup/memory/docker/1234/memory.stat", "inactive_file 1048576\\ntotal_inactive_file 2097152\\n");
	leaves(102 * MEBI, "a limit, and file pages of all below it");
	put("cgroup/memory/memory.limit_in_bytes", "52428800\\n");
	put("proc/self/cgroup", "4:memory:/seen/from/outside\\n");
	put("cgroup/memory/memory.usage_in_bytes", "1048576\\n");
	leaves(49 * MEBI, "a container's own top");
	put("proc/self/cgroup", "4:memory:/\\n0::/some.slice\\n");
	put("cgroup/unified/some.slice/memory.max", "41943040\\n");
	put("cgroup/unified/some.slice/memory.current", "20971520\\n");
	leaves(20 * MEBI, "version 2 beside version 1");
	put("proc/self/cgroup", "garbage\\n::\\n4:memory\\n\\n0::\\n");
	leaves(1024 * MEBI, "lines that are none");
}

static void test_resident(void)
{
	uint64_t before = memory_resident(getpid());
	ok(before > MEBI / 4, "this process");
	char *block = mmap(NULL, 64 * MEBI, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED)
		abort();
	memset(block, 1, 64 * MEBI);
	uint64_t after = memory_resident(getpid());
	ok(after >= before + 60 * MEBI && after <= before + 70 * MEBI, "64 MiB more");
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	siginfo_t info;
	(void)waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	ok(memory_resident(child) == 0, "a process that ended holds none");
	(void)waitpid(child, NULL, 0);
	ok(memory_resident(child) == 0, "one that is gone is unknown");
	(void)munmap(block, 64 * MEBI);
}

int main(void)
{
	if (!mkdtemp(root))
		return 2;
	test_machine();
	test_version_2();
	test_version_1();
	test_resident();
	ok(memory_available() > MEBI, "this machine");
	char command[100];
	(void)snprintf(command, sizeof command, "rm -rf %s", root);
	ok(system(command) == 0, "cleaned up");
	return tap_end();
}
