/*
 * sandbox.c - tests of process/sandbox: layers are found, workers cannot do what they must not, and the probe can fail.
 *
 * Each case has a process of its own for the zygote, because what it prepares cannot be undone, and one for the worker.
 */
#include "process/sandbox.h"
#include "test/unit/sanitized.h"

#include "process/sandbox/resource.h"
#include "test/unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534u

static char base[] = "/tmp/csapi-sandbox-XXXXXX";

static struct sandbox_options usual(void)
{
	return (struct sandbox_options){.base = base,
					.definitions = "/usr",
					.drop = geteuid() == 0,
					.user = NOBODY,
					.group = NOBODY,
					.user_name = "nobody",
					.namespaces = true};
}

/* --- preparing and probing --------------------------------------------------------------------------------------- */

/* What a zygote with these options finds. False: it failed. */
static bool probed(const struct sandbox_options *options, struct isolation *ret_isolation)
{
	int ends[2], status = 1;
	if (pipe2(ends, O_CLOEXEC))
		return false;
	pid_t zygote = fork();
	if (zygote == 0) {
		struct isolation isolation;
		struct why why = {""};
		if (sandbox_prepare(options, &isolation, &why) || sandbox_probe(&isolation, &why)) {
			printf("# %s\n", why.text);
			(void)fflush(stdout);
			_exit(1);
		}
		_exit(write(ends[1], &isolation, sizeof isolation) != sizeof isolation);
	}
	(void)close(ends[1]);
	bool good = read(ends[0], ret_isolation, sizeof *ret_isolation) == sizeof *ret_isolation;
	(void)close(ends[0]);
	return waitpid(zygote, &status, 0) == zygote && status == 0 && good;
}

static const char *detail(const struct isolation *isolation, enum isolation_layer layer)
{
	return isolation->layers[layer].detail;
}

static void test_whole(void)
{
	struct sandbox_options options = usual();
	struct isolation isolation;
	char text[256] = "";
	ok(probed(&options, &isolation), "a zygote prepares and probes");
	okf(isolation_whole(&isolation, text, sizeof text), "every promised layer is there (%s)", text);
	for (int i = 0; i < ISOLATION_PROBE_COUNT; i++)
		okf(isolation.probes[i] == ISOLATION_STOPPED, "a worker cannot %s",
		    isolation_probe_row((enum isolation_probe)i)->text);
	enum isolation_state user = isolation.layers[ISOLATION_LAYER_user].state;
	ok(user == (geteuid() ? ISOLATION_UNNEEDED : ISOLATION_ON), "root becomes somebody else");
	options.namespaces = false;
	options.landlock_abi = 2;
	ok(probed(&options, &isolation) && isolation_whole(&isolation, text, sizeof text),
	   "without namespaces and with Landlock as old as Debian 12's it is whole too");
	same(detail(&isolation, ISOLATION_LAYER_landlock), "ABI 2", "the ABI asked for is the one that is used");
	ok(isolation.layers[ISOLATION_LAYER_namespaces].state == ISOLATION_MISSING, "namespaces are told as missing");
	options.definitions = NULL;
	ok(probed(&options, &isolation) && isolation.probes[ISOLATION_PROBE_read_definitions] == ISOLATION_UNTRIED,
	   "without definitions there is nothing to try");
}

static void test_off(void)
{
	static const enum isolation_probe rows[] = {
		ISOLATION_PROBE_socket,
		ISOLATION_PROBE_exec,
		ISOLATION_PROBE_fork,
		ISOLATION_PROBE_read_passwd,
		ISOLATION_PROBE_read_definitions,
		ISOLATION_PROBE_signal_parent,
		ISOLATION_PROBE_write_outside,
		ISOLATION_PROBE_executable_memory,
	};
	struct sandbox_options options = usual();
	struct isolation isolation;
	char text[256] = "";
	options.off = true;
	ok(probed(&options, &isolation), "a zygote without walls prepares and probes");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		okf(isolation.probes[rows[i]] == ISOLATION_POSSIBLE, "without walls a worker can %s",
		    isolation_probe_row(rows[i])->text);
	ok(isolation.layers[ISOLATION_LAYER_rlimits].state == ISOLATION_ON, "resource limits stay");
	ok(!isolation_whole(&isolation, text, sizeof text) && strstr(text, "switched off"),
	   "it is not whole, and says so");
}

static void test_missing_user(void)
{
	struct sandbox_options options = usual();
	struct isolation isolation;
	if (geteuid() != 0) {
		skip("root without a user to become", "not root");
		return;
	}
	options.drop = false;
	ok(probed(&options, &isolation) && isolation.layers[ISOLATION_LAYER_user].state == ISOLATION_MISSING,
	   "root without a user to become: missing");
	options.drop = true;
	options.group = 0;
	ok(probed(&options, &isolation) && isolation.layers[ISOLATION_LAYER_user].state == ISOLATION_MISSING,
	   "root's group is no other user");
}

static void test_no_base(void)
{
	struct sandbox_options options = usual();
	struct isolation isolation;
	options.base = "/nonexistent/base";
	ok(!probed(&options, &isolation), "a worker that cannot enter is no answer: the probe fails");
}

/* --- inside a worker --------------------------------------------------------------------------------------------- */

/* How a worker ends that enters with this directory and does `act`, which gives its exit status; -1: it never was. */
static int in_worker(const struct sandbox_options *options, const char *directory, int (*act)(const char *path))
{
	int ends[2], status = -1;
	pid_t worker = -1;
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid_t zygote = fork();
	if (zygote == 0) {
		struct isolation isolation;
		char path[PATH_MAX];
		if (sandbox_prepare(options, &isolation, NULL))
			_exit(1);
		worker = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
		if (worker == 0)
			_exit(sandbox_enter(directory, path, sizeof path) ? 99 : act(path));
		_exit(write(ends[1], &worker, sizeof worker) != sizeof worker);
	}
	(void)close(ends[1]);
	bool good = read(ends[0], &worker, sizeof worker) == sizeof worker && worker > 0;
	(void)close(ends[0]);
	(void)waitpid(zygote, NULL, 0);
	return good && waitpid(worker, &status, 0) == worker ? status : -1;
}

static int use_directory(const char *path)
{
	char name[PATH_MAX + 16];
	(void)snprintf(name, sizeof name, "%s/inner", path);
	if (mkdir(name, 0700))
		return 1;
	(void)snprintf(name, sizeof name, "%s/inner/file", path);
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char back[4] = "";
	struct stat status;
	if (fd < 0 || write(fd, "text", 4) != 4 || pread(fd, back, 4, 0) != 4 || memcmp(back, "text", 4) != 0)
		return 2;
	if (fstat(fd, &status) || status.st_size != 4 || ftruncate(fd, 1) || close(fd) || unlink(name))
		return 3;
	(void)snprintf(name, sizeof name, "%s/inner", path);
	return rmdir(name) ? 4 : 0;
}

/* Everything named here must fail, in the way of files that are not to be had. */
static int use_others(const char *path)
{
	char name[PATH_MAX + 32];
	(void)snprintf(name, sizeof name, "%s/../other/secret", path);
	if (open(name, O_RDONLY | O_CLOEXEC) >= 0)
		return 1;
	(void)snprintf(name, sizeof name, "%s/../other/new", path);
	if (open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
		return 2;
	(void)snprintf(name, sizeof name, "%s/..", path);
	if (open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0)
		return 3;
	if (open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 || open("/etc/hostname", O_RDONLY | O_CLOEXEC) >= 0)
		return 4;
	if (open("/proc/self/mem", O_RDWR | O_CLOEXEC) >= 0 || open("/proc/self/environ", O_RDONLY | O_CLOEXEC) >= 0)
		return 5;
	(void)snprintf(name, sizeof name, "%s/../other", path);
	if (unlink("/tmp/none") == 0 || rmdir(name) == 0)
		return 6;
	return 0;
}

static int use_memory(const char *path)
{
	(void)path;
	char *memory = malloc((size_t)32 << 20);
	if (!memory)
		return 1;
	memory[12345] = 1;
	free(memory);
	void *map = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map, 65536, PROT_READ) || munmap(map, 65536))
		return 2;
	if (mmap(NULL, (size_t)1 << 42, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED)
		return 3;
	return 0;
}

static int use_limits(const char *path)
{
	(void)path;
	struct limits limits;
	struct rlimit first, second;
	limits_defaults(&limits);
	if (resource_message(&limits, 1 << 20) || getrlimit(RLIMIT_FSIZE, &first))
		return 1;
	if (resource_message(&limits, 64 << 20) || getrlimit(RLIMIT_FSIZE, &second))
		return 2;
	if (second.rlim_cur - first.rlim_cur != (rlim_t)63 << 20 || second.rlim_max != first.rlim_max)
		return 3;
	if (getrlimit(RLIMIT_CORE, &first) || first.rlim_max || getrlimit(RLIMIT_NOFILE, &first) ||
	    first.rlim_max > 512)
		return 4;
	return 0;
}

/* What the filter answers without doing it. */
static int use_answers(const char *path)
{
	struct stat status;
	if (chmod(path, 0777) || stat(path, &status) || (status.st_mode & 0777) != 0700)
		return 1;
	return isatty(0) || errno != ENOTTY ? 2 : 0;
}

static int abort_itself(const char *path)
{
	(void)path;
	abort();
}

/* What no worker calls: each ends it. */
#define KILLED(name, call)                                                                                             \
	static int name(const char *path)                                                                              \
	{                                                                                                              \
		(void)path;                                                                                            \
		(void)(call);                                                                                          \
		return 1;                                                                                              \
	}
KILLED(signal_other, syscall(SYS_tgkill, getpid() + 1, getpid() + 1, 0))
KILLED(signal_group, kill(0, 0))
KILLED(talk_elsewhere, send(4, "x", 1, 0))
KILLED(message_elsewhere, syscall(SYS_sendmsg, 4, NULL, 0))
KILLED(make_executable, mprotect((void *)((uintptr_t)&base & ~(uintptr_t)4095), 4096, PROT_READ | PROT_EXEC))
KILLED(map_file, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0))
KILLED(limit_other, syscall(SYS_prlimit64, getppid(), RLIMIT_CORE, NULL, NULL))
KILLED(copy_descriptor, fcntl(0, F_DUPFD, 10))
KILLED(start_thread, syscall(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, NULL, NULL, NULL, NULL))
KILLED(start_ring, syscall(425 /* io_uring_setup */, 1, NULL))
KILLED(make_memory_file, memfd_create("x", 0))
KILLED(change_filter, syscall(SYS_seccomp, 1, 0, NULL))
KILLED(rename_file, rename("/a", "/b"))
KILLED(link_file, syscall(SYS_symlinkat, "/etc/passwd", AT_FDCWD, "/a"))

static void ends(const char *what, int wanted, int (*act)(const char *path))
{
	struct sandbox_options options = usual();
	int status = in_worker(&options, "worker", act);
	okf(status == wanted, "%s (%d)", what, status);
}

static void test_worker(void)
{
	ends("a worker uses its directory", 0, use_directory);
	ends("and nothing beside it", 0, use_others);
	ends("memory is to be had, within bounds", 0, use_memory);
	ends("the limits of one message give way to those of the next", 0, use_limits);
	ends("calls that do not matter are answered and not done", 0, use_answers);
	ends("it can abort", SIGABRT, abort_itself);
	static const struct {
		const char *what;
		int (*act)(const char *path);
	} killed[] = {
		{"a signal to another process", signal_other},
		{"a signal to its group", signal_group},
		{"bytes sent over another descriptor", talk_elsewhere},
		{"a message sent over another descriptor", message_elsewhere},
		{"memory made executable", make_executable},
		{"a file in memory", map_file},
		{"limits of another process", limit_other},
		{"a copy of a descriptor", copy_descriptor},
		{"a thread", start_thread},
		{"a ring", start_ring},
		{"a memory file", make_memory_file},
		{"another filter", change_filter},
		{"a new name for a file", rename_file},
		{"a link", link_file},
	};
	for (size_t i = 0; i < sizeof killed / sizeof *killed; i++) {
		char what[64];
		(void)snprintf(what, sizeof what, "%s: SIGSYS", killed[i].what);
		ends(what, SIGSYS, killed[i].act);
	}
}

static int nothing(const char *path)
{
	(void)path;
	return 0;
}

static void test_names(void)
{
	static const char *const names[] = {"", ".", "..", "../other", "worker/inner", "missing"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct sandbox_options options = usual();
		int status = in_worker(&options, names[i], nothing);
		okf(WIFEXITED(status) && WEXITSTATUS(status) == 99, "no worker enters \"%s\"", names[i]);
	}
}

/* --- a check of definitions -------------------------------------------------------------------------------------- */

/* How a process ends that looks at the directory "other" as if it held definitions, and does `act`. */
static int in_check(const struct sandbox_options *options, int (*act)(const char *path))
{
	int status = -1;
	pid_t check = fork();
	if (check == 0) {
		struct isolation isolation;
		struct why why = {""};
		char path[PATH_MAX];
		if (sandbox_confine(options, (uint64_t)256 << 20, &isolation, path, sizeof path, &why)) {
			printf("# %s\n", why.text);
			_exit(99);
		}
		_exit(act(path));
	}
	return waitpid(check, &status, 0) == check ? status : -1;
}

/* Can be read, and that is all. */
static int read_definitions(const char *path)
{
	(void)path;
	char name[PATH_MAX];
	int fd = open("secret", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || close(fd) || open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0 || access("secret", R_OK))
		return 1;
	if (open("secret", O_WRONLY | O_CLOEXEC) >= 0 || open("new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
		return 2;
	if (unlink("secret") == 0)
		return 3;
	(void)snprintf(name, sizeof name, "%s/other/secret", base);
	if (open("..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 || open("/etc/hostname", O_RDONLY | O_CLOEXEC) >= 0)
		return 4;
	return open("../../../../../../etc/hostname", O_RDONLY | O_CLOEXEC) >= 0 ? 5 : 0;
}

static int use_check_memory(const char *path)
{
	(void)path;
	char *some = malloc((size_t)64 << 20), *much = malloc((size_t)1 << 30);
	int result = !some ? 1 : much ? 2 : 0;
	free(some);
	free(much);
	return result;
}

KILLED(open_socket, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
KILLED(send_from_check, send(SANDBOX_CHANNEL, "x", 1, 0))
KILLED(message_from_check, syscall(SYS_sendmsg, SANDBOX_CHANNEL, NULL, 0))
KILLED(run_program, execl("/bin/true", "true", (char *)NULL))

static void test_check(void)
{
	char directory[64], definitions[64];
	(void)snprintf(directory, sizeof directory, "%s/worker", base);
	(void)snprintf(definitions, sizeof definitions, "%s/other", base);
	struct sandbox_options options = usual();
	options.base = directory;
	options.definitions = definitions;
	for (int namespaces = 0; namespaces < 2; namespaces++) {
		options.namespaces = namespaces;
		okf(in_check(&options, read_definitions) == 0, "a check reads definitions and changes none (%d)",
		    namespaces);
		okf(in_check(&options, use_directory) == 0, "it uses its directory (%d)", namespaces);
		okf(in_check(&options, use_check_memory) == 0, "it has the memory that was said (%d)", namespaces);
	}
	ok(in_check(&options, open_socket) == SIGSYS, "a socket: SIGSYS");
	ok(in_check(&options, send_from_check) == SIGSYS, "bytes sent: SIGSYS");
	ok(in_check(&options, message_from_check) == SIGSYS, "a message sent: SIGSYS");
	ok(in_check(&options, map_file) == SIGSYS, "a file in memory: SIGSYS");
	ok(in_check(&options, run_program) == SIGSYS, "a program: SIGSYS");
	options.definitions = "/nonexistent";
	ok(WEXITSTATUS(in_check(&options, nothing)) == 99, "no directory, no check");
	options.definitions = definitions;
	options.off = true;
	ok(in_check(&options, open_socket) == 1 << 8, "without walls it can open a socket");
	if (geteuid() != 0) {
		skip("definitions that the user may not read", "not root");
		return;
	}
	options.off = false;
	(void)chmod(definitions, 0700);
	bool taken = chown(definitions, 0, 0) == 0;
	ok(taken && WEXITSTATUS(in_check(&options, nothing)) == 99, "definitions that the user may not read: no check");
	ok(chown(definitions, NOBODY, NOBODY) == 0, "given back");
}

static void make_directory(const char *name, char *ret_path, size_t size)
{
	(void)snprintf(ret_path, size, "%s/%s", base, name);
	if (mkdir(ret_path, 0700) || (geteuid() == 0 && chown(ret_path, NOBODY, NOBODY))) {
		perror(ret_path);
		exit(2);
	}
}

int main(void)
{
	char worker[64], other[64], secret[128];
	/* What is left in a buffer would be written by children too. */
	(void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (!mkdtemp(base) || chmod(base, 0711)) {
		perror(base);
		return 2;
	}
	make_directory("worker", worker, sizeof worker);
	make_directory("other", other, sizeof other);
	(void)snprintf(secret, sizeof secret, "%s/secret", other);
	int fd = open(secret, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	(void)close(fd);
	test_off();
	if (SANITIZED) {
		skip("the walls", "a sanitizer does not live within them");
	} else {
		test_whole();
		test_missing_user();
		test_no_base();
		test_worker();
		test_names();
		test_check();
	}
	(void)unlink(secret);
	(void)rmdir(other);
	(void)rmdir(worker);
	(void)rmdir(base);
	return tap_end();
}
