/*
 * probe.c - attempts; see probe.h. Refuses to call "stopped" what only failed to be tried.
 */
#include "process/sandbox/probe.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK ((size_t)256 << 10)

/* How a child ends; one that the filter kills says nothing. */
enum { END_POSSIBLE = 10, END_STOPPED, END_UNTRIED, END_NO_ENTRY };

/* Each is true when it could be done. */
static bool try_socket(const struct probe *probe)
{
	(void)probe;
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ||
	       socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

static bool try_exec(const struct probe *probe)
{
	(void)probe;
	/* Through a shell it says by its exit status that it ran. */
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"exit 10"}, NULL};
	char *environment[] = {NULL};
	static_assert(END_POSSIBLE == 10, "the shell says so");
	(void)execve("/bin/sh", argv, environment);
	return false;
}

static bool try_fork(const struct probe *probe)
{
	(void)probe;
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (child == 0)
		_exit(0);
	if (child > 0)
		(void)waitpid(child, NULL, 0);
	return child > 0;
}

static bool try_read_passwd(const struct probe *probe)
{
	(void)probe;
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool try_read_definitions(const struct probe *probe)
{
	return open(probe->definitions, O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0;
}

static bool try_signal_parent(const struct probe *probe)
{
	return kill(probe->scanner, 0) == 0;
}

static bool try_write_outside(const struct probe *probe)
{
	char path[4096];
	const char *directories[] = {probe->outside, "/tmp"};
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		(void)snprintf(path, sizeof path, "%s/.csapi-probe-%d", directories[i], (int)getpid());
		if (open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) >= 0)
			return unlink(path) == 0 || true;
	}
	return false;
}

static bool try_executable_memory(const struct probe *probe)
{
	(void)probe;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

/* Seizing does not stop it, and ends with this child. */
static bool try_ptrace(const struct probe *probe)
{
	return ptrace(PTRACE_SEIZE, probe->scanner, NULL, NULL) == 0;
}

static bool (*const attempts[])(const struct probe *) = {
#define ISOLATION_LAYER(key, promised, text)
#define ISOLATION_PROBE(key, text) try_##key,
#include "verdict/isolation.def"
#undef ISOLATION_LAYER
#undef ISOLATION_PROBE
};

struct attempt {
	const struct probe *probe;
	enum isolation_probe row;
};

static int child(void *context)
{
	const struct attempt *attempt = context;
	if (attempt->row == ISOLATION_PROBE_read_definitions && !attempt->probe->definitions)
		_exit(END_UNTRIED);
	if (attempt->probe->enter(attempt->probe->context))
		_exit(END_NO_ENTRY);
	_exit(attempts[attempt->row](attempt->probe) ? END_POSSIBLE : END_STOPPED);
}

/*
 * A child that shares our memory until it ends, while we wait: with a large engine the copy of its page tables would
 * take longer than everything else. Layers, limits and users are each process's own.
 */
static pid_t start(struct attempt *attempt, char *stack)
{
#if defined(__SANITIZE_ADDRESS__)
	(void)stack;
	pid_t pid = fork();
	return pid == 0 ? (pid_t)child(attempt) : pid;
#else
	return clone(child, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, attempt);
#endif
}

static int judge(int status, enum isolation_outcome *ret_outcome, struct why *why)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		*ret_outcome = ISOLATION_STOPPED;
	else if (WIFEXITED(status) && WEXITSTATUS(status) == END_POSSIBLE)
		*ret_outcome = ISOLATION_POSSIBLE;
	else if (WIFEXITED(status) && WEXITSTATUS(status) == END_STOPPED)
		*ret_outcome = ISOLATION_STOPPED;
	else if (WIFEXITED(status) && WEXITSTATUS(status) == END_UNTRIED)
		*ret_outcome = ISOLATION_UNTRIED;
	else if (WIFEXITED(status) && WEXITSTATUS(status) == END_NO_ENTRY)
		return why_set(why, -EPERM, "a child could not enter the sandbox");
	else
		return why_set(why, -ECHILD, "a child that tried the sandbox ended with wait status %d", status);
	return 0;
}

static int run(struct attempt *attempt, char *stack, enum isolation_outcome *ret_outcome, struct why *why)
{
	int status = 0;
	pid_t pid = start(attempt, stack);
	if (pid < 0)
		return why_errno(why, -errno, "cannot try the sandbox");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return why_errno(why, -errno, "cannot try the sandbox");
	return judge(status, ret_outcome, why);
}

int probe_run(const struct probe *probe, struct isolation *isolation, struct why *why)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return why_errno(why, -errno, "cannot try the sandbox");
	int error = 0;
	for (unsigned i = 0; i < ISOLATION_PROBE_COUNT && !error; i++) {
		struct attempt attempt = {.probe = probe, .row = (enum isolation_probe)i};
		error = run(&attempt, stack, &isolation->probes[i], why);
	}
	(void)munmap(stack, STACK);
	return error;
}
